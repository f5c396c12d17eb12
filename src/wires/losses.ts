/** What of a request its provider cannot honour. Owns the warnings and how each dialect names its controls. */
import type { Fault } from "../core/faults.ts";
import type { ModelRequest, WireId } from "../core/request.ts";
import { statedLimit } from "../core/stated-limit.ts";
import type { Warning } from "./wire.ts";

/** Gathered while a body is made. */
export interface Losses {
  readonly warnings: Warning[];
  /** Set once, for content that can be neither sent nor left out. */
  fault: Fault | null;
}

export function noLosses(): Losses {
  return { warnings: [], fault: null };
}

/** One warning a control. `why` completes the sentence that begins with the control's name. */
export function lose(
  losses: Losses,
  control: string,
  why = "is not supported by the model that was chosen and was not sent.",
): void {
  if (losses.warnings.some((known) => known.control === control)) return;
  losses.warnings.push({ control, message: `\`${control}\` ${why}` });
}

const LIMITS: ReadonlySet<string> = new Set([
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "maxTokens",
]);

/** Whether `field` of a body has a limit that no caller asked for, but the policy: nobody loses it. */
export function isOurLimit(field: string, request: ModelRequest): boolean {
  return LIMITS.has(field) && statedLimit(request) === undefined;
}

/** Reasoning of an earlier answer that was left out. What nobody signed asks nobody to keep it. */
export function loseReasoning(losses: Losses, isSigned: boolean): void {
  if (!isSigned) return;
  lose(losses, "reasoning", "of earlier turns that another provider signed or encrypted was not sent.");
}

export type Control =
  | "maxTokens"
  | "temperature"
  | "topP"
  | "topK"
  | "stop"
  | "seed"
  | "choices"
  | "frequencyPenalty"
  | "presencePenalty"
  | "logprobs"
  | "reasoning"
  | "parallelToolCalls"
  | "cache"
  | "responseFormat";

type Names = Readonly<Record<Control, string>>;

const OPENAI: Names = {
  maxTokens: "max_completion_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  stop: "stop",
  seed: "seed",
  choices: "n",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  logprobs: "logprobs",
  reasoning: "reasoning_effort",
  parallelToolCalls: "parallel_tool_calls",
  cache: "cache_control",
  responseFormat: "response_format",
};

/** As each dialect's callers write them; what a dialect lacks keeps the name that most people know. */
const NAMES: Partial<Record<WireId, Names>> = {
  "anthropic-messages": {
    ...OPENAI,
    maxTokens: "max_tokens",
    stop: "stop_sequences",
    reasoning: "thinking",
    parallelToolCalls: "tool_choice.disable_parallel_tool_use",
    responseFormat: "output_config.format",
  },
  "openai-responses": {
    ...OPENAI,
    maxTokens: "max_output_tokens",
    logprobs: "top_logprobs",
    reasoning: "reasoning",
    responseFormat: "text.format",
  },
  "bedrock-converse": {
    ...OPENAI,
    maxTokens: "inferenceConfig.maxTokens",
    temperature: "inferenceConfig.temperature",
    topP: "inferenceConfig.topP",
    stop: "inferenceConfig.stopSequences",
    cache: "cachePoint",
  },
  gemini: {
    ...OPENAI,
    maxTokens: "generationConfig.maxOutputTokens",
    temperature: "generationConfig.temperature",
    topP: "generationConfig.topP",
    topK: "generationConfig.topK",
    stop: "generationConfig.stopSequences",
    seed: "generationConfig.seed",
    choices: "generationConfig.candidateCount",
    frequencyPenalty: "generationConfig.frequencyPenalty",
    presencePenalty: "generationConfig.presencePenalty",
    logprobs: "generationConfig.responseLogprobs",
    reasoning: "generationConfig.thinkingConfig",
    responseFormat: "generationConfig.responseSchema",
  },
};

/** The name that callers of `wire` know `control` by. */
export function nameOf(control: Control, wire: WireId): string {
  return (NAMES[wire] ?? OPENAI)[control];
}
