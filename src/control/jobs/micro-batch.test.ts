import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { joined, portions, split } from "./micro-batch.ts";

describe("tokens", () => {
  test("are parted in whole numbers that add up, none a whole token off its share", () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.array(fc.nat(100_000), { minLength: 1, maxLength: 64 }),
        (total, weights) => {
          const parts = portions(total, weights);
          const sum = weights.reduce((all, weight) => all + weight, 0);
          expect(parts.reduce((all, { tokens }) => all + tokens, 0)).toBe(total);
          parts.forEach(({ tokens, remainder }, at) => {
            const exact = sum === 0 ? total / weights.length : (total * (weights[at] ?? 0)) / sum;
            expect(Math.abs(tokens - exact)).toBeLessThan(1);
            expect(tokens - remainder).toBe(Math.floor(exact));
          });
        },
      ),
    );
  });

  test("that are left over go to the largest remainders", () => {
    expect(portions(10, [1, 1, 1])).toEqual([
      { tokens: 4, remainder: 1 },
      { tokens: 3, remainder: 0 },
      { tokens: 3, remainder: 0 },
    ]);
    expect(portions(7, [5, 1]).map(({ tokens }) => tokens)).toEqual([6, 1]);
    expect(portions(2, [0, 0]).map(({ tokens }) => tokens)).toEqual([1, 1]);
  });
});

describe("an answer", () => {
  const bodies = [
    { model: "m", input: "aaaa" },
    { model: "m", input: ["b", "cc"] },
    { model: "m", input: "d" },
  ];
  const vector = (index: number) => ({ object: "embedding", index, embedding: [index] });

  test("goes back to whom it belongs, in whatever order it came", () => {
    expect(joined(bodies)).toEqual({ model: "m", input: ["aaaa", "b", "cc", "d"] });
    const answer = {
      object: "list",
      data: [3, 1, 0, 2].map(vector),
      model: "big",
      usage: { prompt_tokens: 9, total_tokens: 9 },
    };
    const parts = split(answer, bodies);
    expect(parts?.map(({ body }) => body)).toEqual([
      {
        object: "list",
        model: "big",
        data: [{ ...vector(0), index: 0 }],
        usage: { prompt_tokens: 5, total_tokens: 5 },
      },
      {
        object: "list",
        model: "big",
        data: [
          { object: "embedding", index: 0, embedding: [1] },
          { object: "embedding", index: 1, embedding: [2] },
        ],
        usage: { prompt_tokens: 3, total_tokens: 3 },
      },
      {
        object: "list",
        model: "big",
        data: [{ object: "embedding", index: 0, embedding: [3] }],
        usage: { prompt_tokens: 1, total_tokens: 1 },
      },
    ]);
    expect(parts?.map(({ share }) => share)).toEqual([
      { jobs: 3, totalTokens: 9, remainderTokens: 1 },
      { jobs: 3, totalTokens: 9, remainderTokens: 0 },
      { jobs: 3, totalTokens: 9, remainderTokens: 0 },
    ]);
  });

  test.each([
    ["too few vectors", [0, 1, 2].map(vector)],
    ["too many", [0, 1, 2, 3, 4].map(vector)],
    ["one twice", [0, 1, 1, 2].map(vector)],
    ["something else", ["x", 1, null, 2]],
    ["no list", "none"],
  ])("with %s is none", (_, data) => {
    expect(split({ data }, bodies)).toBeNull();
  });

  test("tokens as inputs are joined as lists", () => {
    expect(joined([{ input: [1, 2] }, { input: [[3], [4, 5]] }])).toEqual({ input: [[1, 2], [3], [4, 5]] });
  });
});
