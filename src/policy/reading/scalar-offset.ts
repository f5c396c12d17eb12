/** From a character of a scalar's value to its place in the YAML text. Owns quoting and block styles. */
import type { Scalar } from "yaml";

/**
 * Offset in `text` of character `offset` of the scalar's value. Lines of the value are looked up one after
 * another in the scalar's source, which is exact for plain, quoted (without escapes) and literal scalars;
 * where folding or escapes hide a line, the scalar's own start is the answer.
 */
export function placeInScalar(text: string, scalar: Scalar, offset: number): number {
  const start = scalar.range?.[0] ?? 0;
  const end = scalar.range?.[1] ?? start;
  if (typeof scalar.value !== "string") return start;
  const before = scalar.value.slice(0, offset).split("\n");
  const lines = scalar.value.split("\n").slice(0, before.length);
  let cursor = start;
  for (const [index, line] of lines.entries()) {
    const found = text.indexOf(line, cursor);
    if (found < 0 || found > end) return start;
    if (index === lines.length - 1) return found + (before.at(-1)?.length ?? 0);
    cursor = found + line.length;
  }
  return start;
}
