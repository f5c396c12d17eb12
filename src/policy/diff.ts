/** What changed between two documents, for the record of an activation. Owns how a change reads. */
import { isRecord } from "../core/json.ts";

/** Entries of a diff, at most. */
export const MAX_CHANGES = 100;
const MAX_VALUE = 60;
/** Lists of maps are compared by these names rather than by position. */
const NAMES = ["name", "id"] as const;

/**
 * Dotted paths that differ, in document order: `a.b: 1 → 2`, `a.c: added`, `a.d: removed`. At most 100;
 * where there are more, the last entry says how many.
 */
export function diffDocuments(before: unknown, after: unknown): readonly string[] {
  const changes: string[] = [];
  compare(before, after, "", changes);
  if (changes.length <= MAX_CHANGES) return changes;
  return [...changes.slice(0, MAX_CHANGES - 1), `and ${changes.length - MAX_CHANGES + 1} more`];
}

function compare(before: unknown, after: unknown, path: string, changes: string[]): void {
  if (before === after) return;
  if (before === undefined) changes.push(`${path}: ${added(after)}`);
  else if (after === undefined) changes.push(`${path}: removed`);
  else if (isRecord(before) && isRecord(after)) compareMaps(before, after, path, changes);
  else if (isNamedList(before) && isNamedList(after)) compareLists(before, after, path, changes);
  else if (JSON.stringify(before) !== JSON.stringify(after)) {
    changes.push(`${path}: ${shown(before)} → ${shown(after)}`);
  }
}

function compareMaps(before: Named, after: Named, path: string, changes: string[]): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const left = Object.hasOwn(before, key) ? before[key] : undefined;
    const right = Object.hasOwn(after, key) ? after[key] : undefined;
    compare(left, right, path === "" ? key : `${path}.${key}`, changes);
  }
}

function compareLists(
  before: readonly Named[],
  after: readonly Named[],
  path: string,
  changes: string[],
): void {
  const left = new Map(before.map((item) => [nameOf(item), item]));
  const right = new Map(after.map((item) => [nameOf(item), item]));
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    compare(left.get(name), right.get(name), `${path}[${name}]`, changes);
  }
  const kept = (these: ReadonlyMap<string, Named>, those: ReadonlyMap<string, Named>) =>
    [...these.keys()].filter((name) => those.has(name)).join();
  if (kept(left, right) !== kept(right, left)) changes.push(`${path}: order changed`);
}

type Named = Readonly<Record<string, unknown>>;

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && nameOf(item) !== "");
}

function nameOf(item: Named): string {
  for (const key of NAMES) if (typeof item[key] === "string") return item[key];
  return "";
}

function added(value: unknown): string {
  return typeof value === "object" ? "added" : `added ${shown(value)}`;
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
