import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../core/clock.ts";
import { explainRoute } from "../explain/explain.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { parsePolicy, testPolicy } from "../reading/load.ts";
import { draftRoute } from "../routing/plan.ts";

const withRollouts = (text: string) => `${BASE_POLICY}${text}`;

/** Users `u0` … whose requests are planned one by one. */
function plansOf(policy: string, count = 400) {
  const snapshot = snapshotOf(policy);
  const random = seededRandom(3);
  return Array.from({ length: count }, (_, i) =>
    draftRoute(routeInput(snapshot, { random, request: { ...FAKE_REQUEST, user: `u${i}` } })),
  );
}

const modelsOf = (plan: ReturnType<typeof draftRoute>) =>
  plan.rungs.map(({ kind, candidates }) => `${kind}:${candidates.map(({ id }) => id).join("+")}`);

describe("a canary", () => {
  const CANARY = withRollouts(
    "rollouts:\n  - { name: try-small, use_case: chat, canary: { candidate: small, weight: 25 } }\n",
  );

  test("parts users by weight and says so in the plan", () => {
    const plans = plansOf(CANARY);
    const taken = plans.filter(({ arm }) => arm?.experiment.arm === "candidate");
    // Binomial(400, 1/4): five standard deviations are 43.
    expect(Math.abs(taken.length - 100)).toBeLessThan(43);
    expect(new Set(plans.map(({ arm }) => arm?.label))).toEqual(
      new Set(["try-small/stable", "try-small/candidate"]),
    );
  });

  test("a candidate goes before what serves today, which answers when it cannot", () => {
    const [taken] = plansOf(CANARY).filter(({ arm }) => arm?.experiment.arm === "candidate");
    const [other] = plansOf(CANARY).filter(({ arm }) => arm?.experiment.arm === "stable");
    if (!taken || !other) throw new Error("no such plan");
    expect(modelsOf(taken)).toEqual(["primary:small-us", "fallback:large-us", "fallback:large-eu"]);
    expect(modelsOf(other)).toEqual(["primary:large-us", "cross-region:large-eu", "fallback:small-us"]);
  });

  test("a whole ladder replaces it", () => {
    const plans = plansOf(
      withRollouts(
        "rollouts:\n  - { name: r, canary: { candidate: { ladder: { primary: small } }, weight: 100 } }\n",
      ),
      3,
    );
    for (const plan of plans) expect(modelsOf(plan)).toEqual(["primary:small-us"]);
  });

  test("without a weight begins at the first of its steps", () => {
    const { useCases } = snapshotOf(
      withRollouts("rollouts:\n  - { name: r, canary: { candidate: small, steps: [5%, 25, 100] } }\n"),
    );
    expect(useCases.get("chat")?.rollouts[0]?.arms.map(({ weight }) => weight)).toEqual([95, 5]);
  });

  test("goes over the ladder of the rule that matched", () => {
    const [plan] = plansOf(
      withRollouts(
        "routes:\n  - { name: eu, ladder: { primary: large@eu-west-1, cross_region: none } }\n" +
          "rollouts:\n  - { name: r, canary: { candidate: small, weight: 100 } }\n",
      ),
      1,
    );
    expect(plan?.rule).toBe("eu");
    expect(plan && modelsOf(plan)).toEqual(["primary:small-us", "fallback:large-eu"]);
  });

  test("takes in those whom its condition fits, by match and by CEL", () => {
    const snapshot = snapshotOf(
      withRollouts(
        "rollouts:\n" +
          "  - { name: free, match: { tier: free }, canary: { candidate: small, weight: 100 } }\n" +
          "  - { name: acme, when: 'caller.tenant == \"acme\"', canary: { candidate: small, weight: 100 } }\n",
      ),
    );
    const labelOf = (tier: string, tenant: string) =>
      draftRoute(routeInput(snapshot, { caller: { ...FAKE_CALLER, tier, tenant } })).arm?.label;
    expect(labelOf("free", "acme")).toBe("free/candidate");
    expect(labelOf("premium", "acme")).toBe("acme/candidate");
    expect(labelOf("premium", "other")).toBeUndefined();
  });

  test("constraints strike out an arm's deployments as any others", () => {
    const plans = plansOf(
      withRollouts("rollouts:\n  - { name: r, canary: { candidate: small, weight: 100 } }\n").replace(
        "max_output_tokens: 40\n",
        "max_output_tokens: 40\n    safety_level: standard\n",
      ),
      1,
    );
    expect(plans[0]?.rungs[0]?.model).toBe("small");
    const snapshot = snapshotOf(
      withRollouts("rollouts:\n  - { name: r, canary: { candidate: small, weight: 100 } }\n"),
    );
    const strict = draftRoute(
      routeInput(snapshot, { request: { ...FAKE_REQUEST, contract: { safetyLevel: "high" } } }),
    );
    expect(strict.arm?.label).toBe("r/candidate");
    expect(strict.rungs[0]?.model).toBe("large");
    expect(strict.refusals).toContainEqual(
      expect.objectContaining({ deployment: "small-us", constraint: "safety_level" }),
    );
  });
});

describe("prompts and parameters as arms", () => {
  const TEXT = withRollouts(`rollouts:
  - name: words
    canary:
      arms:
        control: { weight: 20 }
        brief: { weight: 30, system_prompt: { id: support, version: 7, text: "Be brief. ${"x".repeat(76)}" } }
        warm: { weight: 50, parameters: { temperature: 1, max_tokens: 30, reasoning: low } }
`);

  test("three arms, each with what it changes", () => {
    const arms = snapshotOf(TEXT).useCases.get("chat")?.rollouts[0]?.arms ?? [];
    expect(arms.map(({ label, weight }) => [label, weight])).toEqual([
      ["words/control", 20],
      ["words/brief", 30],
      ["words/warm", 50],
    ]);
    expect(arms[0]?.change).toBeNull();
    expect(arms[1]?.experiment).toEqual({ rollout: "words", arm: "brief", prompt: "support@7" });
    expect(arms[2]?.change?.sampling).toEqual({ temperature: 1, maxTokens: 30 });
    expect(arms[2]?.change?.reasoning).toEqual({ effort: "low" });
  });

  test("a prompt adds to what the request needs, a limit takes from it", () => {
    const snapshot = snapshotOf(TEXT);
    const planOf = (arm: string) =>
      draftRoute(routeInput(snapshot, { arm: { label: `words/${arm}`, applied: false } }));
    expect(planOf("control").estimatedInputTokens).toBe(10);
    expect(planOf("brief").estimatedInputTokens).toBe(32);
    expect(planOf("control").estimatedOutputTokens).toBe(40);
    expect(planOf("warm").estimatedOutputTokens).toBe(30);
  });
});

test("blue-green: all requests go to the one that is live, and one word switches", () => {
  const text = (live: string) =>
    withRollouts(`rollouts:\n  - { name: r, blue_green: { green: small, live: ${live} } }\n`);
  for (const plan of plansOf(text("blue"), 50)) expect(plan.arm?.label).toBe("r/blue");
  for (const plan of plansOf(text("green"), 50)) {
    expect(plan.arm?.label).toBe("r/green");
    expect(plan.rungs[0]?.model).toBe("small");
  }
});

describe("a shadow", () => {
  const shadow = (more: string) =>
    withRollouts(
      `rollouts:\n  - { name: s, ${more}shadow: { candidate: small, share: 25%, max_cost_usd_per_hour: 1 } }\n`,
    );

  test("copies a share of requests and leaves the plan as it was", () => {
    const plans = plansOf(shadow(""));
    const copied = plans.filter(({ shadows }) => shadows !== undefined);
    expect(Math.abs(copied.length - 100)).toBeLessThan(43);
    expect(copied[0]?.shadows).toEqual([
      expect.objectContaining({
        experiment: { rollout: "s", arm: "candidate" },
        deployment: expect.objectContaining({ id: "small-us" }),
        maxCostPerHour: 1e9,
      }),
    ]);
    for (const plan of plans) {
      expect(plan.arm).toBeUndefined();
      expect(plan.rungs[0]?.model).toBe("large");
    }
  });

  test("sticky: the same users every time", () => {
    const once = plansOf(shadow("sticky: user, ")).map(({ shadows }) => shadows !== undefined);
    const again = plansOf(shadow("sticky: user, ")).map(({ shadows }) => shadows !== undefined);
    expect(again).toEqual(once);
    expect(Math.abs(once.filter(Boolean).length - 100)).toBeLessThan(43);
  });

  test("a candidate that may not serve the request gets no copy", () => {
    const snapshot = snapshotOf(shadow("").replace("25%", "100"));
    const high = { ...FAKE_REQUEST, contract: { safetyLevel: "high" } } as const;
    expect(draftRoute(routeInput(snapshot, { request: high })).shadows).toBeUndefined();
    expect(draftRoute(routeInput(snapshot)).shadows).toHaveLength(1);
  });

  test("counting tokens is not copied", () => {
    const snapshot = snapshotOf(shadow("").replace("25%", "100"));
    const counting = { ...FAKE_REQUEST, operation: "count_tokens" } as const;
    expect(draftRoute(routeInput(snapshot, { request: counting })).shadows).toBeUndefined();
  });
});

test("a policy's own tests know arms, also without the credentials of this machine", () => {
  const text = withRollouts(
    `rollouts:
  - { name: r, match: { tier: free }, canary: { candidate: { ladder: { primary: small } }, weight: 100 } }
tests:
  - { name: t, request: { use_case: chat, caller: { tier: free } }, expect: { primary: small-us } }
  - { name: u, request: { use_case: chat }, expect: { primary: large-us } }
`,
  )
    .replace("  sim:", "  o: { kind: openai, credential: { env: NOT_SET } }\n  sim:")
    .replace("model: small, provider: sim", "model: small, provider: o");
  const sources = [{ file: "p.yaml", text }];
  const { document } = parsePolicy(sources);
  if (document === null) throw new Error("no document");
  expect(testPolicy({ document, snapshot: snapshotOf(text) }, sources)).toMatchObject({
    passed: 2,
    failed: [],
  });
});

describe("explain", () => {
  const CANARY = withRollouts(
    "rollouts:\n  - { name: r, sticky: caller, canary: { candidate: small, weight: 5 } }\n",
  );

  test("shows which arm, by what, and where the key stands", () => {
    const { rollout } = explainRoute(routeInput(snapshotOf(CANARY)));
    if (rollout === null) throw new Error("no rollout");
    const [stable, candidate] = rollout.arms;
    expect(rollout).toMatchObject({ rollout: "r", kind: "canary", sticky: "caller", why: "weight" });
    expect(rollout.arm).toBe((candidate?.bucket ?? 0) < 5 ? "candidate" : "stable");
    expect((stable?.bucket ?? 0) + (candidate?.bucket ?? 0)).toBeCloseTo(100, 1);
  });

  test("asks what another arm would do", () => {
    const asked = explainRoute(
      routeInput(snapshotOf(CANARY), { arm: { label: "r/candidate", applied: false } }),
    );
    expect(asked.rollout).toMatchObject({ arm: "candidate", why: "asked" });
    expect(asked.ladder[0]?.model).toBe("small");
  });

  test("a blue-green rollout is live by its word, one that draws has no bucket", () => {
    const pair = withRollouts("rollouts:\n  - { name: r, blue_green: { green: small } }\n");
    expect(explainRoute(routeInput(snapshotOf(pair))).rollout).toMatchObject({ arm: "blue", why: "live" });
    const drawn = explainRoute(routeInput(snapshotOf(CANARY.replace("sticky: caller", "sticky: request"))));
    expect(drawn.rollout).toMatchObject({ why: "drawn", arms: [{ bucket: null }, { bucket: null }] });
  });

  test("survives JSON, shadows and flags included", () => {
    const text = withRollouts(
      "flags: { fast: {} }\n" +
        "rollouts:\n  - { name: s, shadow: { candidate: small, share: 100, max_cost_usd_per_hour: 1 } }\n",
    );
    const explained = explainRoute(routeInput(snapshotOf(text)));
    expect(explained.shadows).toEqual([{ rollout: "s", deployment: "small-us", model: "small" }]);
    expect(explained.flags).toEqual([{ flag: "fast", value: false, variant: "off", reason: "DEFAULT" }]);
    expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
  });
});
