import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { BASE_POLICY, compileTexts, FAKE_PORTS, snapshotOf } from "../fake-policy.ts";
import { parsePolicy } from "../reading/load.ts";
import { compilePolicy } from "./compile.ts";

function warnings(text: string): readonly string[] {
  return compileTexts(text).findings.map(({ severity, code }) => `${severity} ${code}`);
}

describe("warnings, which do not keep a policy from serving", () => {
  const route = (name: string, rest: string) =>
    `  - { name: ${name}, ${rest}, ladder: { primary: small } }\n`;
  test.each([
    ["unpriced_model", BASE_POLICY.replace(", prices: { input: 1, output: 2 }", "")],
    [
      "unreachable_degraded_mode",
      BASE_POLICY.replace(
        "degraded: [{ busy: { message: Later. } }]",
        "degraded: [{ busy: { message: Later. } }, { template: { message: Never. } }]",
      ),
    ],
    ["no_degraded_mode", BASE_POLICY.replace("      degraded: [{ busy: { message: Later. } }]\n", "")],
    ["short_deadline", BASE_POLICY.replace("max_output_tokens: 40", "deadline: 10s")],
    ["unreachable_rung", BASE_POLICY.replace("[small]", "[small, { deployments: [large-eu] }]")],
    ["refuses_short_requests", BASE_POLICY.replace("max_output_tokens: 40", "cost_ceiling_usd: 0.00001")],
    [
      "refuses_short_requests",
      BASE_POLICY.replace(/context_window: 1000?/g, "context_window: 505").replace(
        /max_output_tokens: \d+/g,
        "max_output_tokens: 500",
      ),
    ],
    ["retired_model", BASE_POLICY.replace("small: {", "small: { status: retired,")],
    ["experimental_model", BASE_POLICY.replace("small: {", "small: { status: experimental,")],
    ["unknown_variable", BASE_POLICY.replace("message: Later.", 'message: "{{usecase}}"')],
    [
      "unreachable_route",
      `${BASE_POLICY}routes:\n${route("a", "use_case: chat")}${route("b", "when: 'true'")}`,
    ],
    [
      "missing_credential",
      BASE_POLICY.replace("sim: {", "o: { kind: openai, credential: { env: NO_SUCH } }\n  sim: {"),
    ],
    ["missing_key_value", `${BASE_POLICY}keys: [{ id: k, env: NO_SUCH, tenant: t }]\n`],
    [
      "unlimited_tier",
      `${BASE_POLICY}limits: { tiers: { free: {} } }\nkeys: [{ id: k, sha256: ${"a".repeat(64)}, tenant: t }]\n`,
    ],
  ])("%s", (code, text) => {
    expect(warnings(text)).toEqual([`warning ${code}`]);
    expect(compileTexts(text).snapshot).not.toBeNull();
  });

  test("a ceiling under every model is told once, with its use case", () => {
    const text = BASE_POLICY.replace("max_output_tokens: 40", "cost_ceiling_usd: 0.00001");
    const routes = `routes:\n${route("a", "when: 'caller.tier == \"x\"'")}${route("b", "when: 'caller.tier == \"y\"'")}`;
    const found = compileTexts(text + routes).findings;
    expect(found).toMatchObject([{ code: "refuses_short_requests", path: "use_cases.chat.ladder" }]);
    expect(found[0]?.message).toContain('"chat"');
  });

  test("a tier without limits is told with what to add, and with the tiers that there are", () => {
    const limits = "limits: { tiers: { free: {}, paid: {} } }";
    const key = `keys: [{ id: k, sha256: ${"a".repeat(64)}, tenant: t, tier: gold }]`;
    expect(compileTexts(`${BASE_POLICY}${limits}\n${key}\n`).findings[0]?.fix).toBe(
      "Add limits.tiers.gold, or give the key one of: free, paid.",
    );
  });

  test("a good policy has none", () => expect(warnings(BASE_POLICY)).toEqual([]));
});

test.each([
  ["key ids", "id: k, sha256: SAME", "id: k, sha256: OTHER", "duplicate_key_id"],
  ["key values", "id: k, sha256: SAME", "id: l, sha256: SAME", "duplicate_key_value"],
])("duplicate %s are an error", (_what, first, second, code) => {
  const text = `${BASE_POLICY}keys:\n  - { ${first}, tenant: t }\n  - { ${second}, tenant: t }\n`
    .replaceAll("SAME", "a".repeat(64))
    .replaceAll("OTHER", "b".repeat(64));
  expect(compileTexts(text).findings.map((finding) => finding.code)).toEqual([code]);
});

describe("the snapshot", () => {
  test("a ladder is primary, then the same model elsewhere, then fallbacks", () => {
    const ladder = snapshotOf(BASE_POLICY).useCases.get("chat")?.ladder ?? [];
    const rungs = ladder.map(({ kind, deployments }) => [kind, ...deployments.map(({ id }) => id)]);
    expect(rungs).toEqual([
      ["primary", "large-us"],
      ["cross-region", "large-eu"],
      ["fallback", "small-us"],
    ]);
  });

  test("cross_region: none leaves the model where it is", () => {
    const text = BASE_POLICY.replace("fallback:", "cross_region: none\n      fallback:");
    expect(
      snapshotOf(text)
        .useCases.get("chat")
        ?.ladder.map(({ kind }) => kind),
    ).toEqual(["primary", "fallback"]);
  });

  test("an alias is the use case itself", () => {
    const { useCases } = snapshotOf(BASE_POLICY.replace("max_output_tokens: 40", "aliases: [openai/gpt-4o]"));
    expect(useCases.get("openai/gpt-4o")).toBe(useCases.get("chat"));
  });

  test("routes reach the use cases they name, in order, up to one without a condition", () => {
    const other = "  other: { ladder: { primary: small, degraded: [{ busy: { message: x } }] } }\n";
    const routes =
      "routes:\n  - { name: a, use_case: [chat], ladder: { primary: small } }\n  - { name: b, when: 'true', ladder: { primary: large } }\n";
    const { useCases } = snapshotOf(BASE_POLICY + other + routes);
    expect(useCases.get("chat")?.rules.map(({ name }) => name)).toEqual(["a"]);
    expect(useCases.get("other")?.rules.map(({ name }) => name)).toEqual(["b"]);
  });

  test("what is behind a deployment's name reaches it, where it is said", () => {
    const { deployments } = snapshotOf(
      BASE_POLICY.replace("model_id: l,", "model_id: l, base_model: claude-4,"),
    );
    expect(deployments.get("large-us")?.baseModel).toBe("claude-4");
    expect(deployments.get("large-eu")).not.toHaveProperty("baseModel");
  });

  test("every price of a model reaches it", () => {
    const written =
      "{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6, reasoning: 20 }";
    const { models } = snapshotOf(BASE_POLICY.replace("{ input: 3, output: 15 }", written));
    expect(models.get("large")?.prices).toEqual({
      input: 3_000_000,
      output: 15_000_000,
      cacheRead: 300_000,
      cacheWrite: 3_750_000,
      cacheWrite1h: 6_000_000,
      reasoning: 20_000_000,
    });
  });

  test("units: milliseconds, nano-dollars, prices per thousand tokens", () => {
    const text = BASE_POLICY.replace("max_output_tokens: 40", "deadline: 1m30s\n    cost_ceiling_usd: 0.05");
    const { useCases, models, circuit } = snapshotOf(text);
    expect(useCases.get("chat")?.deadlineMs).toBe(90_000);
    expect(useCases.get("chat")?.costCeiling).toBe(50_000_000);
    expect(models.get("large")?.prices).toEqual({ input: 3_000_000, output: 15_000_000 });
    expect(circuit.windowMs).toBe(30_000);
  });

  test("deployments: the simulator's URL, the default quota group, a provider's URL without its slash", () => {
    const text = BASE_POLICY.replace(
      "  sim:",
      "  lab: { kind: openai-compatible, base_url: 'http://h:1/v1/' }\n  sim:",
    ).replace("small-us: { model: small, provider: sim", "small-us: { model: small, provider: lab");
    const { deployments } = snapshotOf(text);
    expect(deployments.get("large-us")).toMatchObject({
      baseUrl: "http://127.0.0.1:9999/large-us/v1",
      quotaGroup: "sim/us-east-1/large",
      simulated: true,
    });
    expect(deployments.get("small-us")).toMatchObject({ baseUrl: "http://h:1/v1", simulated: false });
  });

  test("the version follows the meaning, not the layout", () => {
    const version = snapshotOf(BASE_POLICY).version;
    expect(version).toMatch(/^test@[0-9a-f]{12}$/);
    expect(snapshotOf(`# a comment\n${BASE_POLICY}`).version).toBe(version);
    const moved = BASE_POLICY.replace("version: 1\nname: test\n", "");
    expect(snapshotOf(`${moved}name: test\nversion: 1\n`).version).toBe(version);
    expect(snapshotOf(BASE_POLICY.replace("context_window: 100,", "context_window: 101,")).version).not.toBe(
      version,
    );
  });
});

test("5,000 deployments and 1,000 routes compile, each rung with its own", () => {
  const lines = ["version: 1", "name: big", "providers: { sim: { kind: simulator } }", "models:"];
  for (let i = 0; i < 100; i++)
    lines.push(`  m${i}: { context_window: 8000, prices: { input: 1, output: 1 } }`);
  lines.push("deployments:");
  for (let i = 0; i < 5000; i++) {
    lines.push(`  d${i}: { model: m${i % 100}, provider: sim, model_id: x, region: r${i % 7} }`);
  }
  lines.push("use_cases:");
  for (let i = 0; i < 50; i++) {
    lines.push(`  u${i}: { ladder: { primary: m${i}@r1, degraded: [{ busy: { message: x } }] } }`);
  }
  lines.push("routes:");
  for (let i = 0; i < 1000; i++) {
    lines.push(
      `  - { name: r${i}, when: signals.input_tokens < ${i + 1}, ladder: { primary: m${i % 100} } }`,
    );
  }
  const { snapshot, findings } = compileTexts(lines.join("\n"));
  expect(findings).toEqual([]);
  expect(snapshot?.deployments.size).toBe(5000);
  expect(snapshot?.useCases.get("u7")?.rules.length).toBe(1000);
  const primary = snapshot?.useCases.get("u7")?.ladder[0]?.deployments ?? [];
  expect(primary.length).toBeGreaterThan(0);
  expect(primary.every(({ model, region }) => model.id === "m7" && region === "r1")).toBe(true);
});

test.each([[["policy.yaml"]], [["policy.yaml", "policy.prod.yaml"]]])(
  "the examples %p have no finding",
  (names) => {
    const sources = names.map((file) => ({
      file,
      text: readFileSync(new URL(`../../../examples/${file}`, import.meta.url), "utf8"),
    }));
    const { document, findings, locate } = parsePolicy(sources);
    expect(findings).toEqual([]);
    if (document === null) throw new Error("no document");
    const compiled = compilePolicy(document, locate, FAKE_PORTS);
    expect(compiled.findings).toEqual([]);
    expect(compiled.snapshot?.useCases.has("gpt-4o")).toBe(names.length === 1);
  },
);
