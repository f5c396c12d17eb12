/** What travels in `extra` of this wire, and texts that it wants as objects. Owns both shapes; knows no event. */
import type { Extra } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { mergeRecords } from "../fields.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "gemini";

/** What `extra.fields` of this wire holds: unmodelled fields by the level at which they were found. */
interface LevelFields {
  readonly chunk?: JsonObject;
  readonly candidate?: JsonObject;
  readonly part?: JsonObject;
}

/** Undefined when no level has a field. */
export function toExtra(
  chunk: JsonObject | null,
  candidate: JsonObject | null,
  part: JsonObject | null,
): Extra | undefined {
  if (chunk === null && candidate === null && part === null) return undefined;
  const fields: { -readonly [Key in keyof LevelFields]: LevelFields[Key] } = {};
  if (chunk !== null) fields.chunk = chunk;
  if (candidate !== null) fields.candidate = candidate;
  if (part !== null) fields.part = part;
  return { wire: WIRE_ID, fields: fields as JsonObject };
}

/** The fields of one level, when `extra` was made by this wire. */
export function fromExtra(extra: Extra | undefined, level: keyof LevelFields): JsonObject | null {
  if (extra === undefined || extra.wire !== WIRE_ID) return null;
  const fields = extra.fields[level];
  return isRecord(fields) ? fields : null;
}

/** Later fields win, since ratings and metadata are told anew; only log probabilities go on. */
export function laterFields(earlier: JsonObject | null, later: JsonObject | null): JsonObject | null {
  if (earlier === null || later === null) return earlier ?? later;
  const { logprobsResult: known } = earlier;
  const { logprobsResult: more } = later;
  const fields = { ...earlier, ...later };
  return isRecord(known) && isRecord(more)
    ? { ...fields, logprobsResult: mergeRecords(known, more) }
    : fields;
}

/** The JSON object that `text` is, or null. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** A call's argument text as the object that this wire has room for; what is none is shown in one. */
export function toArguments(text: string): JsonObject {
  return parseObject(text) ?? (text.trim() === "" ? {} : { arguments: text });
}
