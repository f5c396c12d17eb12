/**
 * What a change of policy means, in words: `support-chat: max_attempts 3 → 2`. Owns the wording on top of the
 * paths that policy/diff.ts finds; finds nothing itself.
 */
import { describeAlias } from "./describe-alias.ts";

/** Maps of named things, and what one of them is called. A use case needs no noun: everybody knows its name. */
const MAPS: Readonly<Record<string, string>> = {
  use_cases: "",
  models: "model ",
  deployments: "deployment ",
  providers: "provider ",
  model_aliases: "alias ",
  "limits.tiers": "tier ",
};
const LISTS: Readonly<Record<string, string>> = { routes: "rule ", keys: "key ", tests: "test " };
const ALIASES = "model_aliases";
/** Values that say nothing to a reader. */
const OPAQUE = /(?:^|\.)sha256$/;

/** One sentence for each of `changes`, which `diffDocuments(before, after)` gave; in the same order. */
export function describeChanges(
  changes: readonly string[],
  before: unknown,
  after: unknown,
): readonly string[] {
  return changes.map((change) => {
    const at = change.indexOf(": ");
    // `and 12 more`
    if (at === -1) return change;
    return describe(change.slice(0, at), change.slice(at + 2), before, after);
  });
}

function describe(path: string, what: string, before: unknown, after: unknown): string {
  if (path === ALIASES) return describeAlias(null, "", what, before, after) ?? what;
  for (const [section, noun] of Object.entries(MAPS)) {
    const names = [...namesIn(before, section), ...namesIn(after, section)];
    const found = entryAt(path, `${section}.`, names);
    if (found && section === ALIASES) {
      const told = describeAlias(found.name, found.rest, what, before, after);
      if (told !== null) return told;
    }
    if (found) return ofEntry(noun || "use case ", noun + found.name, found.name, found.rest, what);
  }
  for (const [section, noun] of Object.entries(LISTS)) {
    if (path === section) return `${section}: ${what}`;
    const end = path.startsWith(`${section}[`) ? path.indexOf("]") : -1;
    if (end === -1) continue;
    const name = path.slice(section.length + 1, end);
    return ofEntry(noun, noun + name, name, path.slice(end + 2), what);
  }
  const dot = path.indexOf(".");
  if (dot === -1) return `policy: ${setting(path, what)}`;
  return `${path.slice(0, dot)}: ${setting(path.slice(dot + 1), what)}`;
}

/** Names may have dots: the longest one that fits is meant. */
function entryAt(path: string, prefix: string, names: readonly string[]) {
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  const fitting = names.filter((name) => rest === name || rest.startsWith(`${name}.`));
  const name = fitting.sort((a, b) => b.length - a.length)[0];
  return name === undefined ? null : { name, rest: rest.slice(name.length + 1) };
}

function ofEntry(noun: string, subject: string, name: string, inner: string, what: string): string {
  if (inner === "") return `${noun}${name} ${what}`;
  return `${subject}: ${setting(inner, what)}`;
}

/** `max_attempts` and `3 → 2`, `added 3`, `removed`, `order changed`. */
function setting(path: string, what: string): string {
  const name = path.replace(/^ladder\./, "");
  if (OPAQUE.test(name)) return `${name} changed`;
  if (what === "removed") return `${name} no longer set`;
  if (what === "added" || what === "order changed") return `${name} ${what}`;
  if (what.startsWith("added ")) return `${name} set to ${readable(what.slice("added ".length))}`;
  const arrow = what.indexOf(" → ");
  if (arrow === -1) return `${name} ${what}`;
  return `${name} ${readable(what.slice(0, arrow))} → ${readable(what.slice(arrow + 3))}`;
}

/** `["a","b"]` as `a, b`; anything else, and what was cut off, stays as it is. */
function readable(value: string): string {
  if (!value.startsWith("[")) return value === "" ? "nothing" : value;
  try {
    const list: unknown = JSON.parse(value);
    if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) return value;
    return list.length === 0 ? "none" : list.join(", ");
  } catch {
    return value;
  }
}

function namesIn(document: unknown, section: string): readonly string[] {
  let found: unknown = document;
  for (const key of section.split(".")) {
    if (typeof found !== "object" || found === null) return [];
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return typeof found === "object" && found !== null ? Object.keys(found) : [];
}
