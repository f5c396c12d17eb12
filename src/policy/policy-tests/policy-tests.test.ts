import { describe, expect, test } from "bun:test";
import { compilePolicy } from "../compile/compile.ts";
import { BASE_POLICY, FAKE_PORTS } from "../fake-policy.ts";
import { parsePolicy, type TestedPolicy, testPolicy } from "../reading/load.ts";

const ROUTES = `routes:
  - { name: free, match: { tier: free }, ladder: { primary: small } }
  - { name: hard, match: { complexity: ">= 0.6" }, ladder: { primary: large@eu-west-1, cross_region: none } }
  - { name: sick, when: '!signals.healthy["large-us"]', ladder: { primary: large@eu-west-1, fallback: [small] } }
  - { name: saving, match: { spend_tenant_month: "> 200", spend_key_today: "< 5.5" }, ladder: { primary: small } }
  - { name: busy, when: signals.spend_use_case_today > 10, ladder: { primary: small } }
  - { name: night, match: { hour: ["0..5", ">= 22"] }, ladder: { primary: small } }
`;
const PROVIDER = "  o: { kind: openai, credential: { env: NOT_SET } }\n  sim:";

function run(tests: string, ...overlays: readonly string[]): TestedPolicy {
  const base = BASE_POLICY.replace("  sim:", PROVIDER).replace(
    "model: large, provider: sim",
    "model: large, provider: o",
  );
  const sources = [`${base}${ROUTES}tests:\n${tests}\n`, ...overlays].map((text, i) => ({
    file: `p${i}.yaml`,
    text,
  }));
  const parsed = parsePolicy(sources);
  if (parsed.document === null) throw new Error(JSON.stringify(parsed.findings, null, 1));
  const { snapshot, findings } = compilePolicy(parsed.document, parsed.locate, FAKE_PORTS);
  if (snapshot === null) throw new Error(JSON.stringify(findings, null, 1));
  return testPolicy({ document: parsed.document, snapshot }, sources);
}

/** One test of the use case chat. */
const one = (request: string, expectation: string) =>
  `  - { name: t, request: { use_case: chat${request === "" ? "" : `, ${request}`} }, expect: { ${expectation} } }`;

describe("a promise that is kept", () => {
  test.each([
    ["", "rule: default"],
    ["", "ladder: [large-us, large-eu, small-us]"],
    ["", "ladder: [large, small]"],
    ["", "ladder: [large-us, large, small]"],
    ["", "primary: large-us"],
    ["", "primary: large"],
    ["caller: { tier: free }", "rule: free, ladder: [small]"],
    ["text: Prove the theorem and compare every thesis in detail., caller: { tier: standard }", "rule: hard"],
    ["healthy: { large-us: false }", "rule: sick, primary: large-eu"],
    ["healthy: { large-us: true, large-eu: false }", "rule: default"],
    ['at: "2026-03-01T22:30:00Z"', "rule: night"],
    ['at: "2026-03-01T22:30:00+02:00"', "rule: default"],
    ["tools: [f]", "refused: { small-us: capability }"],
    ["images: 1", "refused: { small-us: capability }, ladder: [large]"],
    ["input_tokens: 500", "refused: { small-us: context_window }"],
    ["residency: [us-*]", "refused: { large-eu: residency }, ladder: [large-us, small-us]"],
    ["residency: [ap-*]", "ladder: []"],
    ["safety_level: high, stream: true, task_type: code, latency_tier: batch", "ladder: [large]"],
    ["response_format: json_schema", "error: no_candidate, ladder: []"],
    ["input_tokens: 5000", "error: context_length_exceeded, ladder: []"],
    ["max_tokens: 20, context_window: 400", "ladder: [large]"],
    ["messages: [{ role: system, text: Be kind. }, { role: user, text: Hey }]", "rule: default"],
    ["operation: embed, text: Hey", "error: no_candidate, refused: { large-us: capability }, ladder: []"],
    ["spend_tenant_today: 200", "rule: default"],
    ["spend_tenant_today: 200.000000001", "rule: saving"],
    ["spend_tenant_month: 201, spend_key_today: 5.5", "rule: default"],
    ["spend_tenant_today: 9, spend_tenant_month: 201", "rule: saving"],
    ["spend_use_case_today: 10.5", "rule: busy"],
  ])("%s gives %s", (request, expectation) => {
    expect(run(one(request, expectation))).toEqual({ total: 1, passed: 1, failed: [], findings: [] });
  });

  test("an error is promised by its code", () => {
    const unknown = "  - { name: t, request: { use_case: nothing }, expect: { error: model_not_found } }";
    expect(run(unknown).findings).toEqual([]);
    const strict = "use_cases: { chat: { ladder: { degraded: [] } } }\n";
    expect(
      run(one("residency: [ap-*]", "error: no_candidate, refused: { large-us: residency }"), strict).failed,
    ).toEqual([]);
  });

  test.each([
    ["[truncate_oldest]", "error: context_length_exceeded, refused: { large-us: context_window }"],
    ["[larger_model, { summarize: { model: small } }]", "error: context_length_exceeded, ladder: []"],
    ["[larger_model]", "error: context_length_exceeded"],
    ["[fail, truncate_oldest]", "error: context_length_exceeded"],
    ["[larger_model, fail]", "error: context_length_exceeded"],
  ])("too long, with on_overflow of %s: %s", (measures, expectation) => {
    const overlay = `use_cases: { chat: { on_overflow: ${measures} } }\n`;
    expect(run(one("input_tokens: 5000", expectation), overlay).findings).toEqual([]);
  });

  test.each([
    ["use_case: two, caller: { key: app }", "error: model_not_found"],
    ["use_case: chat, caller: { key: app }", "rule: free"],
    ["use_case: chat, caller: { key: app, tier: standard }", "rule: default"],
    ["use_case: two, caller: { key: other }", "rule: default"],
    ["use_case: two", "rule: default"],
  ])("of what the policy says of a key: %s gives %s", (request, expectation) => {
    const overlay =
      "use_cases: { two: { ladder: { primary: large } } }\n" +
      "keys: [{ id: app, env: NOT_SET, tenant: acme, tier: free, use_cases: [chat] }, { id: test, env: N, tenant: acme, use_cases: [chat] }]\n";
    const written = `  - { name: t, request: { ${request} }, expect: { ${expectation} } }`;
    expect(run(written, overlay).findings).toEqual([]);
  });

  test.each([
    ["[fail]", "error: context_length_exceeded"],
    ["[larger_model, fail]", "ladder: [large]"],
  ])("too long for the first rung alone, with on_overflow of %s: %s", (measures, expectation) => {
    const overlay = `use_cases: { chat: { on_overflow: ${measures}, ladder: { primary: small, fallback: [large] } } }\n`;
    expect(run(one("input_tokens: 500", expectation), overlay).findings).toEqual([]);
  });

  /** Ten turns and a question: of 2100 tokens 2000 are in the turns. */
  const talk = `messages: [${"{ role: user, text: Where is it? }, { role: assistant, text: On its way. }, ".repeat(10)}{ role: user, text: And now? }]`;

  test.each([
    [
      "[truncate_oldest]",
      "overflow: { how: truncated, dropped: 12 }, ladder: [large], rule: default, refused: { large-us: context_window }",
    ],
    ["[truncate_oldest]", "overflow: { how: truncated }, primary: large-us"],
    [
      "[{ summarize: { model: far } }, fail]",
      "overflow: { how: summarized, dropped: 14 }, primary: large-us",
    ],
    ["[{ summarize: { model: tiny } }, truncate_oldest]", "overflow: { how: truncated }"],
    ["[fail, truncate_oldest]", "error: context_length_exceeded"],
  ])("a conversation that is too long, with on_overflow of %s: %s", (measures, expectation) => {
    // What would sum up has no credential here, which refuses nothing in a test; tiny has no room for a summary.
    const overlay = `models: { far: { context_window: 9000 }, tiny: { context_window: 20 } }
deployments:
  far-us: { model: far, provider: o, model_id: f, region: us-east-1 }
  tiny-us: { model: tiny, provider: sim, model_id: t, region: us-east-1 }
use_cases: { chat: { on_overflow: ${measures} } }\n`;
    expect(run(one(`input_tokens: 2100, ${talk}`, expectation), overlay).findings).toEqual([]);
  });

  test("one that goes on whole to a larger model", () => {
    const overlay = "use_cases: { chat: { ladder: { primary: small, fallback: [large] } } }\n";
    const expectation = "overflow: { how: larger_model, dropped: 0 }, ladder: [large]";
    expect(run(one("input_tokens: 500", expectation), overlay).findings).toEqual([]);
  });

  test("a policy without tests keeps them all", () => {
    expect(run("  []")).toEqual({ total: 0, passed: 0, failed: [], findings: [] });
  });
});

describe("a promise that is broken", () => {
  test.each([
    ["", "rule: free", "free }", /expects the rule free; the rule is default \(complexity 0\.\d+\)\.$/],
    [
      "",
      "ladder: [small]",
      "ladder:",
      /expects the ladder \[small\]; it is \[large-us, large-eu, small-us\]\.$/,
    ],
    ["", "ladder: [large]", "ladder:", /it is \[large-us, large-eu, small-us\]/],
    ["", "ladder: [large, small, large]", "ladder:", /expects the ladder/],
    ["residency: [ap-*]", "ladder: [large]", "ladder:", /it is empty/],
    ["", "primary: small", "small }", /expects small to be tried first; it is large-us of large/],
    ["residency: [ap-*]", "primary: small", "small }", /nothing is tried/],
    ["", "refused: { small-us: tenant }", "tenant", /expects tenant to refuse small-us; it is not refused/],
    [
      "tools: [f]",
      "refused: { small-us: tenant }",
      "tenant",
      /capability refuses it: The request needs tools/,
    ],
    ["", "error: no_candidate", "no_candidate", /expects the error no_candidate; the request is served/],
    [
      "",
      "overflow: { how: truncated }",
      "truncated",
      /expects the overflow truncated; it is not too long where/,
    ],
  ])("%s and %s", (request, expectation, at, message) => {
    const text = one(request, expectation);
    const { total, passed, failed, findings } = run(text);
    expect([total, passed, failed]).toEqual([1, 0, ["t"]]);
    const [finding] = findings;
    expect(finding).toMatchObject({ code: "failed_test", severity: "error", file: "p0.yaml" });
    expect(finding?.message).toMatch(message);
    expect(text.slice((finding?.column ?? 0) - 1)).toStartWith(at);
    expect(finding?.fix).toContain("pointsman explain");
  });

  test("what is left out is told apart by kind and by number", () => {
    const overlay = "use_cases: { chat: { on_overflow: [truncate_oldest] } }\n";
    const talk =
      "messages: [{ role: user, text: One. }, { role: assistant, text: Two. }, { role: user, text: Three. }], input_tokens: 1200";
    const said = (expectation: string) => run(one(talk, expectation), overlay).findings[0]?.message;
    expect(said("overflow: { how: summarized }")).toEndWith(
      "expects the overflow summarized; it is truncated.",
    );
    expect(said("overflow: { how: truncated, dropped: 1 }")).toEndWith(
      "expects 1 message to be left out; 2 are.",
    );
  });

  test("an error that nobody promised is one", () => {
    const { findings } = run("  - { name: t, request: { use_case: chta }, expect: { rule: default } }");
    expect(findings[0]?.message).toContain(
      'expects no error; the error is model_not_found: There is no model or use case "chta"',
    );
  });

  test("each expectation has its finding, and each test counts once", () => {
    const { failed, findings } = run(
      `${one("", "rule: free, primary: small")}\n${one("", "rule: default").replace("name: t", "name: u")}`,
    );
    expect(failed).toEqual(["t"]);
    expect(findings.map(({ path }) => path)).toEqual(["tests[0].expect.rule", "tests[0].expect.primary"]);
  });

  test("a finding points to the overlay that has the tests", () => {
    const overlay = `tests:\n${one("", "rule: night")}\n`;
    expect(run("  []", overlay).findings[0]).toMatchObject({ file: "p1.yaml", line: 2 });
  });
});

describe("a test of nothing", () => {
  test.each([
    ["", "rule: fre", "unknown_route", /"free"/],
    ["", "primary: smal", "unknown_deployment", /"small"/],
    ["", "ladder: [large, smal]", "unknown_deployment", /"small"/],
    ["", "refused: { small-uss: tenant }", "unknown_deployment", /"small-us"/],
    ["healthy: { large-uss: false }", "rule: default", "unknown_deployment", /"large-us"/],
    ["first_token_ms: { large-uss: 9 }", "rule: default", "unknown_deployment", /"large-us"/],
  ])("%s, %s", (request, expectation, code, fix) => {
    const { failed, findings } = run(one(request, expectation));
    expect(failed).toEqual(["t"]);
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.fix).toMatch(fix);
  });

  test("two of one name", () => {
    const twice = `${one("", "rule: default")}\n${one("", "rule: default")}`;
    expect(run(twice).findings.map(({ code, line }) => `${code} ${line}`)).toEqual(["duplicate_test 29"]);
  });

  test.each([
    [one("text: a, messages: [{ role: user, text: b }]", "rule: default"), /text or messages/],
    [one("", ""), /must expect something/],
    [one("at: noon", "rule: default"), /a time with its zone/],
    [one("at: 2026-02-30T99:00:00Z", "rule: default"), /a time with its zone/],
    [one("task_type: clasification", "rule: default"), /clasification/],
    [one("", "refused: { small-us: capabilty }"), /capabilty/],
  ])("%s is refused by its form", (tests, message) => {
    const { findings } = parsePolicy([{ file: "p", text: `${BASE_POLICY}tests:\n${tests}\n` }]);
    expect(findings.map((finding) => finding.message).join("\n")).toMatch(message);
    expect(findings[0]?.line).toBe(20);
  });
});
