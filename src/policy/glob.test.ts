import { expect, test } from "bun:test";
import fc from "fast-check";
import { matchesGlob } from "./glob.ts";

test.each([
  ["eu-*", "eu-west-1", true],
  ["eu-*", "us-east-1", false],
  ["*", "", true],
  ["us-east-1", "us-east-1", true],
  ["us-east-1", "us-east-10", false],
  ["*-west-*", "eu-west-1", true],
  ["a.c", "abc", false],
])("%s against %s is %p", (pattern, text, expected) => expect(matchesGlob(pattern, text)).toBe(expected));

test("agrees with the same pattern as a regular expression", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text));
    }),
    { numRuns: 500 },
  );
});
