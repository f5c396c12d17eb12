import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EmbeddingInput } from "../../core/request.ts";
import { composeVectors } from "./embeddings.ts";

function vectors(input: EmbeddingInput, model = "atlas-embed"): readonly (readonly number[])[] {
  const composed = composeVectors(input, model);
  if (!composed.ok) throw new Error(composed.fault.message);
  return composed.value;
}

function vector(input: string | readonly number[], model?: string): readonly number[] {
  return vectors({ inputs: [input] }, model)[0] ?? [];
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

describe("vectors", () => {
  test("are of length 1 and the same for the same text, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const one = vector(text);
        expect(one).toHaveLength(256);
        expect(Math.abs(cosine(one, one) - 1)).toBeLessThan(1e-5);
        expect(vector(text)).toEqual(one);
      }),
    );
  });

  test("have as many dimensions as were asked for", () => {
    for (const dimensions of [1, 64, 3072]) {
      expect(vectors({ inputs: ["hello"], dimensions })[0]).toHaveLength(dimensions);
    }
  });

  test("of like texts are nearer than those of unlike ones", () => {
    const asked = vector("How do I reset my password?");
    const alike = vector("Resetting a password: how is it done");
    const unlike = vector("Weather in Paris tomorrow morning");
    expect(cosine(asked, alike)).toBeGreaterThan(0.4);
    expect(Math.abs(cosine(asked, unlike))).toBeLessThan(0.25);
  });

  test("of another model point elsewhere", () => {
    expect(Math.abs(cosine(vector("hello world"), vector("hello world", "nimbus-embed")))).toBeLessThan(0.5);
  });

  test("are made of tokens too", () => {
    expect(vector([1, 2, 3])).toEqual(vector([1, 2, 3]));
    expect(vector([1, 2, 3])).not.toEqual(vector([4, 5, 6]));
  });

  test.each([
    [{ inputs: ["x"], dimensions: 5000 }, "dimensions"],
    [{ inputs: Array.from({ length: 2049 }, () => "x") }, "input"],
  ])("more than anybody makes is refused (case %#)", (input, param) => {
    expect(composeVectors(input, "m")).toMatchObject({ ok: false, fault: { kind: "invalid", param } });
  });
});
