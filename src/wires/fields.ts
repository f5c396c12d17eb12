/** Parsed JSON as wires look at it. Owns telling modelled fields from the rest, and laying records together. */
import { isRecord } from "../core/json.ts";
import type { JsonObject } from "./wire.ts";

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
