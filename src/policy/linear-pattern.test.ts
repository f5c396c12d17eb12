import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileLinearPattern } from "./linear-pattern.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileLinearPattern(pattern);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.matches(text);
}

describe("linear patterns", () => {
  test.each<[string, string, boolean]>([
    ["refund", "Where is my REFUND?", true],
    ["refund|money back", "I want my money back", true],
    ["^hello$", "hello", true],
    ["^hello$", "hello there", false],
    ["colou?r", "color", true],
    ["track.*(parcel|order)", "please track my order", true],
    ["track.*(parcel|order)", "order a track", false],
    ["\\bcat\\b", "a cat.", true],
    ["\\bcat\\b", "concatenate", false],
    ["\\Bcat\\B", "concatenate", true],
    ["[A-F0-9]{4}", "id beef", true],
    ["[^a-z ]", "only words", false],
    ["[]x]", "]", true],
    ["[a\\-z]", "-", true],
    ["\\d{2,3}€", "that is 42€", true],
    ["^\\d{2,3}$", "4242", false],
    ["(?:ab)+c", "xababc", true],
    ["(a*)*b", "aaab", true],
    ["()*x", "x", true],
    ["a{0}b", "b", true],
    ["a.c", "a\nc", false],
    ["größe", "GRÖSSE GRÖßE", true],
    ["[à-ö]", "É", true],
    ["öffnungs\\w+", "Wie sind die ÖFFNUNGSZEITEN?", true],
    ["日本", "これは日本です", true],
    ["a\\.b\\*", "a.b*", true],
    ["", "anything", true],
    ["x+?y", "xxy", true],
    ["(((((){99}){99}){99}){99}){99}a", "a", true],
  ])("%p on %p: %p", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each<[string, RegExp, number]>([
    ["(a", /without its \)/, 0],
    ["a)", /without its \(/, 1],
    ["[a", /without its \]/, 0],
    ["*a", /nothing to repeat/, 0],
    ["a|*", /nothing to repeat/, 2],
    ["a{2", /no count/, 1],
    ["a{5,2}", /no count/, 1],
    ["a{1,999}", /no count/, 1],
    ["(a)\\1", /no part/, 3],
    ["a(?=b)", /looks around/, 1],
    ["(?<n>a)", /looks around/, 0],
    ["\\p{L}", /no part/, 0],
    ["[z-a]", /does not rise/, 4],
    ["a\\", /ends too early/, 2],
    ["^*", /no length/, 2],
    ["(((a{99}){99}){99})", /too large/, 0],
  ])("%p is refused where it is wrong", (pattern, message, offset) => {
    const compiled = compileLinearPattern(pattern);
    expect(compiled).toMatchObject({ ok: false, offset });
    expect(compiled.ok ? "" : compiled.message).toMatch(message);
  });

  test("agrees with the engine of the language on what both know", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "[ab]",
      "[^a]",
      ".",
      "(a|b)",
      "(ab)?",
      "a*",
      "b+",
      "(a|ab)*",
      "a{1,2}",
    );
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(atom, { maxLength: 5 }), fc.constantFrom("", "$"))
      .map(([start, atoms, end]) => start + atoms.join("") + end);
    const text = fc.array(fc.constantFrom("a", "b", "c", "\n"), { maxLength: 8 }).map((all) => all.join(""));
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        expect(matches(source, given)).toBe(new RegExp(source, "i").test(given));
      }),
      { numRuns: 2000 },
    );
  });

  test("what sends a backtracking engine round for ever ends at once", () => {
    const before = performance.now();
    for (const pattern of ["(a+)+$", "(a|a)*b", "(.*)*(.*)*x", "a*a*a*a*a*b"]) {
      expect(matches(pattern, `${"a".repeat(4000)}!`)).toBe(false);
    }
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
