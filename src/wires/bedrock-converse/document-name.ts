/** Names of documents as this wire takes them. Owns which characters survive, and that no two are the same. */

const MAX_CHARS = 200;
const EXTENSION = /\.[A-Za-z0-9]{1,8}$/;
const REFUSED = /[^A-Za-z0-9 ()[\]-]+/g;

/**
 * `stated` without its extension and with only letters, digits, single spaces, hyphens, brackets and parentheses;
 * a number is added where `taken`, to which the name is added, has it already.
 */
export function nameDocument(stated: string | undefined, taken: Set<string>): string {
  const plain = (stated ?? "")
    .slice(0, 4 * MAX_CHARS)
    .replace(EXTENSION, "")
    .replace(REFUSED, " ")
    .replace(/ {2,}/g, " ")
    .trim()
    .slice(0, MAX_CHARS - 8)
    .trim();
  const base = plain === "" ? "document" : plain;
  let name = base;
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${base} (${count})`;
  taken.add(name.toLowerCase());
  return name;
}
