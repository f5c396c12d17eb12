/** The capability contract: what a caller asks of a model without naming one. Owns its words. */

export const TASK_TYPES = [
  "classification",
  "extraction",
  "summarization",
  "chat",
  "grounded_chat",
  "tool_use",
  "code",
  "embedding",
  "moderation",
  "vision",
] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** How long the caller can wait; timeouts follow from it. */
export const LATENCY_TIERS = ["interactive", "standard", "batch"] as const;
export type LatencyTier = (typeof LATENCY_TIERS)[number];

/** In rising order: a model approved for a level serves that level and every one before it. */
export const SAFETY_LEVELS = ["low", "standard", "high", "regulated"] as const;
export type SafetyLevel = (typeof SAFETY_LEVELS)[number];

/** What a model can do; a request that needs one is never sent to a model without it. */
export const CAPABILITIES = [
  "tools",
  "parallel_tools",
  "vision",
  "documents",
  "json_mode",
  "json_schema",
  "logprobs",
  "seed",
  "multiple_choices",
  "reasoning",
  "prompt_caching",
  "embeddings",
  "prefill",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** What the caller stated; the use case's defaults fill the rest. */
export interface Contract {
  readonly taskType?: TaskType;
  readonly latencyTier?: LatencyTier;
  readonly safetyLevel?: SafetyLevel;
  /** Tokens the request needs, input and output together; computed when absent. */
  readonly contextWindow?: number;
  /** Regions that may process the request; a glob such as `eu-*` is allowed. */
  readonly residency?: readonly string[];
}
