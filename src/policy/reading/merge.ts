/** Overlays (D1): one environment's differences on top of a base. Owns how two values become one. */
import { isRecord } from "../../core/json.ts";

/** Maps merge by key, lists and scalars replace, null deletes. Neither argument is changed. */
export function mergeOverlay(base: unknown, overlay: unknown): unknown {
  if (!isRecord(base) || !isRecord(overlay)) return isRecord(overlay) ? withoutNulls(overlay) : overlay;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overlay)) {
    if (value === null) delete merged[key];
    else merged[key] = Object.hasOwn(base, key) ? mergeOverlay(base[key], value) : mergeOverlay(null, value);
  }
  return merged;
}

/** A map that is new has nothing to delete: its nulls are dropped all the same. */
function withoutNulls(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) if (value !== null) kept[key] = mergeOverlay(null, value);
  return kept;
}
