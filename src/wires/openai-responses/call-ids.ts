/** Ids of calls as OpenAI takes them on this wire. Owns their length; servers that imitate it take any id. */
import { isRecord } from "../../core/json.ts";
import { shortIds } from "../fitting-ids.ts";
import type { JsonObject } from "../wire.ts";

/**
 * "Invalid 'input[11].call_id': string too long. Expected a string with maximum length 64": its API, which the reference
 * does not say.
 */
const MAX_LENGTH = 64;

/** Items with ids that fit, of calls and of results; the very same list where all of them do. */
export function withFittingIds(items: readonly unknown[]): readonly unknown[] {
  if (!items.some(hasLongId)) return items;
  const ids = shortIds(MAX_LENGTH);
  return items.map((item) => (hasLongId(item) ? { ...item, call_id: ids.call(item.call_id) } : item));
}

function hasLongId(item: unknown): item is JsonObject & { readonly call_id: string } {
  return isRecord(item) && typeof item.call_id === "string" && item.call_id.length > MAX_LENGTH;
}
