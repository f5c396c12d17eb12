import { expect, test } from "bun:test";
import { diffDocuments, MAX_CHANGES } from "./diff.ts";

test.each([
  [{ a: { b: 1 } }, { a: { b: 1 } }, []],
  [{ a: { deadline: "20s" } }, { a: { deadline: "30s" } }, ["a.deadline: 20s → 30s"]],
  [{ a: {} }, { a: { b: 1, c: {} } }, ["a.b: added 1", "a.c: added"]],
  [{ a: { b: 1 } }, { a: {} }, ["a.b: removed"]],
  [{ a: ["x"] }, { a: ["x", "y"] }, ['a: ["x"] → ["x","y"]']],
  [{ r: [{ name: "p", when: "x" }] }, { r: [{ name: "p", when: "y" }] }, ["r[p].when: x → y"]],
  [{ r: [{ name: "p" }, { name: "q" }] }, { r: [{ name: "q" }, { name: "p" }] }, ["r: order changed"]],
  [{ k: [{ id: "p" }] }, { k: [{ id: "p" }, { id: "q" }] }, ["k[q]: added"]],
  [{ a: "x".repeat(99) }, { a: 1 }, [`a: ${"x".repeat(59)}… → 1`]],
])("%j and %j", (before, after, expected) => {
  expect(diffDocuments(before, after)).toEqual(expected);
});

test("at most 100 changes, the last of which says how many more", () => {
  const after = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]));
  const changes = diffDocuments({}, after);
  expect(changes.length).toBe(MAX_CHANGES);
  expect(changes.at(-1)).toBe("and 151 more");
});
