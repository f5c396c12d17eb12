import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../core/clock.ts";
import { SAFETY_LEVELS } from "../../core/contract.ts";
import type { ModelRequest } from "../../core/request.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { planRoute } from "../routing/plan.ts";
import { explainRoute } from "./explain.ts";

const ROUTES = `routes:
  - { name: free, when: 'caller.tier == "free"', ladder: { primary: small, fallback: [large] } }
  - { name: long, when: signals.input_tokens > 50, ladder: { primary: { model: large, select: sticky } } }
`;
const snapshots = [
  snapshotOf(BASE_POLICY + ROUTES),
  snapshotOf(BASE_POLICY.replace("      degraded: [{ busy: { message: Later. } }]\n", "") + ROUTES),
];

const requests: fc.Arbitrary<ModelRequest> = fc
  .record({
    tools: fc.boolean(),
    safetyLevel: fc.constantFrom(...SAFETY_LEVELS),
    residency: fc.constantFrom(["us-*"], ["eu-*"], ["ap-*"], ["*"]),
    maxTokens: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ tools, safetyLevel, residency, maxTokens }) => ({
    ...FAKE_REQUEST,
    tools: tools ? [{ name: "f", parameters: {} }] : [],
    contract: { safetyLevel, residency },
    sampling: { maxTokens },
  }));

test("explain and plan agree on every request, and every deployment is either a candidate or refused", () => {
  fc.assert(
    fc.property(
      requests,
      fc.constantFrom(...snapshots),
      fc.constantFrom("free", "premium"),
      fc.nat(1200),
      fc.nat(),
      (request, snapshot, tier, estimatedInputTokens, seed) => {
        const caller = { ...FAKE_CALLER, tier };
        const ask = () =>
          routeInput(snapshot, { request, caller, estimatedInputTokens, random: seededRandom(seed) });
        const planned = planRoute(ask());
        const explained = explainRoute(ask());
        expect(explained.fault?.code ?? null).toBe(planned.ok ? null : planned.fault.code);
        const ladder = explained.ladder.map(({ rung, candidates }) => [
          rung,
          ...candidates.map((c) => c.deployment),
        ]);
        const rungs = planned.ok ? planned.value.rungs : [];
        expect(ladder).toEqual(
          rungs.map(({ kind, candidates }) => [kind, ...candidates.map(({ id }) => id)]),
        );
        if (planned.ok) expect(explained.refusals).toEqual(planned.value.refusals);
        if (planned.ok) expect(explained.rule).toBe(planned.value.rule);
        expect(
          explained.rules.filter(({ verdict }) => verdict === "matched").map(({ name }) => name),
        ).toEqual([explained.rule]);
        const { useCase } = ask();
        const chosen = useCase.rules.find(({ name }) => name === explained.rule)?.ladder ?? useCase.ladder;
        const all = chosen.flatMap(({ deployments }) => deployments.map(({ id }) => id));
        const accounted = [
          ...ladder.flatMap(([, ...ids]) => ids),
          ...explained.refusals.map((r) => r.deployment),
        ];
        expect(accounted.toSorted()).toEqual(all.toSorted());
        expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
      },
    ),
  );
});

test("what a person reads", () => {
  const snapshot = snapshotOf(BASE_POLICY + ROUTES);
  const explained = explainRoute(
    routeInput(snapshot, { estimatedInputTokens: 60, request: { ...FAKE_REQUEST, user: "u" } }),
  );
  expect(explained.rules).toEqual([
    { name: "free", condition: 'caller.tier == "free"', verdict: "not_matched" },
    { name: "long", condition: "signals.input_tokens > 50", verdict: "matched" },
    { name: "default", condition: null, verdict: "skipped" },
  ]);
  // 60 tokens at 3 USD and 40 at 15 USD per million.
  expect(explained.ladder[0]?.estimatedCostUsd).toBe("0.00078");
  expect(explained.ladder[0]).toMatchObject({ rung: "primary", model: "large", selection: "sticky" });
  expect(explained.degraded[0]?.mode).toBe("busy");
});

test("an estimate counts all that is planned where nobody stated what the model can produce", () => {
  const wide = BASE_POLICY.replace("context_window: 1000", "context_window: 100000").replace(
    "max_output_tokens: 40",
    "max_output_tokens: 8000",
  );
  const cost = (text: string) =>
    explainRoute(routeInput(snapshotOf(text), { estimatedInputTokens: 1000 })).ladder[0]?.estimatedCostUsd;
  expect(cost(wide)).toBe("0.0105");
  expect(cost(wide.replace(" max_output_tokens: 500,", ""))).toBe("0.123");
});
