/** What a body says that its schema has no place for. Owns the comparison of what was sent with what was read of it. */
import { isRecord } from "../core/json.ts";

/** Characters of a caller's own name for a field. */
const MAX_NAME = 64;
const INDEX = /\[\d+\]/g;

/**
 * Paths of the fields of `sent` that are not in `read`, which a schema made of it: `messages[0].name`. Of a field that
 * several items of a list have, the first is named; what is null or an empty list asks for nothing. `neutral`: fields
 * that say nothing a model would have to honour, as paths without numbers: `messages[].annotations`. `at`: path of
 * `sent` itself.
 */
export function strayFields(
  sent: unknown,
  read: unknown,
  neutral: ReadonlySet<string>,
  at = "",
): readonly string[] {
  // What is read as it was sent has nothing else.
  if (sent === read) return NONE;
  const found = new Map<string, string>();
  walk(sent, read, at, (path) => {
    const kind = path.replace(INDEX, "[]");
    if (!neutral.has(kind) && !found.has(kind)) found.set(kind, path);
  });
  return [...found.values()];
}

const NONE: readonly string[] = [];

function walk(sent: unknown, read: unknown, at: string, add: (path: string) => void): void {
  if (sent === read) return;
  if (Array.isArray(sent) && Array.isArray(read)) {
    for (const [index, item] of sent.entries()) walk(item, read[index], `${at}[${index}]`, add);
    return;
  }
  if (!isRecord(sent) || !isRecord(read)) return;
  for (const [name, field] of Object.entries(sent)) {
    const path = `${at === "" ? "" : `${at}.`}${name.slice(0, MAX_NAME)}`;
    if (Object.hasOwn(read, name)) walk(field, read[name], path, add);
    else if (saysSomething(field)) add(path);
  }
}

function saysSomething(field: unknown): boolean {
  if (field === null || field === undefined) return false;
  return !(Array.isArray(field) && field.length === 0);
}
