import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSeam, splitPrefill } from "./seam.ts";

function passed(told: string, pieces: readonly string[]): string {
  const seam = createSeam(told);
  return pieces.map((piece) => seam.push(piece)).join("") + seam.end();
}

describe("white space that was told already", () => {
  test.each([
    ["is not told again", " ", [" world"], "world"],
    ["in pieces", "\n\n", ["\n", "\nText"], "Text"],
    ["leaves an indentation that was not", "\n", ["\n    if x:"], "    if x:"],
    ["leaves what more there is, in pieces", "\n", ["\n", " ", "   if x:"], "    if x:"],
    ["leaves another line break", "\n", ["\n\nTwo."], "\nTwo."],
    ["may be more than what comes", "\n\n\n", ["\n", "b"], "b"],
    ["may not come at all", "\n", ["Two."], "Two."],
    ["and nothing of what follows", "", ["  two"], "  two"],
  ])("%s", (_what, told, pieces, rest) => {
    expect(passed(told, pieces)).toBe(rest);
  });
});

describe("white space that is another than what was told", () => {
  test.each([
    ["a line break for a space is told", " ", ["\nTwo."], "\nTwo."],
    ["a paragraph for a space and a line break is one line break more", " \n", ["\n\nTwo."], "\nTwo."],
    ["a space for a line break is not", "\n\n", [" two"], "two"],
    ["an indentation for a line break is", "\n", ["    if x:"], "    if x:"],
    ["an indentation is filled up", " \n  ", ["\n    if x:"], "  if x:"],
    ["an indentation by other signs stays as it was told", "\n    ", ["\n\tif x:"], "if x:"],
    ["a line break of two signs is one", "\r\n", ["\nTwo."], "Two."],
    ["and so in pieces", " \n", ["\n", "\n", "Two."], "\nTwo."],
    ["and so at the end", "\n", [" "], ""],
  ])("%s", (_what, told, pieces, rest) => {
    expect(passed(told, pieces)).toBe(rest);
  });

  test("keeps words apart and lines too, once, in whatever pieces it comes", () => {
    const space = fc.stringMatching(/^[ \n\t\r]{1,6}$/);
    fc.assert(
      fc.property(space, space, fc.nat(6), (told, came, cut) => {
        const rest = passed(told, [`${came}word`]);
        expect(rest.trimStart()).toBe("word");
        const lines = Math.max(told.split("\n").length, came.split("\n").length);
        expect((told + rest).split("\n")).toHaveLength(lines);
        expect(passed(told, [came.slice(0, cut), came.slice(cut), "word"])).toBe(rest);
        expect(passed(told, [...`${came}word`])).toBe(rest);
      }),
    );
  });

  test("is not waited for without end", () => {
    const seam = createSeam("\n");
    expect(seam.push(" ".repeat(1000))).not.toBe("");
    expect(seam.push(" ")).toBe(" ");
  });
});

test("a prefill ends in neither white space nor half a sign, and says what it lacks", () => {
  expect(splitPrefill("Your parcel \n")).toEqual({ given: "Your parcel", taken: " \n" });
  expect(splitPrefill("Your")).toEqual({ given: "Your", taken: "" });
  expect(splitPrefill("Your \ud83d")).toEqual({ given: "Your", taken: " \ud83d" });
  expect(splitPrefill("Your 😀")).toEqual({ given: "Your 😀", taken: "" });
});
