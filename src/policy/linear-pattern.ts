/**
 * Regular expressions whose time grows with the text and with nothing else, for patterns that meet whatever a
 * caller writes. Owns what a pattern may hold; parsing and matching have their files. Case never matters.
 */
import { createMatcher } from "./linear-pattern/matcher.ts";
import { parsePattern } from "./linear-pattern/parser.ts";
import { assemble } from "./linear-pattern/program.ts";

export type LinearPattern =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  /** `offset`: where in the pattern it is. */
  | { readonly ok: false; readonly message: string; readonly offset: number };

const MAX_STEPS = 1000;

/**
 * Literals, `.`, classes, groups, alternatives, `? * + {m,n}`, `^ $ \b` and `\d \w \s`. References back and looks
 * around are no part of it: nobody can match those in linear time.
 */
export function compileLinearPattern(source: string): LinearPattern {
  const parsed = parsePattern(source);
  if (!parsed.ok) return parsed;
  const program = assemble(parsed.node, MAX_STEPS);
  if (program === null) {
    return { ok: false, message: "repeats so much that it is too large", offset: 0 };
  }
  return { ok: true, matches: createMatcher(program) };
}
