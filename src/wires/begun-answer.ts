/**
 * An answer that a model is to go on with, as the last turn of a conversation. Owns who began it, which decides what
 * becomes of thinking: "Pre-filling responses isn't supported when thinking is enabled" (platform.claude.com/docs,
 * Extended thinking).
 */
import type { ModelRequest, WireId } from "../core/request.ts";

export const CANNOT_THINK = "was not sent: the chosen model cannot think where it goes on with an answer.";

/**
 * `gateway`: the beginning is told text of an answer that broke off, whose thoughts came before it. `caller`: the request
 * came in on another wire than `wire`. Null: none is begun, or a caller of this wire did it, whose own it is to keep
 * consistent.
 */
export function begunBy({ messages, origin }: ModelRequest, wire: WireId): "gateway" | "caller" | null {
  const last = messages.findLast(({ role }) => role !== "system");
  if (last?.role !== "assistant") return null;
  if (origin.read !== undefined && !origin.read.includes(last)) return "gateway";
  return origin.wire === wire ? null : "caller";
}
