import { expect, test } from "bun:test";
import { CostAccount } from "./account-costs.ts";
import { prepared } from "./fake-drill.ts";

const USAGE = {
  inputTokens: 100,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 10,
  reasoningTokens: 0,
};

function attempt(rung: string, model: string, result: string, more: object = {}) {
  return { rung, model, deployment: `${model}-us`, result, ...more };
}

/** large costs 3 and 15 dollars a million tokens, small 1 and 2. */
const BY_PRIMARY = { cost: 450_000, attempts: [attempt("primary", "large", "ok", { usage: USAGE })] };
const BY_FALLBACK = {
  cost: 120_000,
  attempts: [
    attempt("primary", "large", "skipped", { skipped: "circuit_open" }),
    attempt("fallback", "small", "ok", { usage: USAGE }),
  ],
};
const FAILED_FIRST = {
  cost: 750_000,
  attempts: [
    attempt("primary", "large", "fault", { usage: USAGE, fault: { kind: "malformed", code: "not_json" } }),
    attempt("cross-region", "large", "ok", { usage: USAGE }),
  ],
};

function record(id: string, from: object) {
  return { id, outcome: "answered", model: "large", ...from };
}

test("costs stand beside what the primary alone would have cost", () => {
  const account = new CostAccount(prepared().prices);
  const decisions = [
    record("dec_1", BY_PRIMARY),
    record("dec_2", BY_FALLBACK),
    record("dec_3", FAILED_FIRST),
  ];
  expect(account.see({ decisions, cursor: "dec_3" })).toBe(true);
  expect(account.see({ decisions: [], cursor: null })).toBe(false);
  expect(account).toMatchObject({ records: 3, cursor: "dec_3", unpriced: 0 });
  expect(account.cost).toBe(450_000 + 120_000 + 750_000);
  expect(account.primaryAlone).toBe(3 * 450_000);
  expect(Object.fromEntries(account.calls)).toEqual({ "large-us": 3, "small-us": 1 });
  expect(Object.fromEntries(account.skipped)).toEqual({ circuit_open: 1 });
  expect(Object.fromEntries(account.faults)).toEqual({ malformed: 1 });
});

test("what nobody answered costs what it cost, and the primary would have cost nothing", () => {
  const account = new CostAccount(prepared().prices);
  account.see({ decisions: [record("dec_1", { ...BY_PRIMARY, outcome: "failed", cost: 90 })], cursor: null });
  expect(account).toMatchObject({ cost: 90, primaryAlone: 0 });
});

test("a model without a price is not taken for a free one", () => {
  const account = new CostAccount(new Map());
  account.see({
    decisions: [record("dec_1", BY_PRIMARY), record("dec_2", { ...BY_PRIMARY, cost: null })],
    cursor: null,
  });
  expect(account).toMatchObject({ records: 2, unpriced: 2, cost: 0 });
});

test("a page that is none ends the reading", () => {
  const account = new CostAccount(new Map());
  expect(account.see(null)).toBe(false);
  expect(account.see({ decisions: [{}], cursor: null })).toBe(false);
  expect(account.records).toBe(0);
});
