import { describe, expect, test } from "bun:test";
import { bareRequest } from "../../core/bare-request.ts";
import type { EmbeddingInput } from "../../core/request.ts";
import { BASE_POLICY, FAKE_REQUEST, snapshotOf } from "../fake-policy.ts";
import { measureRequest } from "./measure-request.ts";

const useCase = snapshotOf(BASE_POLICY).useCases.get("chat");
if (!useCase) throw new Error("no use case");
/** Of the smaller model of the policy. */
const WINDOW = 100;

function measure(inputs: EmbeddingInput["inputs"]) {
  if (!useCase) throw new Error("no use case");
  return measureRequest(bareRequest({ operation: "embed", embedding: { inputs } }), useCase);
}

describe("the size of a request", () => {
  test("of a chat is one number, at once", () => {
    expect(measureRequest(FAKE_REQUEST, useCase)).toEqual({ tokens: 6, longest: 6 });
  });

  test("of several inputs is the sum, and the longest of them by itself", () => {
    expect(measure(["a".repeat(40), "b".repeat(80), [1, 2, 3]])).toEqual({ tokens: 33, longest: 20 });
    expect(measure([[1, 2, 3]])).toEqual({ tokens: 3, longest: 3 });
  });

  test("many short inputs are near no window, and not counted", () => {
    const short = "a".repeat(WINDOW);
    expect(measure(new Array(100).fill(short))).toEqual({ tokens: 2500, longest: 25 });
  });

  test("a text that is near a window is counted, and no other", async () => {
    const long = "hello ".repeat(90).trim();
    const measured = measure([long, "a".repeat(40), [1, 2, 3]]);
    expect(measured).toBeInstanceOf(Promise);
    const { tokens, longest } = await measured;
    expect([tokens, longest]).toEqual([90 + 13, 90]);
  });

  test("tokens are exact as they are", async () => {
    expect(await measure([new Array(WINDOW).fill(1)])).toEqual({ tokens: WINDOW, longest: WINDOW });
  });
});
