/** Fields of this wire that the contract does not model. Owns how they travel in `extra`; knows no event. */
import type { Extra } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "openai-chat";

/** What `extra.fields` of this wire holds: unmodelled fields by the level at which they were found. */
export interface LevelFields {
  readonly chunk?: JsonObject;
  readonly choice?: JsonObject;
  readonly delta?: JsonObject;
}

export type Level = keyof LevelFields;

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The fields of `source` that are neither `modelled`, nor null, nor the same as in `known`; null when there
 * are none, which is the common case and allocates nothing.
 */
export function unmodelled(
  source: JsonObject,
  modelled: ReadonlySet<string>,
  known: JsonObject | null,
): JsonObject | null {
  let found: Record<string, unknown> | null = null;
  for (const key in source) {
    if (modelled.has(key)) continue;
    const value = source[key];
    if (value === null || value === undefined || key === "__proto__") continue;
    if (known !== null && known[key] === value) continue;
    found ??= {};
    found[key] = value;
  }
  return found;
}

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

/** `later` laid over `earlier`: arrays are strung together, objects merged, anything else replaced. */
export function mergeRecords(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...earlier };
  for (const key in later) {
    if (key !== "__proto__") merged[key] = mergeValues(merged[key], later[key]);
  }
  return merged;
}

function mergeValues(earlier: unknown, later: unknown): unknown {
  if (Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later];
  if (isRecord(earlier) && isRecord(later)) return mergeRecords(earlier, later);
  return later === null || later === undefined ? (earlier ?? later) : later;
}
