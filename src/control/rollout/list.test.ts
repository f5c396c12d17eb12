import { expect, test } from "bun:test";
import { aDecision, decisionId } from "../../../test/contract/store/decision-fixture.ts";
import type { Decision } from "../../core/decision.ts";
import { BASE_POLICY, snapshotOf } from "../../policy/fake-policy.ts";
import { recordOf } from "../../store/decision-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { listRollouts } from "./list.ts";

const POLICY = `${BASE_POLICY}rollouts:
  - { name: try, canary: { candidate: { model: small, system_prompt: { id: p, version: 3, text: Hi. } }, weight: 25 } }
  - { name: copy, when: request.stream, shadow: { candidate: small, share: 10, max_cost_usd_per_hour: 1 } }
`;

async function listOf(decisions: readonly Decision[], last = 1000) {
  const store = createMemoryStore();
  await store.decisions.append(decisions.map(recordOf));
  return listRollouts({ snapshot: snapshotOf(POLICY), decisions: store.decisions }, last);
}

const inArm = (n: number, arm: string, more: Partial<Decision> = {}) =>
  aDecision(n, { useCase: "chat", experiment: { rollout: "try", arm }, ...more });

test("what each arm got, and how it did", async () => {
  const { rollouts, decisions } = await listOf([
    ...Array.from({ length: 20 }, (_, n) => inArm(n, "stable", { firstTokenMs: n + 1, cost: 1000 })),
    inArm(20, "candidate", { outcome: "failed", cost: null, firstTokenMs: null }),
    inArm(21, "candidate", { outcome: "degraded", cost: 500, firstTokenMs: 70 }),
    inArm(22, "candidate", { outcome: "cancelled", cost: 500, firstTokenMs: 90 }),
    inArm(23, "candidate", { cost: 500, firstTokenMs: 80 }),
    inArm(24, "retired", { cost: 500 }),
    aDecision(25, { useCase: "chat" }),
  ]);
  expect(decisions).toBe(26);
  expect(rollouts[0]).toMatchObject({ rollout: "try", kind: "canary", useCases: ["chat"], condition: null });
  const [stable, candidate] = rollouts[0]?.arms ?? [];
  expect(stable).toMatchObject({
    arm: "stable",
    weight: 75,
    model: null,
    prompt: null,
    requests: 20,
    share: 80,
    failed: 0,
    firstTokenP95Ms: 19,
    cost: 20_000,
    unpriced: 0,
  });
  expect(candidate).toMatchObject({
    model: "small",
    prompt: "p@3",
    requests: 4,
    share: 16,
    failed: 1,
    degraded: 1,
    firstTokenP95Ms: 90,
    cost: 1500,
    unpriced: 1,
  });
});

test("a shadow stands beside the live answers to the same requests", async () => {
  const copy = (n: number, of: number, more: Partial<Decision> = {}) =>
    aDecision(n, {
      useCase: "chat",
      experiment: { rollout: "copy", arm: "candidate" },
      shadowOf: decisionId(of),
      ...more,
    });
  const { rollouts } = await listOf([
    aDecision(0, { useCase: "chat", firstTokenMs: 10, cost: 100 }),
    aDecision(1, { useCase: "chat", firstTokenMs: 20, cost: 100 }),
    aDecision(2, { useCase: "chat" }),
    aDecision(3, { useCase: "chat" }),
    copy(4, 0, { firstTokenMs: 5, cost: 7, formatValid: true }),
    copy(5, 1, { outcome: "failed", firstTokenMs: null, cost: 0, formatValid: false }),
  ]);
  expect(rollouts[1]).toMatchObject({ rollout: "copy", kind: "shadow", condition: "request.stream" });
  expect(rollouts[1]?.arms).toMatchObject([
    { arm: "live", weight: null, requests: 2, share: 50, failed: 0, firstTokenP95Ms: 20, cost: 200 },
    {
      arm: "candidate",
      weight: 10,
      model: "small",
      requests: 2,
      share: 50,
      failed: 1,
      firstTokenP95Ms: 5,
      cost: 7,
      formatAsked: 2,
      formatValid: 1,
    },
  ]);
});

test("no more than the last decisions, over several pages, and none is none", async () => {
  const many = Array.from({ length: 1200 }, (_, n) => inArm(n, n < 600 ? "stable" : "candidate"));
  const { rollouts, decisions, since } = await listOf(many, 700);
  expect(decisions).toBe(700);
  expect(since).toBe(aDecision(500).at);
  expect(rollouts[0]?.arms.map(({ requests }) => requests)).toEqual([100, 600]);
  const empty = await listOf([]);
  expect(empty).toMatchObject({ decisions: 0, since: null });
  expect(empty.rollouts[0]?.arms[0]).toMatchObject({ requests: 0, share: null, firstTokenP95Ms: null });
});
