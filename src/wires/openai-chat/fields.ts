/** Fields of this wire that the contract does not model. Owns how they travel in `extra`; knows no event. */
import type { Extra } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { mergeRecords } from "../fields.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "openai-chat";

/** What `extra.fields` of this wire holds: unmodelled fields by the level at which they were found. */
export interface LevelFields {
  readonly chunk?: JsonObject;
  readonly choice?: JsonObject;
  readonly delta?: JsonObject;
}

export type Level = keyof LevelFields;

/** Null when no level has a field. */
export function levels(
  chunk: JsonObject | null,
  choice: JsonObject | null,
  delta: JsonObject | null,
): LevelFields | null {
  if (chunk === null && choice === null && delta === null) return null;
  return { ...(chunk && { chunk }), ...(choice && { choice }), ...(delta && { delta }) };
}

export function toExtra(fields: LevelFields): Extra {
  return { wire: WIRE_ID, fields: fields as JsonObject };
}

/** The fields of one level, when `extra` was made by this wire. */
export function fromExtra(extra: Extra | undefined, level: Level): JsonObject | null {
  if (extra === undefined || extra.wire !== WIRE_ID) return null;
  const fields = extra.fields[level];
  return isRecord(fields) ? fields : null;
}

export function mergeLevels(earlier: LevelFields | null, later: LevelFields | null): LevelFields | null {
  if (earlier === null) return later;
  if (later === null) return earlier;
  return mergeRecords(earlier as JsonObject, later as JsonObject) as LevelFields;
}
