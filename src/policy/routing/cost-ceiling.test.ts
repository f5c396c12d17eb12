import { describe, expect, test } from "bun:test";
import { formatUsd } from "../../core/money.ts";
import { BASE_POLICY, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { explainRoute } from "./explain.ts";
import { draftRoute } from "./plan.ts";

describe("what a request costs", () => {
  test.each([1, 5])("of %d choices every one is in the plan, and in what explain says", (choices) => {
    const many = snapshotOf(BASE_POLICY.replace("tools, vision", "tools, vision, multiple_choices"));
    const input = routeInput(many, { request: { ...FAKE_REQUEST, sampling: { choices } } });
    expect(draftRoute(input).choices).toBe(choices);
    // 10 tokens at 3 USD, and 40 at 15 for each choice, per million.
    expect(explainRoute(input).ladder[0]?.estimatedCostUsd).toBe(formatUsd(30_000 + choices * 600_000));
  });
});
