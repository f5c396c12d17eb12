/**
 * The one internal stream. Every provider's answer, streamed or whole, becomes these events, and every
 * caller's answer is rendered from them. A stream ends with exactly one terminal event: `finish` or `fault`.
 */
import type { Fault } from "./faults.ts";

/** `incomplete`: the answer broke off, and what there is of it is told as such. */
export type UnifiedFinish =
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  | "refusal"
  | "incomplete"
  | "other";

/** `unified` is for policy and metrics, `raw` what the provider said. */
export interface FinishReason {
  readonly unified: UnifiedFinish;
  readonly raw: string | null;
  /** The stop sequence that ended it, where the provider says which. */
  readonly stopSequence?: string;
}

/** `reason` as it may be kept: stop sequences are the caller's text. */
export function finishOnRecord(reason: FinishReason | null): Omit<FinishReason, "stopSequence"> | null {
  if (reason?.stopSequence === undefined) return reason;
  const { unified, raw } = reason;
  return { unified, raw };
}

/**
 * Tokens in disjoint classes, but for `cacheWrite1hTokens`: their sum is everything that is billed. `raw` is the
 * provider's own block.
 */
export interface Usage {
  /** Input that was neither read from nor written to a cache. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** As many of `cacheWriteTokens` are kept for an hour and not for minutes; absent: none is known of. */
  readonly cacheWrite1hTokens?: number;
  /** Output without reasoning. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly raw?: unknown;
}

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
});

/** Class by class; the raw blocks stay with their parts. */
export function sumUsage(a: Usage, b: Usage): Usage {
  const cacheWrite1hTokens = (a.cacheWrite1hTokens ?? 0) + (b.cacheWrite1hTokens ?? 0);
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 && { cacheWrite1hTokens }),
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}

/** Fields that the contract does not model, kept for a renderer of the same wire. */
export interface Extra {
  readonly wire: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type StreamEvent =
  /** The provider began to answer. Not content: a fallback is still legal after it. */
  | { readonly type: "start"; readonly id?: string; readonly created?: number; readonly extra?: Extra }
  | {
      readonly type: "text";
      readonly choice: number;
      readonly text: string;
      /** Log probabilities in the provider's own shape. */
      readonly logprobs?: unknown;
      readonly extra?: Extra;
    }
  | {
      readonly type: "refusal";
      readonly choice: number;
      readonly text: string;
      /** Log probabilities in the provider's own shape. */
      readonly logprobs?: unknown;
    }
  | {
      readonly type: "reasoning";
      readonly choice: number;
      readonly text: string;
      /** Signs the reasoning since the last signature and ends that block; `text` may be empty. */
      readonly signature?: string;
      /** A whole block that the provider encrypted; `text` is then empty. */
      readonly redacted?: string;
    }
  /** A tool call begins; `index` counts the calls of one choice from 0. */
  | {
      readonly type: "tool_call";
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly extra?: Extra;
    }
  /** More of the JSON text of a call's arguments. */
  | {
      readonly type: "tool_arguments";
      readonly choice: number;
      readonly index: number;
      readonly text: string;
    }
  /** Content of one wire that the contract does not model; a renderer of another wire leaves it out. */
  | { readonly type: "opaque"; readonly choice: number; readonly extra: Extra }
  /** The vector of input number `index`. */
  | { readonly type: "embedding"; readonly index: number; readonly vector: readonly number[] }
  /**
   * One choice is complete. A provider's filter may find something afterwards: then it comes again, and the last
   * counts.
   */
  | {
      readonly type: "choice_end";
      readonly choice: number;
      readonly reason: FinishReason;
      readonly extra?: Extra;
    }
  /** Running totals; the last one counts. */
  | { readonly type: "usage"; readonly usage: Usage; readonly extra?: Extra }
  /**
   * Terminal: the answer is complete. `estimated`: the provider counted nothing, and `usage` is the gateway's guess.
   */
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly usage: Usage | null;
      readonly estimated?: true;
    }
  /** Terminal: the answer is not complete. */
  | { readonly type: "fault"; readonly fault: Fault };

/** Whether the caller would see something: after the first such event a fallback is no longer legal. */
export function isContent(event: StreamEvent): boolean {
  return event.type !== "start" && event.type !== "usage" && event.type !== "fault";
}

/** Characters that an event takes beside its text: those that say nothing may come by the million, too. */
const EVENT_CHARS = 16;

/** What it takes to hold `event`, in characters, whatever it says. */
export function heldChars(event: StreamEvent): number {
  switch (event.type) {
    case "text":
      return EVENT_CHARS + event.text.length + jsonChars(event.logprobs) + jsonChars(event.extra);
    case "refusal":
      return EVENT_CHARS + event.text.length + jsonChars(event.logprobs);
    case "reasoning":
      return EVENT_CHARS + event.text.length + (event.signature?.length ?? 0) + (event.redacted?.length ?? 0);
    case "tool_arguments":
      return EVENT_CHARS + event.text.length;
    case "tool_call":
      return EVENT_CHARS + event.id.length + event.name.length + jsonChars(event.extra);
    case "start":
    case "opaque":
    case "choice_end":
    case "usage":
      return EVENT_CHARS + jsonChars(event.extra);
    default:
      return EVENT_CHARS;
  }
}

function jsonChars(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

export function isTerminal(
  event: StreamEvent,
): event is Extract<StreamEvent, { type: "finish" } | { type: "fault" }> {
  return event.type === "finish" || event.type === "fault";
}
