import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../../core/request.ts";
import { explainRoute } from "../explain/explain.ts";
import { BASE_POLICY, compileTexts, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { draftRoute, type RouteInput } from "../routing/plan.ts";

const withRoutes = (...routes: readonly string[]) => `${BASE_POLICY}routes:\n${routes.join("\n")}\n`;
const rule = (fields: string, name = "r") => `  - { name: ${name}, ${fields}, ladder: { primary: small } }`;

function ruleFor(fields: string, change: Partial<RouteInput> = {}): string {
  return draftRoute(routeInput(snapshotOf(withRoutes(rule(fields))), change)).rule;
}

const asking = (change: Partial<ModelRequest>) => ({ request: { ...FAKE_REQUEST, ...change } });
const spending = (usd: number): Partial<RouteInput> => ({ spend: { spent: () => usd * 1e9 } });
const saying = (text: string) => asking({ messages: [{ role: "user", content: [{ type: "text", text }] }] });
const THESIS = "Write a thesis that proves the theorem; compare and evaluate every approach in detail.";

describe("a match table", () => {
  test.each([
    ["tier: premium", true, {}],
    ["tier: free", false, {}],
    ["tier: [free, premium]", true, {}],
    ["tenant: acme, key: key-1, role: caller", true, {}],
    ["tenant: acme, role: admin", false, {}],
    ["task_type: chat", true, {}],
    ["task_type: [code, classification]", true, asking({ contract: { taskType: "code" } })],
    ["latency_tier: batch", true, asking({ contract: { latencyTier: "batch" } })],
    ["safety_level: high", true, asking({ contract: { safetyLevel: "high" } })],
    ["response_format: json", true, asking({ responseFormat: { type: "json" } })],
    ["stream: false", true, {}],
    ["stream: true", false, {}],
    ["has_tools: true", true, asking({ tools: [{ name: "f", parameters: {} }] })],
    ["has_images: false", true, {}],
    ['input_tokens: "< 500"', true, {}],
    ['input_tokens: "> 500"', false, {}],
    ["messages: 1", true, {}],
    ['max_tokens: "1..100"', true, asking({ sampling: { maxTokens: 100 } })],
    ["hour: [22, 13]", true, {}],
    ['hour: ["0..6", ">= 22"]', false, {}],
    ['hour: 13, minute: ">= 30", weekday: 1', true, {}],
    ['complexity: ">= 0.6"', true, saying(THESIS)],
    ['complexity: ">= 0.6"', false, saying("Hey")],
    ["language: [de, fr]", true, saying("Wo ist mein Paket?")],
    ["language: [de, fr]", false, saying("Where is my parcel?")],
    ["language: und", true, saying("123")],
    ['spend_tenant_today: "> 10"', true, spending(10.5)],
    ['spend_tenant_today: "> 10"', false, spending(10)],
    ['spend_use_case_month: "0.5..0.75"', true, spending(0.75)],
    ["spend_key_month: 0", true, {}],
  ] satisfies [string, boolean, Partial<RouteInput>][])("{ %s }: %p", (match, matches, change) => {
    expect(ruleFor(`match: { ${match} }`, change)).toBe(matches ? "r" : "default");
  });

  test("and a condition must both hold", () => {
    const both = (when: string) => ruleFor(`match: { tier: premium }, when: "${when}"`);
    expect([both("signals.hour == 13"), both("signals.hour == 14")]).toEqual(["r", "default"]);
    expect(ruleFor('match: { tier: free }, when: "signals.hour == 13"')).toBe("default");
  });

  test("is explained as it was written", () => {
    const match = 'match: { tier: [free, trial], stream: false, input_tokens: "< 500", hour: 9 }';
    const text = withRoutes(rule(match, "a"), rule(`${match}, when: request.stream`, "b"));
    const [a, b] = explainRoute(routeInput(snapshotOf(text))).rules;
    expect(a?.condition).toBe('{ tier: [free, trial], stream: false, input_tokens: "< 500", hour: 9 }');
    expect(b?.condition).toBe(`${a?.condition} and request.stream`);
    expect(b?.verdict).toBe("not_matched");
  });

  test("shows in the explanation what it read of the text, and nothing that it did not read", () => {
    const explain = (fields: string) =>
      explainRoute(routeInput(snapshotOf(withRoutes(rule(fields))), saying("Wo ist mein Paket?"))).signals;
    expect(explain("match: { tier: free }")).toEqual({
      complexity: null,
      language: null,
      spentUsd: null,
    });
    const { complexity, language } = explain(
      'match: { complexity: ">= 0.9" }, when: signals.language == "en"',
    );
    expect(complexity).toBeGreaterThan(0);
    expect(language).toBe("de");
  });

  test("shows what was spent, of the sums that it reads", () => {
    const text = withRoutes(rule('match: { spend_key_month: "> 3" }, when: signals.spend_tenant_today < 9'));
    const { signals, rule: chosen } = explainRoute(routeInput(snapshotOf(text), spending(2.25)));
    expect(signals.spentUsd).toEqual({ tenant_today: "2.25", key_month: "2.25" });
    expect(chosen).toBe("default");
  });

  test("is no condition that covers later rules", () => {
    const text = withRoutes(rule("match: { tier: free }", "a"), rule("match: { tier: trial }", "b"));
    expect(compileTexts(text).findings).toEqual([]);
  });
});

describe("a bad match table", () => {
  test.each([
    ["an unknown entry", "teir: free", "unknown_key", "teir:", /"tier"/],
    ["no entry", "", "invalid_value", "match:", /Simple conditions/],
    ["a range that is none", 'input_tokens: "about 500"', "invalid_match", "about 500", /"< 500"/],
    ["a range with one bad part", 'input_tokens: "> 5, under 9"', "invalid_match", "under 9", /number/],
    ["ranges in a list that all never hold", 'hour: ["> 25", 24]', "invalid_match", "> 25", /from 0 to 23/],
    ["an unreadable range in a list", 'hour: [9, "late"]', "invalid_match", "late", /number/],
    ["what is spent below nothing", 'spend_key_today: "< -1"', "invalid_match", "< -1", /from 0 on/],
    ["dollars with their sign", 'spend_key_today: "> $10"', "invalid_match", "> $10", /without the sign/],
    [
      "a sum that does not exist",
      'spend_tenant_todya: "> 1"',
      "unknown_key",
      "spend_tenant_todya",
      /"spend_tenant_today"/,
    ],
    ["spending of nobody", 'spend: "> 1"', "unknown_key", "spend:", /spend_tenant_today, spend_tenant_month/],
    ["a difficulty in per cent", 'complexity: ">= 60"', "invalid_match", ">= 60", /from 0 to 1/],
    [
      "a task that does not exist",
      "task_type: clasification",
      "invalid_match",
      "clasification",
      /"classification"/,
    ],
    ["roles that do not exist", "role: [opertor, admn]", "invalid_match", "opertor", /"operator"/],
    ["a language with a region", "language: pt-BR", "invalid_match", "pt-BR", /Write "pt"/],
    ["a language by name", "language: german", "invalid_match", "german", /en, de/],
    ["text for a flag", "stream: yes please", "invalid_type", "yes please", /streamed/],
    ["a number for a name", "tier: 5", "invalid_type", "5", /list/],
  ])("%s: place and fix", (_name, match, code, at, fix) => {
    const text = withRoutes(rule(`match: { ${match} }`));
    const { snapshot, findings } = compileTexts(text);
    expect(snapshot).toBeNull();
    const found = findings.find((finding) => finding.code === code);
    expect(findings.map((finding) => finding.code)).toContain(code);
    const line = text.split("\n")[(found?.line ?? 0) - 1] ?? "";
    expect(line.slice((found?.column ?? 0) - 1).replace(/^"/, "")).toStartWith(at);
    expect(found?.fix).toMatch(fix);
  });
});

describe("a match table that holds, with what a request never has", () => {
  test.each([
    ["a range in a list", 'hour: [9, "> 25"]', 9, "> 25", /from 0 to 23/],
    ["an hour in a list", "hour: [22, 13, 24]", 13, "24", /from 0 to 23/],
    ["a role in a list", "role: [caller, opertor]", 13, "opertor", /"operator"/],
    ["days as ISO counts them", 'weekday: "1..7"', 13, "1..7", /Sunday is 0/],
    ["a Sunday as ISO counts it", "weekday: [1, 7]", 13, "7", /Sunday is 0/],
  ])("%s: a warning with place and fix", (_name, match, hour, at, fix) => {
    const text = withRoutes(rule(`match: { ${match} }`));
    const { snapshot, findings } = compileTexts(text);
    if (snapshot === null) throw new Error(JSON.stringify(findings));
    expect(findings).toMatchObject([
      { severity: "warning", code: "doubtful_condition", fix: expect.stringMatching(fix) },
    ]);
    const { line = 0, column = 0 } = findings[0] ?? {};
    const written = text.split("\n")[line - 1]?.slice(column - 1) ?? "";
    expect(written.replace(/^"/, "")).toStartWith(at);
    const now = Date.UTC(2026, 5, 1, hour, 30);
    expect(draftRoute(routeInput(snapshot, { now })).rule).toBe("r");
  });
});

test("a condition that can hold is served, with a warning for what a field never has", () => {
  const when = 'request.use_case != "caht" && signals.weekday in [1, 7]';
  const { snapshot, findings } = compileTexts(withRoutes(rule(`when: '${when}'`)));
  expect(snapshot).not.toBeNull();
  expect(findings).toMatchObject([
    { severity: "warning", code: "doubtful_condition", fix: expect.stringContaining("chat") },
  ]);
});

test("a condition on an alias of a use case says whose it is", () => {
  const aliased = withRoutes(rule(`when: 'request.use_case == "gpt-4o"'`)).replace(
    "  chat:\n",
    "  chat:\n    aliases: [gpt-4o]\n",
  );
  expect(compileTexts(aliased).findings).toMatchObject([
    { severity: "error", code: "invalid_condition", fix: 'It is an alias of "chat": write that.' },
  ]);
});

test("a condition on a use case that there is not never holds", () => {
  const at = (id: string) => compileTexts(withRoutes(rule(`when: 'request.use_case == "${id}"'`))).findings;
  expect(at("chat")).toEqual([]);
  expect(at("caht")).toMatchObject([
    { severity: "error", code: "invalid_condition", fix: expect.stringContaining("chat") },
  ]);
});

test("a use case whose models are all for the other kind of work is a warning", () => {
  const embedding = BASE_POLICY.replace("  chat:\n", "  chat:\n    task_type: embedding\n");
  expect(compileTexts(embedding).findings).toMatchObject([{ severity: "warning", code: "no_embeddings" }]);
  const only = BASE_POLICY.replace("capabilities: [tools, vision]", "capabilities: [embeddings]").replace(
    "small: { context_window",
    "small: { capabilities: [embeddings], context_window",
  );
  expect(compileTexts(only).findings).toMatchObject([{ severity: "warning", code: "embeddings_alone" }]);
  const fitting = only.replace("  chat:\n", "  chat:\n    task_type: embedding\n");
  expect(compileTexts(fitting).findings).toEqual([]);
});
