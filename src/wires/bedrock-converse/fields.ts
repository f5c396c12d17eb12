/** What the parts of this wire share. Owns its name and how unmodelled fields travel in `extra`. */
import type { Extra } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "bedrock-converse";

/**
 * A piece of an answer that the contract does not model: the member of a `contentBlockStart` or of a
 * `contentBlockDelta`, or a whole block of an answer that did not stream.
 */
export interface OpaquePiece {
  readonly start?: JsonObject;
  readonly delta?: JsonObject;
  readonly block?: JsonObject;
}

export function toExtra(fields: JsonObject): Extra {
  return { wire: WIRE_ID, fields };
}

export function opaqueExtra(piece: OpaquePiece): Extra {
  return { wire: WIRE_ID, fields: piece as JsonObject };
}

/** The fields, when `extra` was made by this wire. */
export function fromExtra(extra: Extra | undefined): JsonObject | null {
  return extra === undefined || extra.wire !== WIRE_ID ? null : extra.fields;
}
