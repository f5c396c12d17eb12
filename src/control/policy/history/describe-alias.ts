/** What a change of a model alias means, in words: `alias chat-best: large-01 → large-05`. Owns the wording alone. */

/**
 * `name`: of the alias; null: of all of them at once. `inner`: the field that changed, or nothing. `what`: as
 * policy/diff.ts has it; null is returned for a field that reads like any other.
 */
export function describeAlias(
  name: string | null,
  inner: string,
  what: string,
  before: unknown,
  after: unknown,
): string | null {
  if (name === null) {
    const verb = what === "removed" ? "removed" : "added";
    return `aliases ${verb}: ${[...targetsOf(verb === "removed" ? before : after)].map(([alias, model]) => `${alias} → ${model}`).join(", ")}`;
  }
  const from = targetsOf(before).get(name);
  const to = targetsOf(after).get(name);
  if (to === undefined) return `alias ${name} removed`;
  if (from === undefined) return `alias ${name} added: ${to}`;
  if (inner !== "" && inner !== "model") return null;
  return from === to ? `alias ${name}: written otherwise, still ${to}` : `alias ${name}: ${from} → ${to}`;
}

/** By alias, the model it stands for. */
function targetsOf(document: unknown): ReadonlyMap<string, string> {
  const written = fieldOf(document, "model_aliases");
  const targets = new Map<string, string>();
  if (typeof written !== "object" || written === null) return targets;
  for (const [name, one] of Object.entries(written)) {
    const model = typeof one === "string" ? one : fieldOf(one, "model");
    if (typeof model === "string") targets.set(name, model);
  }
  return targets;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
