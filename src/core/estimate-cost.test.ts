import { expect, test } from "bun:test";
import type { ModelSpec } from "./deployment.ts";
import { estimateCost } from "./estimate-cost.ts";
import { usdPerMillion, usdToNano } from "./money.ts";

const MODEL: ModelSpec = {
  id: "m",
  role: "",
  version: "1",
  status: "approved",
  contextWindow: 100_000,
  maxOutputTokens: 500,
  capabilities: new Set(),
  safetyLevel: "standard",
  prices: { input: usdPerMillion(1), output: usdPerMillion(10) },
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
