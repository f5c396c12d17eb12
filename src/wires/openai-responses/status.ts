/** How a response ended, both ways. Owns the mapping between the wire's status words and the unified reasons. */
import type { FinishReason, UnifiedFinish } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

export interface Ended {
  readonly status: "completed" | "incomplete";
  readonly incomplete_details: JsonObject | null;
}

const COMPLETED: Ended = { status: "completed", incomplete_details: null };

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  max_output_tokens: "length",
  max_tokens: "length",
  content_filter: "content_filter",
};
const RENDERED: Partial<Record<UnifiedFinish, string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
  refusal: "content_filter",
};
/** Reasons of the wire that have no unified word; a provider's own is told as it was. */
const OTHERS: ReadonlySet<string> = new Set(["max_messages", "steered"]);

/** The reason of a response that ended properly. The wire does not say `tool_calls`: its items do. */
export function readEnd(response: JsonObject, hasCalls: boolean): FinishReason {
  const details = isRecord(response.incomplete_details) ? response.incomplete_details : null;
  if (response.status !== "incomplete" && details === null) {
    return { unified: hasCalls ? "tool_calls" : "stop", raw: textOf(response.status) };
  }
  const raw = textOf(details?.reason) ?? "incomplete";
  return { unified: Object.hasOwn(UNIFIED, raw) ? (UNIFIED[raw] ?? "other") : "other", raw };
}

/** A response that broke off is incomplete for a reason that the wire has no word for; naming one is optional. */
export function renderEnd({ unified, raw }: FinishReason): Ended {
  if (unified === "incomplete") return { status: "incomplete", incomplete_details: {} };
  const reason = RENDERED[unified] ?? (unified === "other" && raw !== null && OTHERS.has(raw) ? raw : null);
  return reason === null ? COMPLETED : { status: "incomplete", incomplete_details: { reason } };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
