import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import { NO_USAGE } from "../../core/events.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, routeInput, snapshotOf } from "../../policy/fake-policy.ts";
import { RoutingTap } from "../../policy/replay/routing-tap.ts";
import { digestOfUser } from "../../policy/rollouts/sticky-key.ts";
import { draftRoute, planRoute, type RouteInput } from "../../policy/routing/plan.ts";
import { Replay } from "./replay.ts";

const USAGE = { ...NO_USAGE, inputTokens: 1000, cacheReadTokens: 2000, outputTokens: 100 };

/** The record that the gateway writes of `request`, answered by whoever came first. */
function recordOf(
  snapshot: ConfigSnapshot,
  request: ModelRequest,
  change: Partial<RouteInput> = {},
  n = 1,
): Decision {
  const outside = {
    health: change.health ?? {
      healthy: (id: string) => (id.length * n) % 3 !== 0,
      firstTokenMs: (id: string) => (id.charCodeAt(0) * n) % 700,
      inFlight: (id: string) => (id.charCodeAt(1) + n) % 9,
    },
    flags: change.flags ?? null,
    random: change.random ?? seededRandom(n),
    spend: { spent: () => n * 400_000_000 },
    caller: change.caller ?? FAKE_CALLER,
    useCase: request.target,
    now: 0,
  };
  const tap = new RoutingTap(outside, request);
  const input = routeInput(snapshot, {
    request,
    now: Date.UTC(2026, 2, 1) + n * 977_000,
    ...change,
    health: tap,
    flags: tap.flags,
    random: tap.random,
    estimates: tap.estimates,
    spend: tap,
    ...(request.user !== undefined && { userDigest: digestOfUser(request.user) }),
  });
  const planned = planRoute(input);
  const plan = planned.ok ? planned.value : draftRoute(input);
  tap.seal(snapshot.estimates);
  const first = plan.rungs[0]?.candidates[0];
  const { keyId, tenant, tier } = input.caller;
  const decision: Decision = {
    id: `dec_${String(n).padStart(19, "0")}`,
    requestId: "req_1",
    traceId: "0",
    at: input.now,
    keyId,
    tenant,
    tier,
    wire: "openai-chat",
    useCase: plan.useCase,
    rule: plan.rule,
    policyVersion: snapshot.version,
    stream: request.stream,
    contract: request.contract,
    estimatedInputTokens: plan.estimatedInputTokens,
    refusals: plan.refusals,
    attempts: first
      ? [
          {
            rung: "primary",
            deployment: first.id,
            model: first.model.id,
            provider: first.provider,
            region: first.region,
            result: "ok",
            startedAtMs: 0,
            waitedMs: 0,
            durationMs: 1,
            usage: USAGE,
            cost: first.model.prices ? 4_500_000 : null,
          },
        ]
      : [],
    outcome: first ? "answered" : "failed",
    status: first ? 200 : 503,
    rung: null,
    degraded: null,
    model: first?.model.id ?? null,
    modelVersion: null,
    provider: null,
    region: null,
    finish: null,
    fault: null,
    usage: USAGE,
    cost: null,
    warnings: [],
    durationMs: 1,
    firstTokenMs: null,
    simulated: false,
    routing: tap.facts(input, plan, snapshot.estimates),
  };
  // As it is kept and exported: text.
  return JSON.parse(JSON.stringify(decision));
}

function replayed(snapshot: ConfigSnapshot, ...records: readonly unknown[]) {
  const replay = new Replay(snapshot);
  for (const record of records) replay.add(record);
  return replay.report();
}

/** Everything that routing can depend on: chance, health, users, flags, estimates, time, needs. */
const BUSY_POLICY = `${BASE_POLICY.replace(
  "primary: large@us-east-1",
  "primary: { model: large, select: lowest_latency }",
)}  spread:
    safety_level: low
    ladder: { primary: { model: large, select: weighted }, fallback: [small] }
  narrow:
    residency: [us-*]
    ladder: { primary: { model: large, select: least_busy } }
  sticky:
    aliases: [stuck]
    exercise: { share: 0.3 }
    ladder: { primary: { model: large, select: sticky }, fallback: [small] }
routes:
  - { name: hard, match: { complexity: ">= 0.3" }, ladder: { primary: large } }
  - { name: german, match: { language: de }, ladder: { primary: large@eu-west-1 } }
  - { name: sick, when: '!signals.healthy["large-us"] && request.messages > 1', ladder: { primary: large@eu-west-1, fallback: [small] } }
  - { name: slow, when: 'signals.first_token_ms["large-eu"] > 500 && signals.hour < 12', ladder: { primary: large@us-east-1 } }
  - { name: costly, when: signals.spend_key_today > 1.0 && caller.tier == "free" && request.stream, ladder: { primary: small } }
  - { name: flagged, when: flags.fast && caller.tier == "free", ladder: { primary: small } }
rollouts:
  - { name: try, use_case: spread, canary: { candidate: small, weight: 30 } }
  - { name: drawn, use_case: narrow, sticky: request, canary: { candidate: small, weight: 50 } }
flags:
  fast: { variants: { on: true, off: false }, default: off, rollout: { variant: on, percent: 40, sticky: user } }
`;

const request = fc.record({
  target: fc.constantFrom("chat", "spread", "narrow", "sticky", "stuck"),
  text: fc.constantFrom(
    "Hey",
    "Prove the theorem and compare three approaches step by step.",
    "Wo ist mein Paket? Ich warte seit drei Wochen auf die Lieferung.",
  ),
  user: fc.option(fc.string({ minLength: 1, maxLength: 12 }), { nil: undefined }),
  tools: fc.boolean(),
  image: fc.boolean(),
  format: fc.constantFrom("text", "json", "json_schema"),
  stream: fc.boolean(),
  maxTokens: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
  choices: fc.constantFrom(1, 2),
  messages: fc.integer({ min: 1, max: 4 }),
  residency: fc.constantFrom(undefined, ["eu-*"], ["us-*"], ["ap-*"]),
  tier: fc.constantFrom("free", "premium"),
  tokens: fc.integer({ min: 1, max: 1500 }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});

type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

function requestOf(asked: Asked): ModelRequest {
  const text = { role: "user" as const, content: [{ type: "text" as const, text: asked.text }] };
  const image = { type: "image" as const, source: { kind: "url" as const, url: "https://x.example/a.png" } };
  const messages = Array.from({ length: asked.messages }, () => text);
  const format =
    asked.format === "json_schema"
      ? { type: "json_schema" as const, name: "s", schema: {}, strict: true }
      : { type: asked.format as "text" | "json" };
  return {
    ...FAKE_REQUEST,
    target: asked.target,
    contract: asked.residency === undefined ? {} : { residency: asked.residency },
    messages: asked.image ? [{ ...text, content: [...text.content, image] }, ...messages] : messages,
    tools: asked.tools ? [{ name: "t", parameters: {} }] : [],
    sampling: {
      ...(asked.maxTokens !== undefined && { maxTokens: asked.maxTokens }),
      ...(asked.choices > 1 && { choices: asked.choices }),
    },
    responseFormat: format,
    stream: asked.stream,
    ...(asked.user !== undefined && { user: asked.user }),
  };
}

describe("the policy that made the records", () => {
  test("would do the same again, whatever was asked, of whom, and in which condition", () => {
    const snapshot = snapshotOf(BUSY_POLICY);
    const seen = new Set<string>();
    fc.assert(
      fc.property(request, (asked) => {
        const caller = { ...FAKE_CALLER, tier: asked.tier };
        const change = { caller, estimatedInputTokens: asked.tokens };
        const record = recordOf(snapshot, requestOf(asked), change, asked.seed);
        const { planned } = record.routing ?? {};
        seen.add(planned?.refused ?? planned?.first?.deployment ?? "degraded").add(planned?.rule ?? "");
        if (planned?.arm) seen.add(planned.arm);
        const report = replayed(snapshot, record);
        expect(report).toMatchObject({ records: 1, replayed: 1, unchanged: 1, redrawn: 0, groups: [] });
      }),
      { numRuns: 3000, seed: 7 },
    );
    // The property says little where everything goes the same way.
    for (const way of ["no_candidate", "large-us", "large-eu", "small-us", "degraded", "hard", "german"]) {
      expect(seen).toContain(way);
    }
    for (const way of ["sick", "slow", "costly", "flagged", "default", "try/candidate", "try/stable"]) {
      expect(seen).toContain(way);
    }
  });

  test("knows what its caller hears of a request that is too long, and that one is shortened instead", () => {
    const snapshot = snapshotOf(BASE_POLICY);
    const shortening = snapshotOf(BASE_POLICY, "use_cases: { chat: { on_overflow: [truncate_oldest] } }\n");
    const tooLong = { estimatedInputTokens: 5000 };
    const [one] = FAKE_REQUEST.messages;
    const talk = { ...FAKE_REQUEST, messages: [one, one, one].flatMap((message) => message ?? []) };
    const refused = recordOf(snapshot, talk, tooLong);
    expect(refused.routing?.planned).toEqual({ rule: "default", refused: "context_length_exceeded" });
    expect(replayed(snapshot, refused)).toMatchObject({ changed: 0, newlyRefused: 0 });
    const shortened = recordOf(shortening, talk, tooLong);
    expect(shortened.routing?.planned).toEqual({ rule: "default", shortened: true });
    // Who would answer what is left of it follows from messages that are on no record.
    const unknown = { replayed: 0, changed: 0, newlyRefused: 0, notReplayable: { no_messages: 1 } };
    expect(replayed(shortening, shortened)).toMatchObject(unknown);
    expect(replayed(shortening, refused)).toMatchObject(unknown);
    const moved = replayed(snapshot, shortened);
    expect(moved).toMatchObject({ changed: 1, newlyRefused: 1 });
    expect(moved.groups[0]?.before).toMatchObject({ result: "shortened", model: null, code: null });
    // Nothing can be left out of one message: that is known.
    const single = recordOf(shortening, FAKE_REQUEST, tooLong);
    expect(single.routing?.planned).toEqual({ rule: "default", refused: "context_length_exceeded" });
    expect(replayed(shortening, single)).toMatchObject({ unchanged: 1 });
  });

  test("a request that could not be shortened then was refused then", () => {
    const shortening = snapshotOf(BASE_POLICY, "use_cases: { chat: { on_overflow: [truncate_oldest] } }\n");
    const [one] = FAKE_REQUEST.messages;
    const talk = { ...FAKE_REQUEST, messages: [one, one].flatMap((message) => message ?? []) };
    const long = { estimatedInputTokens: 5000 };
    const fault = { kind: "context_overflow", code: "context_length_exceeded" } as const;
    const tried = { ...recordOf(shortening, talk, long), fault };
    expect(replayed(snapshotOf(BASE_POLICY), tried)).toMatchObject({ unchanged: 1, newlyRefused: 0 });
  });

  test("a longer conversation that a larger model got whole, and that would be shortened, is left out", () => {
    const first = BASE_POLICY.replace(
      "primary: large@us-east-1\n      fallback: [small]",
      "primary: small\n      fallback: [large]",
    );
    const [one] = FAKE_REQUEST.messages;
    const talk = { ...FAKE_REQUEST, messages: [one, one, one].flatMap((message) => message ?? []) };
    const record = recordOf(snapshotOf(first), talk, { estimatedInputTokens: 500 });
    expect(record.routing?.planned.first?.model).toBe("large");
    const cutting = snapshotOf(
      first,
      "use_cases: { chat: { on_overflow: [truncate_oldest, larger_model] } }\n",
    );
    expect(replayed(cutting, record)).toMatchObject({ replayed: 0, notReplayable: { no_messages: 1 } });
  });

  test("knows the longest of several inputs, and judges a record without it as it was judged then", () => {
    const embeds = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [embeddings]");
    const asked: ModelRequest = {
      ...FAKE_REQUEST,
      operation: "embed",
      messages: [],
      embedding: { inputs: [] },
    };
    const sizes = { estimatedInputTokens: 5000, longestInputTokens: 900 };
    const record = recordOf(snapshotOf(embeds), asked, sizes);
    expect(record.routing).toMatchObject({ inputTokens: 5000, longestInputTokens: 900 });
    expect(record.routing?.planned.first?.deployment).toBe("large-us");
    expect(replayed(snapshotOf(embeds), record)).toMatchObject({ replayed: 1, unchanged: 1 });
    const older = recordOf(snapshotOf(embeds), asked, { estimatedInputTokens: 5000 });
    expect(older.routing).not.toHaveProperty("longestInputTokens");
    expect(older.routing?.planned.first).toBeUndefined();
    expect(replayed(snapshotOf(embeds), older)).toMatchObject({ replayed: 1, unchanged: 1 });
  });

  test("knows how many choices are paid for", () => {
    const many = BASE_POLICY.replace("tools, vision", "tools, vision, multiple_choices");
    const asked = { ...FAKE_REQUEST, sampling: { choices: 4 } };
    expect(recordOf(snapshotOf(many), FAKE_REQUEST).routing).not.toHaveProperty("choices");
    expect(recordOf(snapshotOf(many), asked).routing).toMatchObject({ choices: 4 });
  });

  test("records nothing of what was said, nor who the user is", () => {
    const asked = { ...FAKE_REQUEST, user: "ada@example.com" };
    const record = recordOf(snapshotOf(BUSY_POLICY), asked);
    expect(record.routing?.user).toMatch(/^[0-9a-f]{8}$/);
    expect(JSON.stringify(record)).not.toContain("ada@");
    expect(JSON.stringify(record)).not.toContain("Hello");
  });
});

/** No model has tools, and nothing stands in. */
const STRICT = BASE_POLICY.replace("capabilities: [tools, vision], ", "").replace(/\n {6}degraded.*/, "");
const WITH_TOOL: ModelRequest = { ...FAKE_REQUEST, tools: [{ name: "t", parameters: {} }] };

describe("another policy", () => {
  const old = snapshotOf(BASE_POLICY);
  const record = (n: number, change: Partial<RouteInput> = {}) => recordOf(old, FAKE_REQUEST, change, n);

  test("moves requests: counted and grouped, with examples and the cost of the same tokens", () => {
    const rule =
      "routes: [{ name: cheap, match: { tier: premium }, ladder: { primary: small, fallback: [large] } }]\n";
    const candidate = snapshotOf(BASE_POLICY + rule);
    const free = { caller: { ...FAKE_CALLER, tier: "free" } };
    const report = replayed(candidate, ...[1, 2, 3, 4].map((n) => record(n)), record(5, free));
    expect(report).toMatchObject({ replayed: 5, unchanged: 1, changed: 4, newlyRefused: 0 });
    expect(report.groups).toHaveLength(1);
    expect(report.groups[0]).toMatchObject({
      useCase: "chat",
      count: 4,
      before: { result: "model", rule: "default", model: "large", deployment: "large-us", rung: "primary" },
      after: { result: "model", rule: "cheap", model: "small", deployment: "small-us", rung: "primary" },
      examples: ["dec_0000000000000000001", "dec_0000000000000000002", "dec_0000000000000000003"],
    });
    // 3,000 tokens of input, cached ones at the input's price where the policy has no other, and 100 of output.
    const small = (3000 * 1 + 100 * 2) / 1e6;
    const large = (3000 * 3 + 100 * 15) / 1e6;
    expect(report.groups[0]?.cost).toMatchObject({ compared: 4, beforeUsd: "0.018", afterUsd: "0.0128" });
    expect(Number(report.groups[0]?.cost.afterUsd)).toBeCloseTo(4 * small, 12);
    expect(Number(report.cost.afterUsd)).toBeCloseTo(4 * small + large, 12);
    expect(report.cost.compared).toBe(5);
  });

  test("cached tokens cost what the candidate's cache costs", () => {
    const priced = BASE_POLICY.replace(
      "prices: { input: 3, output: 15 }",
      "prices: { input: 3, cache_read: 0.5, output: 15 }",
    );
    const report = replayed(snapshotOf(priced), record(1));
    expect(Number(report.cost.afterUsd)).toBeCloseTo((1000 * 3 + 2000 * 0.5 + 100 * 15) / 1e6, 12);
  });

  test("a model without a price is said, and in no sum", () => {
    const unpriced = BASE_POLICY.replace(", prices: { input: 3, output: 15 }", "");
    expect(replayed(snapshotOf(unpriced), record(1)).cost).toMatchObject({
      compared: 0,
      afterUsd: "0",
      unpricedAfter: 1,
    });
    const then = recordOf(snapshotOf(unpriced), FAKE_REQUEST);
    expect(replayed(old, then).cost).toMatchObject({ compared: 0, unpricedBefore: 1, unpricedAfter: 0 });
  });

  test("refusals are told apart: nobody left, no such use case, not for this key", () => {
    const nobody = replayed(snapshotOf(STRICT), recordOf(old, WITH_TOOL));
    expect(nobody).toMatchObject({ newlyRefused: 1, notCalled: { count: 1, beforeUsd: "0.0045" } });
    expect(nobody.groups[0]?.after).toMatchObject({ result: "refused", code: "no_candidate" });
    expect(nobody.cost.compared).toBe(0);
    const renamed = BASE_POLICY.replace("  chat:", "  talk:");
    const gone = replayed(snapshotOf(renamed), record(1));
    expect(gone.groups[0]?.after).toMatchObject({ result: "refused", rule: null, code: "model_not_found" });
    const digest = "a".repeat(64);
    const key = `keys: [{ id: key-1, sha256: ${digest}, tenant: acme, use_cases: [other] }]\n`;
    const other = `${BASE_POLICY}  other: { ladder: { primary: large } }\n${key}`;
    expect(replayed(snapshotOf(other), record(1)).groups[0]?.after.code).toBe("model_not_found");
  });

  test("what was refused then and is served now is counted as such", () => {
    const refused = recordOf(snapshotOf(STRICT), WITH_TOOL);
    expect(replayed(old, refused)).toMatchObject({ changed: 1, noLongerRefused: 1, newlyRefused: 0 });
  });

  test("a key of the candidate is who the candidate says", () => {
    const digest = "a".repeat(64);
    const moved = `${BASE_POLICY}routes: [{ name: vip, match: { tier: vip }, ladder: { primary: small } }]
keys: [{ id: key-1, sha256: ${digest}, tenant: acme, tier: vip }]
`;
    const report = replayed(snapshotOf(moved), record(1));
    expect(report.groups[0]?.after.rule).toBe("vip");
    expect(report.unknownKeys).toBe(0);
    expect(replayed(old, record(1)).unknownKeys).toBe(1);
  });

  test("what the candidate refuses for its length is newly refused, though a fallback could answer", () => {
    const smallFirst = BASE_POLICY.replace(
      "primary: large@us-east-1\n      fallback: [small]",
      "primary: small\n      fallback: [large]",
    );
    const record = recordOf(snapshotOf(smallFirst), FAKE_REQUEST, { estimatedInputTokens: 500 });
    expect(record.routing?.planned.first?.rung).toBe("fallback");
    const failing = snapshotOf(smallFirst, "use_cases: { chat: { on_overflow: [fail] } }\n");
    expect(replayed(failing, record)).toMatchObject({ changed: 1, newlyRefused: 1 });
    const refused = recordOf(failing, FAKE_REQUEST, { estimatedInputTokens: 500 });
    expect(refused.routing?.planned).toEqual({ rule: "default", refused: "context_length_exceeded" });
    expect(replayed(failing, refused)).toMatchObject({ unchanged: 1 });
  });

  test("another deployment of the same rung is no change under lowest_cost: all cost the same", () => {
    const two = BASE_POLICY.replace(
      "primary: large@us-east-1",
      "primary: { model: large, select: lowest_cost }",
    );
    const snapshot = snapshotOf(two);
    const records = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => recordOf(snapshot, FAKE_REQUEST, {}, n));
    const third = two.replace(
      "  small-us:",
      "  large-ap: { model: large, provider: sim, model_id: l, region: ap-south-1, weight: 9 }\n  small-us:",
    );
    const report = replayed(snapshotOf(third), ...records);
    expect(report.changed).toBe(0);
    expect(report.redrawn).toBeGreaterThan(0);
  });

  test("another deployment of the same rung by weight is no change; by name it is", () => {
    const two = BASE_POLICY.replace(
      "primary: large@us-east-1",
      "primary: { deployments: [large-us, large-eu] }",
    );
    const snapshot = snapshotOf(two);
    const records = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => recordOf(snapshot, FAKE_REQUEST, {}, n));
    const weighted = two.replace(/(large-us: \{ model: large,)/, "$1 weight: 0,");
    const report = replayed(snapshotOf(weighted), ...records);
    expect(report.changed).toBe(0);
    expect(report.redrawn).toBeGreaterThan(0);
    const named = BASE_POLICY.replace("large@us-east-1", "large@eu-west-1");
    expect(replayed(snapshotOf(named), record(1)).changed).toBe(1);
  });

  test("a credential that was not there then is not there now; one that is not here counts as there", () => {
    const keyed = BASE_POLICY.replace(
      "sim: { kind: simulator }",
      "sim: { kind: simulator }\n  far: { kind: openai, credential: { env: NOT_SET } }",
    ).replace("large-us: { model: large, provider: sim", "large-us: { model: large, provider: far");
    expect(snapshotOf(keyed).deployments.get("large-us")?.credential.type).toBe("missing");
    const without = recordOf(snapshotOf(keyed), FAKE_REQUEST);
    expect(without.routing?.planned.first?.deployment).toBe("large-eu");
    expect(replayed(old, without)).toMatchObject({ unchanged: 1 });
    const { refusals: _none, ...there } = record(1);
    expect(replayed(old, there)).toMatchObject({ unchanged: 1 });
  });

  test("a rule that reads what the record lacks makes no guess", () => {
    const hard = `${BASE_POLICY}routes: [{ name: hard, match: { complexity: ">= 0.3" }, ladder: { primary: small } }]\n`;
    expect(replayed(snapshotOf(hard), record(1))).toMatchObject({
      replayed: 0,
      notReplayable: { no_complexity: 1 },
    });
    const always = snapshotOf(`${BASE_POLICY}records: { estimates: always }\n`);
    const full = recordOf(always, FAKE_REQUEST);
    expect(full.routing?.complexity).toBeGreaterThan(0);
    expect(full.routing?.language).toBe("en");
    expect(replayed(snapshotOf(hard), full)).toMatchObject({ replayed: 1 });
    const earlier = { ...full, routing: { ...full.routing, complexityVersion: 1 } };
    expect(replayed(snapshotOf(hard), earlier)).toMatchObject({
      replayed: 0,
      notReplayable: { other_complexity: 1 },
    });
    expect(replayed(snapshotOf(BASE_POLICY), earlier)).toMatchObject({ replayed: 1 });
    const saving = `${BASE_POLICY}routes: [{ name: saving, match: { spend_tenant_month: "> 1" }, ladder: { primary: small } }]\n`;
    expect(replayed(snapshotOf(saving), record(3))).toMatchObject({
      replayed: 0,
      notReplayable: { no_spend: 1 },
    });
    const dear = recordOf(always, FAKE_REQUEST, {}, 3);
    expect(dear.routing?.spend).toEqual({
      tenant_today: 1_200_000_000,
      tenant_month: 1_200_000_000,
      key_today: 1_200_000_000,
      key_month: 1_200_000_000,
      use_case_today: 1_200_000_000,
      use_case_month: 1_200_000_000,
    });
    expect(replayed(snapshotOf(saving), full, dear)).toMatchObject({ replayed: 2, changed: 1 });
  });
});

describe("what is no record of a request", () => {
  const old = snapshotOf(BASE_POLICY);
  const whole = recordOf(old, FAKE_REQUEST);
  const { routing, ...older } = whole;

  test.each([
    ["older_record", older],
    ["not_routed", { ...older, useCase: null }],
    ["shadow_copy", { ...older, shadowOf: "dec_1" }],
    ["not_a_record", { hello: "world" }],
    ["not_a_record", null],
    ["not_a_record", [whole]],
    ["not_a_record", { ...whole, routing: { ...routing, messages: 1.5 } }],
    ["not_a_record", { ...whole, routing: { ...routing, messages: 1e12 } }],
    ["not_a_record", { ...whole, routing: { ...routing, needs: ["wings"] } }],
    ["not_a_record", { ...whole, routing: { ...routing, planned: null } }],
    ["not_a_record", { ...whole, routing: { ...routing, spend: { key_today: "much" } } }],
    ["not_a_record", { ...whole, routing: { ...routing, health: { a: { healthy: "yes" } } } }],
    ["not_a_record", { ...whole, contract: { residency: "eu" } }],
  ])("is counted as %s", (why, record) => {
    expect(replayed(old, record)).toMatchObject({ records: 1, replayed: 0, notReplayable: { [why]: 1 } });
  });

  test("any JSON at all is counted, and nothing throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(whole), "routing"), (value, field) => {
        const report = replayed(old, value, { ...whole, [field]: value });
        expect(report.records).toBe(2);
      }),
      { numRuns: 2000 },
    );
  });

  test("groups are bounded", () => {
    const replay = new Replay(old);
    for (let i = 0; i < 1100; i++) {
      const planned = { rule: `r${i}`, first: { rung: "primary", model: "m", deployment: "d" } };
      replay.add({ ...whole, routing: { ...routing, planned } });
    }
    const report = replay.report();
    expect(report).toMatchObject({ changed: 1100, ungrouped: 100 });
    expect(report.groups).toHaveLength(1000);
  });
});
