import { expect, test } from "bun:test";
import fc from "fast-check";
import { RUN, TAKEN_OUT, takeOut } from "./take-out.ts";

const SOURCE = 'My card is 4111 1111;\nthe "word" is café & 東京の住所は秘密です, <b>100%</b>.';

function without(text: string, sources: readonly string[] = [SOURCE], whole: readonly string[] = []): string {
  return takeOut([text], { sources, whole })[0] ?? "";
}

test.each<[string, string, string]>([
  ["nothing in common", "Invalid value for temperature.", "Invalid value for temperature."],
  ["a run", "Invalid value: 'card is 4111'.", "Invalid value: '[…]'."],
  ["two of them", "'My card is' and 'the \"word\" is'", "'[…]' and '[…]'"],
  ["less than a run", "The cards are 4111.", "The cards are 4111."],
  ["all of it", SOURCE, TAKEN_OUT],
  ["nothing at all", "", ""],
])("%s", (_, text, kept) => {
  expect(without(text)).toBe(kept);
});

const twice = (text: string) => JSON.stringify(JSON.stringify(text));
const ascii = (text: string) =>
  JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const python = (text: string) => `'${text.replaceAll("\n", "\\n").replaceAll("é", "\\xe9")}'`;
const html = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&#34;");
const halfHtml = (text: string) =>
  text.replace(/[^ -~]/g, (unit) => `&#x${unit.charCodeAt(0).toString(16)};`);

test.each<[string, (text: string) => string]>([
  ["JSON", JSON.stringify],
  ["JSON in a string of JSON", twice],
  ["JSON in ASCII", ascii],
  ["JSON in ASCII in a string of JSON", (text) => JSON.stringify(ascii(text))],
  ["Python", python],
  ["HTML", html],
  ["HTML in ASCII", halfHtml],
  ["a URL", encodeURIComponent],
])("a quotation in the escapes of %s is found", (_, written) => {
  expect(without(`Bad input: ${written(SOURCE)} (400)`)).toMatch(/^Bad input: \W{0,4}\[…\]\W{0,4} \(400\)$/);
});

test("what only looks like an escape is left as it is", () => {
  for (const text of ["100%zz &nix; &#x110000; \\q \\u12", "%ff%fe"]) expect(without(text)).toBe(text);
});

test("a word is taken out whole, however short and however written", () => {
  expect(without("key k-1, k%2D1, k-12", [], ["k-1"])).toBe("key […], […], […]2");
  expect(without("[…]", [], ["…"])).toBe(TAKEN_OUT);
});

test("what is left is no quotation when it is joined", () => {
  const source = "before […] behind and between it";
  expect(without("x before between it behind", [source])).not.toContain("before […] behind");
});

test("texts are taken together, and each keeps its place", () => {
  expect(takeOut(["a_code", SOURCE, "req_1"], { sources: [SOURCE] })).toEqual(["a_code", TAKEN_OUT, "req_1"]);
});

test("no run of a source is left, and a text that quotes none is whole", () => {
  const letters = fc.constantFrom("a", "b", "[", "…", "]", "\\", "n", "%", "2", "0", "é", "😀", "\n", " ");
  const words = fc.string({ unit: letters, maxLength: 60 });
  fc.assert(
    fc.property(words, words, words, fc.nat(60), fc.nat(60), (source, before, behind, a, b) => {
      const text = before + source.slice(Math.min(a, b), Math.max(a, b)) + behind;
      const kept = without(text, [source]);
      const quotes = runsOf(source).filter((run) => text.includes(run));
      for (const run of runsOf(source)) expect(kept).not.toContain(run);
      if (quotes.length === 0 && !/[\\%]/.test(text)) expect(kept).toBe(text.toWellFormed());
    }),
    { numRuns: 3000 },
  );
});

test("a source of millions of characters is read once", () => {
  const source = "a".repeat(10_000_000);
  expect(without(`${"a".repeat(400)} is bad`, [source, "is bad things"])).toBe("[…] is bad");
});

function runsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - RUN + 1) }, (_, i) => text.slice(i, i + RUN));
}
