/** Fields of this wire that the contract does not model. Owns how they travel in `extra`; knows no event. */
import type { Extra } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "anthropic-messages";

/**
 * Where unmodelled fields were found: `message` beside the message's own, `block` in a content block that
 * begins with the event, `delta` in a `message_delta`'s delta and `event` beside it. An opaque event's fields
 * are its whole block, or a `citations_delta` for the text block that is open.
 */
export type Place = "message" | "block" | "delta" | "event";

/** Null when there is nothing to carry. */
export function placed(found: Readonly<Partial<Record<Place, JsonObject | null>>>): Extra | null {
  let fields: Record<string, unknown> | null = null;
  for (const place in found) {
    const at = found[place as Place];
    if (at === null || at === undefined) continue;
    fields ??= {};
    fields[place] = at;
  }
  return fields === null ? null : { wire: WIRE_ID, fields };
}

/** The fields found at `place`, when `extra` was made by this wire. */
export function fromExtra(extra: Extra | undefined, place: Place): JsonObject | null {
  if (extra === undefined || extra.wire !== WIRE_ID) return null;
  const fields = extra.fields[place];
  return isRecord(fields) ? fields : null;
}
