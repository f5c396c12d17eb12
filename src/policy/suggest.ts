/** "Did you mean": the nearest known name. Owns the wording of a fix that names the choices. */
import { closestMatch } from "leven";

const LISTED = 8;

/** The nearest of `known` within a third of the name's length, or null. */
export function nearest(name: string, known: readonly string[]): string | null {
  // Two swapped letters are a distance of 2, which is too much in a name of three.
  const maxDistance = name.length < 4 ? 1 : Math.max(2, Math.min(4, Math.floor(name.length / 3)));
  const near = known.filter((candidate) => Math.abs(candidate.length - name.length) <= maxDistance);
  return closestMatch(name.toLowerCase(), near, { maxDistance }) ?? null;
}

/**
 * `Did you mean "x"?` where something is near, else the choices, those that go on from it first and `limit` of them at
 * the most, else `otherwise`.
 */
export function suggestion(
  name: string,
  known: readonly string[],
  otherwise: string,
  limit = LISTED,
): string {
  const near = nearest(name, known);
  if (near !== null) return `Did you mean "${near}"?`;
  const family = known.filter((candidate) => candidate.startsWith(`${name}_`));
  return choices(family.length > 0 ? family : known, otherwise, limit);
}

/** The first of `known`, a few unless more are asked for; else `otherwise`. */
export function choices(known: readonly string[], otherwise: string, limit = LISTED): string {
  return known.length === 0 ? otherwise : `Use one of: ${listed(known, limit)}.`;
}

/** The first few names, and how many more there are. */
export function listed(names: readonly string[], limit = LISTED): string {
  const shown = names.slice(0, limit).join(", ");
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}
