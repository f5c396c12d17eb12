/** Overlays: one environment's differences on top of a base. Owns how two values become one. */
import { isRecord } from "../../core/json.ts";
import type { Path } from "../finding.ts";

/** A null that deletes nothing, and the keys that are there instead. */
export type IdleNull = (path: Path, known: readonly string[]) => void;

/** Maps merge by key, lists and scalars replace, null deletes. Neither argument is changed. */
export function mergeOverlay(base: unknown, overlay: unknown, idle: IdleNull, path: Path = []): unknown {
  if (!isRecord(overlay)) return overlay;
  // A map that is new has nothing to delete: its nulls are dropped all the same.
  const old = isRecord(base) ? base : {};
  const merged: Record<string, unknown> = { ...old };
  for (const [key, value] of Object.entries(overlay)) {
    const at = [...path, key];
    const known = Object.hasOwn(old, key);
    if (value !== null) merged[key] = mergeOverlay(known ? old[key] : null, value, idle, at);
    else if (known) delete merged[key];
    else idle(at, Object.keys(old));
  }
  return merged;
}
