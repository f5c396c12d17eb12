import { describe, expect, test } from "bun:test";
import { formatUsd } from "../../core/money.ts";
import { explainRoute } from "../explain/explain.ts";
import { BASE_POLICY, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { draftRoute, planRoute } from "./plan.ts";

describe("what a request costs", () => {
  test.each([1, 5])("of %d choices every one is in the plan, and in what explain says", (choices) => {
    const many = snapshotOf(BASE_POLICY.replace("tools, vision", "tools, vision, multiple_choices"));
    const input = routeInput(many, { request: { ...FAKE_REQUEST, sampling: { choices } } });
    expect(draftRoute(input).choices).toBe(choices);
    // 10 tokens at 3 USD, and 40 at 15 for each choice, per million.
    expect(explainRoute(input).ladder[0]?.estimatedCostUsd).toBe(formatUsd(30_000 + choices * 600_000));
  });
});

/** 10 tokens of input and 40 of output cost 0.00063 on the large model, 0.00009 on the small one. */
const bounded = (usd: number, more = "") =>
  snapshotOf(
    BASE_POLICY.replace("max_output_tokens: 40", `max_output_tokens: 40\n    cost_ceiling_usd: ${usd}`) +
      more,
  );
const SPARE = `models:
  spare: { context_window: 1000, prices: { input: 1, output: 2 } }
deployments:
  spare-us: { model: spare, provider: gone, model_id: x, region: us-east-1 }
providers: { gone: { kind: openai, credential: { env: NOT_SET } } }
use_cases: { chat: { ladder: { primary: large@us-east-1, fallback: [spare] } } }
`;

describe("the ceiling", () => {
  test("keeps out whoever could cost more with the output that may be asked for, and says with how much", () => {
    const { rungs, refusals } = draftRoute(routeInput(bounded(0.0005)));
    expect(rungs.map(({ model }) => model)).toEqual(["small"]);
    expect(refusals.map(({ deployment }) => deployment)).toEqual(["large-us", "large-eu"]);
    expect(refusals.slice(0, 1)).toEqual([
      {
        deployment: "large-us",
        rung: "primary",
        constraint: "cost_ceiling",
        reason:
          "The request could cost 0.00063 USD on the model large, with 40 tokens of output, over the ceiling of 0.0005 USD.",
      },
    ]);
  });

  test.each([
    [0.00063, ["large", "large", "small"]],
    [0.000629, ["small"]],
    [0.00009, ["small"]],
    [0.000089, []],
  ])("of %d leaves %p", (usd, models) => {
    expect(draftRoute(routeInput(bounded(usd))).rungs.map(({ model }) => model)).toEqual(models);
  });

  test("that nobody can meet refuses for good: no words stand in, and explain knows", () => {
    const input = routeInput(bounded(0.00001));
    const planned = planRoute(input);
    expect(planned).toMatchObject({ ok: false, fault: { kind: "invalid", code: "no_candidate" } });
    expect(!planned.ok && planned.fault.message).toContain(
      "0.00001 USD with 40 tokens of output: shorten it, or ask",
    );
    expect(explainRoute(input)).toMatchObject({ ladder: [], fault: { code: "no_candidate" } });
  });

  test.each<[string, string, string | null]>([
    ["at this hour", "routes: [{ name: r, match: { hour: 0..23 }, ladder: { primary: large } }]\n", null],
    [
      "for this tier",
      "routes: [{ name: r, match: { tier: premium }, ladder: { primary: large } }]\n",
      "no_candidate",
    ],
  ])("is too low for a rule's model %s", (_what, routes, code) => {
    const planned = planRoute(routeInput(bounded(0.0005, routes)));
    expect(planned.ok ? null : planned.fault.code).toBe(code);
    if (planned.ok) expect([planned.value.rungs.length, planned.value.degraded.length]).toEqual([0, 1]);
  });

  test("is met by a model whose credential may yet come: words stand in until then", () => {
    const ceiling = "use_cases: { chat: { cost_ceiling_usd: 0.0005 } }\n";
    const planned = planRoute(routeInput(snapshotOf(BASE_POLICY, SPARE, ceiling)));
    expect(planned).toMatchObject({ ok: true, value: { rungs: [], degraded: [{ mode: "busy" }] } });
  });
});

test("too long a request is told how much of the window its answer takes", () => {
  const full = BASE_POLICY.replace("max_output_tokens: 40", "max_output_tokens: 500").replace(
    "context_window: 1000",
    "context_window: 505",
  );
  const planned = planRoute(routeInput(snapshotOf(full.replace("fallback: [small]", "fallback: []"))));
  expect(!planned.ok && planned.fault.message).toBe(
    "The request has about 10 tokens of input, 500 more are kept for its answer, and the models of this use case hold 505. " +
      "Shorten the conversation, or ask for fewer output tokens.",
  );
});
