import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ModelSpec } from "./deployment.ts";
import { costWithin, estimateCost, limitWithin, plannedOutput } from "./estimate-cost.ts";
import { usdPerMillion, usdToNano } from "./money.ts";
import type { ReasoningControl } from "./request.ts";

const PRICES = { input: usdPerMillion(1), output: usdPerMillion(10) };
const MODEL: ModelSpec = {
  id: "m",
  role: "",
  version: "1",
  status: "approved",
  contextWindow: 100_000,
  maxOutputTokens: 500,
  capabilities: new Set(),
  safetyLevel: "standard",
  prices: PRICES,
  limitations: [],
};
const { prices: _none, ...UNPRICED } = MODEL;

test.each<[string, ModelSpec, number, number, number | null]>([
  ["what is planned", MODEL, 200, 1, 0.003],
  ["no more than the model can produce", MODEL, 8000, 1, 0.006],
  ["the output of each choice, and the input once", MODEL, 8000, 3, 0.016],
  [
    "all that is planned where nobody stated what it can",
    { ...MODEL, maxOutputAssumed: true },
    8000,
    1,
    0.081,
  ],
  ["nothing without a price", UNPRICED, 200, 1, null],
])("%s is paid for", (_what, model, estimatedOutputTokens, choices, usd) => {
  const cost = estimateCost({ estimatedInputTokens: 1000, estimatedOutputTokens, choices }, model);
  expect(cost).toBe(usd === null ? null : usdToNano(usd));
});

test.each<[number, number | undefined, number | null, ReasoningControl | undefined]>([
  [1024, undefined, null, undefined],
  [1024, undefined, null, { effort: "none" }],
  [1024, undefined, null, { budgetTokens: 0 }],
  [2048, undefined, null, { effort: "minimal" }],
  [2048, undefined, null, { budgetTokens: 9000 }],
  [700, undefined, 700, { effort: "high" }],
  [90, 90, null, { effort: "high" }],
])(
  "%d tokens are planned where %p is asked for, the use case has %p and %j is thought",
  (planned, asked, cap, reasoning) => {
    expect(plannedOutput(asked, cap, reasoning)).toBe(planned);
  },
);

describe("the limit within a sum, where nobody states one", () => {
  const SIZE = {
    estimatedInputTokens: 1000,
    estimatedOutputTokens: 100,
    choices: 1,
    openEnded: true,
  } as const;
  const { openEnded: _nobody, ...STATED } = SIZE;

  test.each<[string, Parameters<typeof limitWithin>[0], ModelSpec, number | null, number | null]>([
    ["is what it pays for after the input", SIZE, MODEL, 0.004, 300],
    ["is the same for each choice", { ...SIZE, choices: 2 }, MODEL, 0.004, 150],
    ["is no more than the model can produce", SIZE, MODEL, 1, 500],
    [
      "is no more than what the model is taken to produce",
      SIZE,
      { ...MODEL, maxOutputTokens: 4096, maxOutputAssumed: true },
      1,
      4096,
    ],
    [
      "leaves the window room for an input that is a third longer",
      SIZE,
      { ...MODEL, contextWindow: 1634 },
      1,
      300,
    ],
    ["is no less than what is planned", SIZE, { ...MODEL, contextWindow: 1100 }, 1, 100],
    [
      "is of the dearer kind of output",
      SIZE,
      { ...MODEL, prices: { ...PRICES, reasoning: usdPerMillion(20) } },
      0.004,
      150,
    ],
    ["is none for what costs nothing", SIZE, { ...MODEL, prices: { ...PRICES, output: 0 } }, 0.001, 500],
    ["is none where somebody states one", STATED, MODEL, 0.004, null],
    ["is none where nothing bounds the cost", SIZE, MODEL, null, null],
    ["is none without a price", SIZE, UNPRICED, 0.004, null],
  ])("%s", (_what, size, model, usd, limit) => {
    expect(limitWithin(size, model, usd === null ? null : usdToNano(usd))).toBe(limit);
  });

  test("never costs more than the sum, and one token more would", () => {
    const nat = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(
        nat(90_000),
        nat(90_000),
        nat(50_000),
        nat(4),
        nat(1e9),
        (input, output, tokens, choices, left) => {
          const size = { ...SIZE, estimatedInputTokens: tokens, estimatedOutputTokens: 1, choices };
          const model = {
            ...MODEL,
            contextWindow: 1e9,
            maxOutputTokens: 1e8,
            prices: { input: usdPerMillion(input / 1000), output: usdPerMillion(output / 1000) },
          };
          fc.pre((estimateCost(size, model) ?? 0) <= left);
          expect(costWithin(size, model, left)).toBeLessThanOrEqual(left);
          const limit = limitWithin(size, model, left) ?? 0;
          if (limit === model.maxOutputTokens) return;
          const more = estimateCost({ ...size, estimatedOutputTokens: limit + 1 }, model) ?? 0;
          expect(more).toBeGreaterThanOrEqual(left);
        },
      ),
    );
  });
});
