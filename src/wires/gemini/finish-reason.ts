/** Why a candidate ended, both ways. Owns the mapping between the API's words and the unified ones. */
import type { FinishReason, UnifiedFinish } from "../../core/events.ts";

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  MODEL_ARMOR: "content_filter",
  IMAGE_SAFETY: "content_filter",
  IMAGE_PROHIBITED_CONTENT: "content_filter",
  IMAGE_RECITATION: "content_filter",
};

/** Words with which the API says that what the model wrote is no answer. */
const BROKEN: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
]);

const RENDERED: Readonly<Record<UnifiedFinish, string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  tool_calls: "STOP",
  content_filter: "SAFETY",
  refusal: "SAFETY",
  incomplete: "OTHER",
  other: "OTHER",
};

/** The API has no word of its own for an answer that ends with calls. */
export function readFinish(raw: string | null, hasCalls: boolean): FinishReason {
  const found = raw !== null && Object.hasOwn(UNIFIED, raw) ? UNIFIED[raw] : undefined;
  const unified = found === "stop" && hasCalls ? "tool_calls" : (found ?? "other");
  return { unified, raw };
}

export function isBrokenFinish(raw: string): boolean {
  return BROKEN.has(raw);
}

/** The API's own word where it gave one for this reason. */
export function renderFinish({ unified, raw }: FinishReason): string {
  const own = raw !== null && Object.hasOwn(UNIFIED, raw) && UNIFIED[raw] === unified;
  return own ? raw : RENDERED[unified];
}
