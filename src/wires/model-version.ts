/**
 * What a Claude model takes, as far as its name says. Owns the reading of names; a name that says nothing, as
 * that of an application's own inference profile, changes nothing.
 */

import type { LowerTarget } from "./wire.ts";

/** `claude-opus-4-8`, `eu.anthropic.claude-3-5-sonnet-20241022-v2:0`, `claude-sonnet-4@20250514` */
const NAME = /claude-(?:[a-z]+-)?(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/;
/** Where a signature is wanted on thinking that comes back; imitators of the API sign nothing. */
const CLAUDE = /claude|anthropic|^arn:/i;
const FIRST_WITH_ADAPTIVE_THINKING = 406;
const FIRST_WITHOUT_BUDGETS = 407;
const FIRST_WITH_ONE_SAMPLER = 401;
/** "Claude Opus 4.6, Claude Sonnet 4.6, Claude Sonnet 4.5, Claude Opus 4.5, and Claude Haiku 4.5" (Structured outputs). */
const FIRST_WITH_SCHEMAS = 405;
/** The one before them: it had them in their beta, and Bedrock's model card says so. */
const OPUS_WITH_SCHEMAS = "claude-opus-4-1";

/** The name that tells what the model is: an ARN of a profile or an endpoint tells nothing. */
export function modelBehind({ modelId, baseModel }: Pick<LowerTarget, "modelId" | "baseModel">): string {
  return baseModel ?? modelId;
}

export interface ModelTraits {
  /** Whether `thinking` may be `adaptive`, with the effort saying how deep. */
  readonly adaptiveThinking: boolean;
  /** Whether `thinking` may be `enabled`, with a budget of tokens. */
  readonly thinkingBudgets: boolean;
  /** Whether `output_config` may have an effort. */
  readonly effort: boolean;
  /** Whether that effort may be `xhigh`. */
  readonly xhigh: boolean;
  /** Whether `temperature`, `top_p` and `top_k` may differ from their defaults. */
  readonly sampling: boolean;
  /** Whether `temperature` and `top_p` may stand beside one another. */
  readonly bothSamplers: boolean;
  /**
   * Whether it can be held to a schema, that of an answer or of a tool's arguments. Others refuse both words:
   * "'claude-sonnet-4-20250514' does not support strict tools".
   */
  readonly schemas: boolean;
}

/** Of models before 4.6, of 4.6, and of those after it; null where the name does not say. */
export function traitsOf(modelId: string): ModelTraits | null {
  const found = NAME.exec(modelId);
  if (found === null) return null;
  const version = Number(found[1]) * 100 + Number(found[2] ?? 0);
  return {
    adaptiveThinking: version >= FIRST_WITH_ADAPTIVE_THINKING,
    thinkingBudgets: version < FIRST_WITHOUT_BUDGETS,
    effort: version >= FIRST_WITH_ADAPTIVE_THINKING || modelId.includes("claude-opus-4-5"),
    xhigh: version >= FIRST_WITHOUT_BUDGETS,
    sampling: version < FIRST_WITHOUT_BUDGETS,
    bothSamplers: version < FIRST_WITH_ONE_SAMPLER,
    schemas: version >= FIRST_WITH_SCHEMAS || modelId.includes(OPUS_WITH_SCHEMAS),
  };
}

/** Whether the target can be held to a schema, as far as its name says. */
export function enforcesSchemas(target: LowerTarget): boolean {
  return traitsOf(modelBehind(target))?.schemas !== false;
}

/** Whether it is, or may be, a model of Anthropic's own. */
export function isClaude(modelId: string): boolean {
  return CLAUDE.test(modelId);
}
