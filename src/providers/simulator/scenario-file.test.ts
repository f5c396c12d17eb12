import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { scenarioJsonSchema } from "./scenario.ts";
import { SIMULATED_FAULT_KINDS } from "./scenario-faults.ts";
import { parseScenario } from "./scenario-file.ts";

const EXAMPLES = fileURLToPath(new URL("../../../examples/scenarios/", import.meta.url));

function parsed(text: string) {
  const result = parseScenario({ file: "s.yaml", text });
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  return result.scenario;
}

function faultOf(written: string) {
  return parsed(`version: 1\nfaults: [{ fault: ${written} }]`).faults[0]?.fault;
}

describe("parseScenario", () => {
  test("a deployment takes from the defaults what it does not state", () => {
    const scenario = parsed(`
version: 1
seed: 7
defaults: { first_token: 60ms, jitter: 0.2, tokens_per_second: 150 }
deployments:
  a: { region: eu, model: atlas, first_token: 0, quota: { requests_per_minute: 10 } }
  b: {}
`);
    expect(scenario.seed).toBe(7);
    expect(scenario.deployments.get("a")).toMatchObject({
      region: "eu",
      model: "atlas",
      firstTokenMs: 0,
      jitter: 0.2,
    });
    expect(scenario.deployments.get("a")).toMatchObject({ requestsPerMinute: 10, tokensPerMinute: null });
    expect(scenario.deployments.get("b")).toMatchObject({ model: "b", region: null, firstTokenMs: 60 });
  });

  test("anchors and merge keys are welcome", () => {
    const text =
      "version: 1\ndeployments:\n  a: &base { region: eu, first_token: 1s }\n  b: { <<: *base, model: m }";
    expect(parsed(text).deployments.get("b")).toMatchObject({ region: "eu", firstTokenMs: 1000, model: "m" });
  });

  test("a fault's window is in milliseconds", () => {
    const text =
      "version: 1\nfaults: [{ name: n, start: 10s, duration: 2m, repeat_every: 5m, probability: 0.5, fault: hang }]";
    expect(parsed(text).faults[0]).toMatchObject({
      startMs: 10_000,
      durationMs: 120_000,
      repeatEveryMs: 300_000,
    });
  });

  test("a fault may match wires", () => {
    const match = (written: string) =>
      parsed(`version: 1\nfaults: [{ match: { wire: ${written} }, fault: hang }]`).faults[0]?.match.wire;
    expect(match("gemini")).toEqual(["gemini"]);
    expect(match("[openai-chat, native]")).toEqual(["openai-chat", "native"]);
  });

  test.each([
    ["hang", { kind: "hang" }],
    ["{ hang: true }", { kind: "hang" }],
    ["{ slow_first_token: 5s }", { kind: "slow_first_token", delayMs: 5000 }],
    ["{ cut_after_tokens: 3 }", { kind: "cut_after_tokens", tokens: 3 }],
    ["throttle", { kind: "status", status: 429, retryAfterSeconds: 1 }],
    ["{ throttle: 5s }", { kind: "status", status: 429, retryAfterSeconds: 5 }],
    ["{ error_in_stream_after_tokens: 3 }", { tokens: 3, throttled: false }],
    ["{ error_in_stream_after_tokens: 3, code: rate_limit_exceeded }", { tokens: 3, throttled: true }],
    ["{ throttle: true, retry_after: 2 }", { kind: "status", status: 429, retryAfterSeconds: 2 }],
    [
      "{ status: 503, code: gone, retry_after_date: true }",
      { status: 503, code: "gone", retryAfterDate: true },
    ],
  ])("fault %s", (written, expected) => {
    expect(faultOf(written)).toMatchObject(expected);
  });

  test.each([
    ["fault: { status: 200 }", "faults[0].fault.status", 3, 14],
    ["fault: { stats: 500 }", "faults[0].fault.stats", 3, 14],
    ["fault: stall_after_tokens", "faults[0].fault", 3, 5],
    ["fault: { reset: true, hang: true }", "faults[0].fault", 3, 5],
    ["{ start: 5, fault: hang }", "faults[0].start", 3, 7],
    ["{ probability: 2, fault: hang }", "faults[0].probability", 3, 7],
    ["{ duration: 5s, repeat_every: 2s, fault: hang }", "faults[0].repeat_every", 3, 21],
    ["{ match: { wire: smtp }, fault: hang }", "faults[0].match.wire", 3, 16],
    ["{ match: { wire: [gemini, smtp] }, fault: hang }", "faults[0].match.wire", 3, 16],
    ["{ name: no fault }", "faults[0].fault", 3, 5],
  ])("finds the mistake in %s", (entry, path, line, column) => {
    const result = parseScenario({ file: "s.yaml", text: `version: 1\nfaults:\n  - ${entry}\n` });
    expect(result.ok ? [] : result.findings).toMatchObject([{ file: "s.yaml", path, line, column }]);
  });

  test("a match that can never hit is a mistake, and the nearest name is offered", () => {
    const text =
      "version: 1\ndeployments: { a: { region: us-east-1 } }\nfaults: [{ match: { region: us-eats-1 }, fault: hang }]";
    const result = parseScenario({ file: "s.yaml", text });
    expect(result.ok ? [] : result.findings).toMatchObject([
      { code: "unknown_region", line: 3, fix: 'Did you mean "us-east-1"?' },
    ]);
  });

  test.each(["", "[", "version: 2", "a: &a [*a]", "version: 1\nversion: 1", "version: 1\nfaults: 3"])(
    "%p is refused with a place",
    (text) => {
      const result = parseScenario({ file: "s.yaml", text });
      expect(result.ok ? null : result.findings[0]?.line).toBeGreaterThanOrEqual(1);
    },
  );
});

describe("the examples", () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
  const schema = new Validator(scenarioJsonSchema(), "2020-12");

  test.each(files)("%s parses, and its JSON Schema accepts it", (name) => {
    const text = readFileSync(`${EXAMPLES}${name}`, "utf8");
    expect(parseScenario({ file: name, text })).toMatchObject({ ok: true });
    expect(schema.validate(parse(text)).errors).toEqual([]);
  });

  test("a bad day has every kind of fault", () => {
    const day: unknown = parse(readFileSync(`${EXAMPLES}bad-day.yaml`, "utf8"));
    const written = JSON.stringify(day);
    for (const kind of SIMULATED_FAULT_KINDS) expect(written).toContain(`"${kind}"`);
  });
});
