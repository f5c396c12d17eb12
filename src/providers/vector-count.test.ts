import { describe, expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import type { StreamEvent } from "../core/events.ts";
import { vectorFault } from "./vector-count.ts";

function faultOf(indexes: readonly number[], inputs: number) {
  const events: readonly StreamEvent[] = [
    { type: "start" },
    ...indexes.map((index) => ({ type: "embedding", index, vector: [1] }) as const),
    { type: "finish", reason: { unified: "stop", raw: null }, usage: null },
  ];
  const embedding = { inputs: new Array<string>(inputs).fill("a") };
  return vectorFault(bareRequest({ operation: "embed", embedding }), events);
}

describe("the vectors of an answer", () => {
  test("are one for every input, in any order", () => {
    expect(faultOf([0], 1)).toBeNull();
    expect(faultOf([2, 0, 1], 3)).toBeNull();
  });

  test.each<[string, readonly number[], number]>([
    ["too few", [0, 1], 3],
    ["none", [], 1],
    ["too many", [0, 1, 2], 2],
    ["one twice", [0, 1, 1], 3],
    ["one of no input", [0, 2], 2],
  ])("%s are malformed", (_what, indexes, inputs) => {
    expect(faultOf(indexes, inputs)).toMatchObject({ kind: "malformed", code: "wrong_vectors" });
  });

  test("are not looked for where none was asked for", () => {
    expect(vectorFault(bareRequest(), [{ type: "start" }])).toBeNull();
  });
});
