import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../../core/request.ts";
import {
  BASE_POLICY,
  FAKE_CALLER,
  FAKE_HEALTH,
  FAKE_REQUEST,
  routeInput,
  snapshotOf,
} from "../fake-policy.ts";
import { draftRoute, planRoute, type RouteInput, resolveUseCase } from "./plan.ts";

function plan(text: string, change: Partial<RouteInput> = {}) {
  const result = planRoute(routeInput(snapshotOf(text), change));
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function ids(text: string, change: Partial<RouteInput> = {}): readonly string[] {
  return plan(text, change).rungs.flatMap((rung) => rung.candidates.map(({ id }) => `${rung.kind} ${id}`));
}

const asking = (change: Partial<ModelRequest>): Partial<RouteInput> => ({
  request: { ...FAKE_REQUEST, ...change },
});
const useCase = (line: string) => BASE_POLICY.replace("max_output_tokens: 40", line);
const missing = BASE_POLICY.replace(
  "  sim:",
  "  o: { kind: openai, credential: { env: X } }\n  sim:",
).replace(
  "model: large, provider: sim, model_id: l, region: us-east-1",
  "model: large, provider: o, model_id: l, region: us-east-1",
);

describe("constraints that no rule overrides", () => {
  test.each([
    ["none", BASE_POLICY, {}, ["large-us", "large-eu", "small-us"], [], []],
    [
      "residency of the use case",
      useCase('residency: ["eu-*", us-west-2]'),
      {},
      ["large-eu", "small-us"],
      ["large-us"],
      ["residency"],
    ],
    [
      "residency of the caller",
      BASE_POLICY,
      asking({ contract: { residency: ["us-*"] } }),
      ["large-us", "small-us"],
      ["large-eu"],
      ["residency"],
    ],
    [
      "both residencies",
      useCase('residency: ["eu-*", us-east-1]'),
      asking({ contract: { residency: ["us-*"] } }),
      ["large-us"],
      ["large-eu", "small-us"],
      ["residency", "residency"],
    ],
    [
      "capability",
      BASE_POLICY,
      asking({ tools: [{ name: "f", parameters: {} }] }),
      ["large-us", "large-eu"],
      ["small-us"],
      ["capability"],
    ],
    [
      "context window: input and output",
      useCase("max_output_tokens: 40"),
      { estimatedInputTokens: 61 },
      ["large-us", "large-eu"],
      ["small-us"],
      ["context_window"],
    ],
    [
      "context window: just fits",
      useCase("max_output_tokens: 40"),
      { estimatedInputTokens: 60 },
      ["large-us", "large-eu", "small-us"],
      [],
      [],
    ],
    [
      "context window: output it cannot produce needs no room",
      useCase("max_output_tokens: 400"),
      { estimatedInputTokens: 50 },
      ["large-us", "large-eu", "small-us"],
      [],
      [],
    ],
    [
      "context window: as the caller states it",
      BASE_POLICY,
      asking({ contract: { contextWindow: 500 } }),
      ["large-us", "large-eu"],
      ["small-us"],
      ["context_window"],
    ],
    [
      "context window: of several inputs the longest",
      useCase("max_output_tokens: 40"),
      { estimatedInputTokens: 5000, longestInputTokens: 60 },
      ["large-us", "large-eu", "small-us"],
      [],
      [],
    ],
    [
      "context window: the longest input does not fit",
      useCase("max_output_tokens: 40"),
      { estimatedInputTokens: 5000, longestInputTokens: 61 },
      ["large-us", "large-eu"],
      ["small-us"],
      ["context_window"],
    ],
    [
      "safety level raised by the caller",
      BASE_POLICY,
      asking({ contract: { safetyLevel: "high" } }),
      ["large-us", "large-eu"],
      ["small-us"],
      ["safety_level"],
    ],
    [
      "safety level not lowered by the caller",
      useCase("safety_level: high"),
      asking({ contract: { safetyLevel: "low" } }),
      ["large-us", "large-eu"],
      ["small-us"],
      ["safety_level"],
    ],
    [
      "retired",
      BASE_POLICY.replace("small: {", "small: { status: retired,"),
      {},
      ["large-us", "large-eu"],
      ["small-us"],
      ["approval"],
    ],
    [
      "experimental",
      BASE_POLICY.replace("small: {", "small: { status: experimental,"),
      {},
      ["large-us", "large-eu"],
      ["small-us"],
      ["approval"],
    ],
    [
      "deprecated serves",
      BASE_POLICY.replace("small: {", "small: { status: deprecated,"),
      {},
      ["large-us", "large-eu", "small-us"],
      [],
      [],
    ],
    [
      "another's model",
      BASE_POLICY.replace("small: {", "small: { tenants: [other],"),
      {},
      ["large-us", "large-eu"],
      ["small-us"],
      ["tenant"],
    ],
    [
      "the tenant's model",
      BASE_POLICY.replace("small: {", "small: { tenants: [acme],"),
      {},
      ["large-us", "large-eu", "small-us"],
      [],
      [],
    ],
    ["missing credential", missing, {}, ["large-eu", "small-us"], ["large-us"], ["credential"]],
    [
      "over the ceiling",
      useCase("max_output_tokens: 40\n    cost_ceiling_usd: 0.0005"),
      { estimatedInputTokens: 40 },
      ["small-us"],
      ["large-us", "large-eu"],
      ["cost_ceiling", "cost_ceiling"],
    ],
  ] as const)("%s", (_name, text, change, admitted, refused, constraints) => {
    const made = plan(text, change);
    expect(made.rungs.flatMap((rung) => rung.candidates.map(({ id }) => id))).toEqual([...admitted]);
    expect(made.refusals.map(({ deployment }) => deployment)).toEqual([...refused]);
    expect(made.refusals.map(({ constraint }) => constraint)).toEqual([...constraints]);
    for (const { reason } of made.refusals) expect(reason).toMatch(/^The .+\.$/);
  });

  test("a rung without candidates is dropped, and the rest keep their order", () => {
    const made = ids(useCase('residency: ["eu-*", us-west-2]'));
    expect(made).toEqual(["cross-region large-eu", "fallback small-us"]);
  });

  test("they hold against a matching rule too", () => {
    const routes = "routes: [{ name: r, ladder: { primary: small, fallback: [large] } }]\n";
    const made = plan(useCase('residency: ["eu-*"]') + routes);
    expect([made.rule, ...made.rungs.flatMap(({ candidates }) => candidates.map(({ id }) => id))]).toEqual([
      "r",
      "large-eu",
    ]);
  });
});

const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } } as const;

describe("nothing left", () => {
  const nowhere = asking({ contract: { residency: ["ap-*"] } });

  test("with a degraded mode the plan has no rung", () => {
    const made = plan(BASE_POLICY, nowhere);
    expect([made.rungs.length, made.degraded.length, made.refusals.length]).toEqual([0, 1, 3]);
  });

  test("without one it is a fault that counts the reasons and hides names", () => {
    const text = BASE_POLICY.replace("      degraded: [{ busy: { message: Later. } }]\n", "");
    const result = planRoute(routeInput(snapshotOf(text), nowhere));
    if (result.ok) throw new Error("it was planned");
    expect(result.fault).toMatchObject({ kind: "unavailable", code: "no_candidate" });
    expect(result.fault.message).toContain("3 by residency");
    expect(result.fault.message).not.toContain("large-us");
    expect(result.fault.cause?.detail).toContain("large-us");
  });

  const vectors = { operation: "embed", messages: [], embedding: { inputs: ["a"] } } as const;

  test("no mode stands in for vectors: of chat models they are the caller's mistake", () => {
    const result = planRoute(routeInput(snapshotOf(BASE_POLICY), asking(vectors)));
    if (result.ok) throw new Error("it was planned");
    expect(result.fault).toMatchObject({ kind: "invalid", code: "no_candidate", param: "model" });
    expect(result.fault.message).toContain("embeddings");
    expect(result.fault.cause?.detail).toContain("large-us");
  });

  test("where a model of the ladder has vectors and may not serve, they are unavailable", () => {
    const text = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [embeddings]");
    expect(ids(text, asking(vectors))).toEqual(["primary large-us", "cross-region large-eu"]);
    const result = planRoute(
      routeInput(snapshotOf(text), asking({ ...vectors, contract: { safetyLevel: "regulated" } })),
    );
    expect(!result.ok && result.fault).toMatchObject({ kind: "unavailable", code: "no_candidate" });
  });

  test("words asked of models for vectors are the caller's mistake; one that chats, too, is asked", () => {
    const only = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [embeddings]").replace(
      "small: { context_window",
      "small: { capabilities: [embeddings], context_window",
    );
    const result = planRoute(routeInput(snapshotOf(only), asking({})));
    if (result.ok) throw new Error("it was planned");
    expect(result.fault).toMatchObject({ kind: "invalid", code: "no_candidate", param: "model" });
    expect(result.fault.message).toContain("is for embeddings");
    expect(result.fault.cause?.detail).toContain("no capability but embeddings");
    const both = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [tools, embeddings]");
    expect(ids(both, asking({}))[0]).toBe("primary large-us");
  });

  const seeing = asking({ messages: [{ role: "user", content: [image] }] });
  const blind = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [tools]");

  test.each<[string, string, Partial<RouteInput>, object]>([
    ["lacks", blind, seeing, { kind: "invalid", code: "no_candidate" }],
    [
      "is too long for",
      BASE_POLICY,
      { estimatedInputTokens: 5000 },
      { kind: "context_overflow", code: "context_length_exceeded", param: "messages" },
    ],
    [
      "is too long for, or may not use,",
      BASE_POLICY.replace("    max_output_tokens: 40", "    residency: [us-*]\n    max_output_tokens: 40"),
      { estimatedInputTokens: 5000 },
      { kind: "context_overflow" },
    ],
    [
      "says that it is too long for",
      BASE_POLICY,
      asking({ contract: { contextWindow: 7000 } }),
      { kind: "context_overflow", message: expect.stringContaining("7000") },
    ],
    [
      "costs too much for",
      BASE_POLICY.replace("    max_output_tokens: 40", "    cost_ceiling_usd: 0.000000001"),
      {},
      {
        kind: "invalid",
        code: "no_candidate",
        message: expect.stringContaining("0.000000001 USD with 1024 tokens"),
      },
    ],
  ])("what %s every model is the caller's to change, and no mode stands in", (_what, text, change, met) => {
    const input = routeInput(snapshotOf(text), change);
    const result = planRoute(input);
    if (result.ok) throw new Error("it was planned");
    expect(result.fault.message).not.toMatch(/large|small/);
    expect(result.fault).toMatchObject(met);
    expect(draftRoute(input).degraded).toEqual([]);
  });

  test("it says what is lacking", () => {
    const result = planRoute(routeInput(snapshotOf(blind), seeing));
    expect(!result.ok && result.fault.message).toContain("It needs vision: leave that out");
  });

  test("where a model may come back that could serve it, the policy's words stand in", () => {
    const retired = BASE_POLICY.replace("safety_level: high", "safety_level: high, status: experimental");
    const made = plan(retired, { estimatedInputTokens: 500 });
    expect([made.rungs.length, made.degraded.length]).toEqual([0, 1]);
  });

  const spare = `deployments:
  spare-us: { model: spare, provider: sim, model_id: x, region: us-east-1 }
models:
  spare: { context_window: SIZE, STATUS }
use_cases: { chat: { ladder: { fallback: [small, spare] } } }
`;
  const missing =
    "deployments: { spare-us: { provider: gone } }\nproviders: { gone: { kind: openai, credential: { env: NOT_SET } } }\n";

  test.each<[string, string, string, string, boolean]>([
    ["that is retired", "100000", "status: retired", "", true],
    ["that is experimental, and too small", "200", "status: experimental", "", true],
    ["that is experimental", "100000", "status: experimental", "", false],
    ["without a credential, and too small", "200", "status: approved", missing, true],
    ["without a credential", "100000", "status: approved", missing, false],
  ])("a model %s (%s tokens)", (_what, size, status, overlay, forGood) => {
    const spared = spare.replace("SIZE", size).replace("STATUS", status);
    const snapshot = snapshotOf(BASE_POLICY, spared, ...(overlay === "" ? [] : [overlay]));
    const drafted = draftRoute(routeInput(snapshot, { estimatedInputTokens: 5000 }));
    expect(drafted.refusals.map(({ constraint }) => constraint)).toContain("context_window");
    expect([drafted.refusedForGood === true, drafted.degraded.length]).toEqual(
      forGood ? [true, 0] : [false, 1],
    );
  });

  const sick = "when: '!signals.healthy[\"large-us\"]'";
  test.each<[string, string, boolean]>([
    ["while another model is down", `  - { name: r, ${sick}, ladder: { primary: small } }\n`, false],
    ["at this hour", "  - { name: r, match: { hour: 0..23 }, ladder: { primary: small } }\n", false],
    ["for this tier", "  - { name: r, match: { tier: premium }, ladder: { primary: small } }\n", true],
    [
      "for this tier, but not when another one is down",
      `  - { name: q, when: 'signals.healthy["large-eu"] == false', ladder: { primary: large } }\n  - { name: r, match: { tier: premium }, ladder: { primary: small } }\n`,
      false,
    ],
  ])("too long for a rule's model %s", (_what, rules, forGood) => {
    const health = { ...FAKE_HEALTH, healthy: (id: string) => id !== "large-us" };
    const input = routeInput(snapshotOf(`${BASE_POLICY}routes:\n${rules}`), {
      estimatedInputTokens: 500,
      health,
    });
    const drafted = draftRoute(input);
    expect(drafted.rule).toBe("r");
    expect([drafted.refusedForGood === true, drafted.degraded.length]).toEqual(
      forGood ? [true, 0] : [false, 1],
    );
  });

  test("too long a text to embed is told as such", () => {
    const text = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [embeddings]").replace(
      "      fallback: [small]\n",
      "",
    );
    const result = planRoute(
      routeInput(snapshotOf(text), {
        ...asking(vectors),
        estimatedInputTokens: 5000,
        longestInputTokens: 3000,
      }),
    );
    expect(!result.ok && result.fault).toMatchObject({ kind: "context_overflow", param: "input" });
  });

  test("tokens are counted all the same: the gateway's estimate needs no model", () => {
    expect(plan(BASE_POLICY, { ...asking({ ...nowhere.request, operation: "count_tokens" }) }).rungs).toEqual(
      [],
    );
    const long = { ...asking({ operation: "count_tokens" }), estimatedInputTokens: 5000 };
    expect(plan(BASE_POLICY, long).rungs).toEqual([]);
  });
});

describe("rules", () => {
  const routes = `routes:
  - { name: night, when: "signals.hour >= 22 || signals.hour < 6", ladder: { primary: small } }
  - { name: free, when: 'caller.tier == "free"', ladder: { primary: small } }
  - { name: images, when: request.has_images, ladder: { primary: large@eu-west-1 } }
  - { name: sick, when: '!signals.healthy["large-us"]', ladder: { primary: large@eu-west-1 } }
  - { name: strict, when: 'request.safety_level == "high"', ladder: { primary: large } }
`;
  const text = BASE_POLICY + routes;
  const sick = { healthy: (id: string) => id !== "large-us", firstTokenMs: () => 0, inFlight: () => 0 };

  test.each([
    ["default", {}],
    ["night", { now: Date.UTC(2026, 5, 1, 23) }],
    ["night", { now: Date.UTC(2026, 5, 1, 23), caller: { ...FAKE_CALLER, tier: "free" } }],
    ["free", { caller: { ...FAKE_CALLER, tier: "free" } }],
    ["images", asking({ messages: [{ role: "user", content: [image] }] })],
    ["sick", { health: sick }],
    ["strict", asking({ contract: { safetyLevel: "high" } })],
  ] satisfies [string, Partial<RouteInput>][])("%s is the first that matches", (rule, change) => {
    expect(plan(text, change).rule).toBe(rule);
  });
});

describe("the contract", () => {
  test("the caller's values come before the use case's", () => {
    const made = plan(BASE_POLICY, asking({ contract: { taskType: "code", latencyTier: "batch" } }));
    expect([made.taskType, made.latencyTier, made.timeouts.total]).toEqual(["code", "batch", 300_000]);
  });

  test.each([
    [undefined, "max_output_tokens: 40", 40],
    [30, "max_output_tokens: 40", 30],
    [90, "max_output_tokens: 40", 40],
    [90, "format_retries: 1", 90],
    [undefined, "format_retries: 1", 1024],
  ])("asked for %p tokens under %s: %d planned", (maxTokens, line, expected) => {
    const sampling = maxTokens === undefined ? {} : { maxTokens };
    expect(plan(useCase(line), asking({ sampling })).estimatedOutputTokens).toBe(expected);
  });

  test("where nobody states a limit, thoughts that are asked for have room beside the answer", () => {
    const asked = asking({ sampling: {}, reasoning: { effort: "high" } });
    expect(plan(useCase("format_retries: 1"), asked)).toMatchObject({
      openEnded: true,
      estimatedOutputTokens: 2048,
    });
  });
});

describe("resolveUseCase", () => {
  const others = Array.from(
    { length: 30 },
    (_, i) => `  u${i}: { ladder: { primary: small, degraded: [{ busy: { message: x } }] } }`,
  );
  const snapshot = snapshotOf(`${useCase("aliases: [gpt-4o]")}${others.join("\n")}\n`);
  const limited = { ...FAKE_CALLER, useCases: ["chat", "u3"] };

  test.each(["chat", "gpt-4o"])("%s is found", (target) => {
    const result = resolveUseCase(snapshot, target, limited);
    expect(result.ok && result.value.id).toBe("chat");
  });

  test.each(["nothing", "u4", "constructor"])(
    "%s is not there for this key, which hears what is",
    (target) => {
      const result = resolveUseCase(snapshot, target, limited);
      if (result.ok) throw new Error("it was found");
      expect(result.fault).toMatchObject({ kind: "not_found", code: "model_not_found", param: "model" });
      expect(result.fault.message).toContain("This key may use: chat, u3.");
    },
  );

  test("at most 20 names are listed, and a near one is suggested", () => {
    const result = resolveUseCase(snapshot, "chatt", FAKE_CALLER);
    if (result.ok) throw new Error("it was found");
    expect(result.fault.message).toContain('Did you mean "chat"?');
    expect(result.fault.message).toContain("and 11 more");
  });

  test("a long target is cut and cannot break the message's line", () => {
    const result = resolveUseCase(snapshot, `a\n${"x".repeat(5000)}`, FAKE_CALLER);
    if (result.ok) throw new Error("it was found");
    expect(result.fault.message.length).toBeLessThan(600);
    expect(result.fault.message).not.toContain("\n");
  });
});
