import { describe, expect, test } from "bun:test";
import { BASE_POLICY, compileTexts, snapshotOf } from "../fake-policy.ts";
import { parsePolicy } from "./load.ts";

/** The base with one line replaced; the test fails when the line is not there. */
function withLine(from: string, to: string): string {
  if (!BASE_POLICY.includes(from)) throw new Error(`no such text: ${from}`);
  return BASE_POLICY.replace(from, to);
}

/** What is wrong, and the finding it must lead to. */
const BAD: readonly {
  readonly what: string;
  readonly text: string;
  readonly code: string;
  /** Line, and the text that must begin at the column. */
  readonly at: string;
  readonly fix: RegExp;
}[] = [
  {
    what: "unknown key",
    text: withLine("ladder:", "lader:"),
    code: "unknown_key",
    at: "15: lader:",
    fix: /"ladder"/,
  },
  {
    what: "version in quotes",
    text: withLine("version: 1", 'version: "1"'),
    code: "invalid_value",
    at: '1: "1"',
    fix: /^Write the number 1, without quotes\.$/,
  },
  {
    what: "version of another format",
    text: withLine("version: 1", "version: 2"),
    code: "invalid_value",
    at: "1: 2",
    fix: /^Write the number 1\.$/,
  },
  {
    what: "missing key",
    text: withLine("context_window: 1000, ", ""),
    code: "missing_key",
    at: "6: large:",
    fix: /Add context_window/,
  },
  {
    what: "unknown enum",
    text: withLine("safety_level: high", "safety_level: hihg"),
    code: "invalid_value",
    at: "6: hihg",
    fix: /"high"/,
  },
  {
    what: "unknown provider kind",
    text: withLine("kind: simulator", "kind: simulater"),
    code: "invalid_value",
    at: "4: simulater",
    fix: /"simulator"/,
  },
  {
    what: "duration without unit",
    text: withLine("max_output_tokens: 40", "deadline: 20"),
    code: "invalid_type",
    at: "14: 20",
    fix: /deadline|ladder/,
  },
  {
    what: "number as text",
    text: withLine("context_window: 100,", "context_window: lots,"),
    code: "invalid_type",
    at: "7: lots",
    fix: /Tokens/,
  },
  ...(
    [
      ['"100"', /^Write 100, without quotes\. Tokens/],
      ["128_000", /^Write 128000: digits alone\. Tokens/],
      ["128k", /^Write the number out: 128000, not 128k\. Tokens/],
      ["1.5M", /^Write the number out: 1500000, not 1\.5M\. Tokens/],
    ] as const
  ).map(([written, fix]) => ({
    what: `a number written ${written}`,
    text: withLine("context_window: 100,", `context_window: ${written},`),
    code: "invalid_type",
    at: `7: ${written}`,
    fix,
  })),
  ...(
    [
      ["1.10", /^Quote it: "1\.10"\./],
      ["4.10", /^Quote it: "4\.10"\./],
      ["true", /^Quote it: "true"\./],
      ["0x10", /^Quote it: "0x10"\./],
    ] as const
  ).map(([written, fix]) => ({
    what: `a text written ${written}`,
    text: withLine("model_id: s,", `model_id: ${written},`),
    code: "invalid_type",
    at: `11: ${written}`,
    fix,
  })),
  ...(
    [
      ["yes", /^Write true\. Whether/],
      ["Off", /^Write false\. Whether/],
      ['"true"', /^Write true, in small letters and without quotes\. Whether/],
    ] as const
  ).map(([written, fix]) => ({
    what: `a flag written ${written}`,
    text: `${BASE_POLICY}routes:\n  - { name: r, match: { stream: ${written} }, ladder: { primary: large } }\n`,
    code: "invalid_type",
    at: `20: ${written}`,
    fix,
  })),
  {
    what: "an id of AWS for a caller",
    text: `${BASE_POLICY}keys:\n  - { id: k, env: K, tenant: t, aws: { access_key_id: AKIAAAAAAAAAAAAAAAAA, secret: { env: S } } }\n`,
    code: "secret_in_policy",
    at: "20: AKIAAAAAAAAAAAAAAAAA",
    fix: /^Choose another id/,
  },
  {
    what: "negative number",
    text: withLine("context_window: 100,", "context_window: -1,"),
    code: "invalid_value",
    at: "7: -1",
    fix: /Tokens/,
  },
  {
    what: "unknown model in a ladder",
    text: withLine("fallback: [small]", "fallback: [smal]"),
    code: "unknown_model",
    at: "17: smal",
    fix: /"small"/,
  },
  {
    what: "unknown model in a deployment",
    text: withLine("{ model: small,", "{ model: smalll,"),
    code: "unknown_model",
    at: "11: smalll",
    fix: /"small"/,
  },
  {
    what: "unknown provider",
    text: withLine("model: small, provider: sim", "model: small, provider: sin"),
    code: "unknown_provider",
    at: "11: sin",
    fix: /"sim"/,
  },
  {
    what: "region without deployment",
    text: withLine("large@us-east-1", "large@us-east-9"),
    code: "empty_rung",
    at: "16: large@us-east-9",
    fix: /us-east-1, eu-west-1/,
  },
  {
    what: "rung of both kinds",
    text: withLine("large@us-east-1", "{ model: large, deployments: [large-us] }"),
    code: "invalid_value",
    at: "16: primary:",
    fix: /model@region/,
  },
  {
    what: "unknown deployment in a rung",
    text: withLine("large@us-east-1", "{ deployments: [large-uk] }"),
    code: "unknown_deployment",
    at: "16: large-uk",
    fix: /"large-us"/,
  },
  {
    what: "cross-region nowhere",
    text: withLine("fallback:", "cross_region: { regions: [ap-*] }\n      fallback:"),
    code: "empty_rung",
    at: "17: cross_region:",
    fix: /eu-west-1/,
  },
  {
    what: "duplicate key",
    text: withLine("  small: {", "  large: {"),
    code: "duplicate_key",
    at: "7: large:",
    fix: /Keep one/,
  },
  { what: "tabs", text: withLine("  sim:", "\tsim:"), code: "yaml_syntax", at: "4: ", fix: /spaces/ },
  {
    what: "unquoted colon",
    text: withLine("name: test", "name: a: b"),
    code: "yaml_syntax",
    at: "2: a:",
    fix: /Quote/,
  },
  {
    what: "two documents",
    text: `${BASE_POLICY}---\na: 1\n`,
    code: "yaml_syntax",
    at: "19: ---",
    fix: /---/,
  },
  {
    what: "custom tag",
    text: withLine("name: test", "name: !secret test"),
    code: "yaml_tag",
    at: "2: !secret",
    fix: /tag/,
  },
  {
    what: "alias of nothing",
    text: withLine("name: test", "name: *nothing"),
    code: "yaml_alias",
    at: "2: *nothing",
    fix: /&nothing/,
  },
  {
    what: "prototype key",
    text: withLine("name: test", "__proto__: test"),
    code: "yaml_key",
    at: "2: __proto__:",
    fix: /Rename/,
  },
  {
    what: "bad name",
    text: withLine("  chat:", "  chat room:"),
    code: "invalid_name",
    at: "13: chat",
    fix: /Rename/,
  },
  {
    what: "user in a URL",
    text: withLine("{ kind: simulator }", "{ kind: openai-compatible, base_url: 'http://u:p@h/v1' }"),
    code: "invalid_value",
    at: "4: 'http://u:p@h/v1'",
    fix: /URL/,
  },
  {
    what: "residency that excludes all",
    text: withLine("max_output_tokens: 40", "residency: [ap-*]"),
    code: "residency_excludes_all",
    at: "15: ladder:",
    fix: /us-east-1/,
  },
  {
    what: "safety beyond every model",
    text: withLine("max_output_tokens: 40", "safety_level: regulated"),
    code: "nothing_serves",
    at: "15: ladder:",
    fix: /model/,
  },
  {
    what: "alias that is a use case",
    text: withLine("max_output_tokens: 40", "aliases: [chat]"),
    code: "duplicate_alias",
    at: "14: chat",
    fix: /another/,
  },
  {
    what: "route of nobody",
    text: `${BASE_POLICY}routes:\n  - { name: r, use_case: chatt, ladder: { primary: small } }\n`,
    code: "unknown_use_case",
    at: "20: chatt",
    fix: /"chat"/,
  },
  {
    what: "route named default",
    text: `${BASE_POLICY}routes:\n  - { name: default, ladder: { primary: small } }\n`,
    code: "invalid_value",
    at: "20: default",
    fix: /rule/,
  },
  {
    what: "degraded mode in a route",
    text: `${BASE_POLICY}routes:\n  - { name: r, ladder: { primary: small, degraded: [] } }\n`,
    code: "unknown_key",
    at: "20: degraded:",
    fix: /primary/,
  },
  {
    what: "unknown variable",
    text: `${BASE_POLICY}routes:\n  - { name: r, when: "true && signal.hour < 3", ladder: { primary: small } }\n`,
    code: "invalid_condition",
    at: "20: signal.hour",
    fix: /"signals"/,
  },
  {
    what: "condition in a block",
    text: `${BASE_POLICY}routes:\n  - name: r\n    when: |\n      true &&\n      signals.ours < 3\n    ladder: { primary: small }\n`,
    code: "invalid_condition",
    at: "23: ours",
    fix: /"hour"/,
  },
  {
    what: "unknown deployment in a condition",
    text: `${BASE_POLICY}routes:\n  - { name: r, when: 'signals.healthy["large-uss"]', ladder: { primary: small } }\n`,
    code: "unknown_deployment",
    at: '20: "large-uss"',
    fix: /"large-us"/,
  },
  {
    what: "key of both kinds",
    text: `${BASE_POLICY}keys:\n  - { id: k, env: A, sha256: ${"a".repeat(64)}, tenant: t }\n`,
    code: "invalid_value",
    at: "20: { id: k",
    fix: /key/,
  },
  {
    what: "key for an alias",
    text: `${BASE_POLICY.replace("max_output_tokens: 40", "aliases: [gpt]")}keys:\n  - { id: k, sha256: ${"a".repeat(64)}, tenant: t, use_cases: [gpt] }\n`,
    code: "unknown_use_case",
    at: "20: gpt",
    fix: /alias of "chat"/,
  },
  {
    what: "long duration without a unit",
    text: withLine("max_output_tokens: 40", "cache: { ttl: 600, stale_for: 1h }"),
    code: "invalid_type",
    at: "14: 600",
    fix: /^How long/,
  },
  {
    what: "condition without quotes in a flow map",
    text: `${BASE_POLICY}routes:\n  - { name: r, when: signals.healthy["large-us"] && caller.tier == "a", ladder: { primary: small } }\n  - { name: s, ladder: { primary: small } }\n`,
    code: "yaml_syntax",
    at: '20: ["large-us"]',
    fix: /single quotes/,
  },
  {
    what: "a measure misspelt",
    text: withLine("max_output_tokens: 40", "on_overflow: [truncate_oldst]"),
    code: "invalid_value",
    at: "14: truncate_oldst",
    fix: /^Did you mean "truncate_oldest"\?$/,
  },
  {
    what: "a measure that is a map",
    text: withLine("max_output_tokens: 40", "on_overflow: [summarize]"),
    code: "invalid_value",
    at: "14: summarize",
    fix: /\{ summarize: \{ model \} \}/,
  },
  {
    what: "a deployment in place of its model",
    text: withLine("large@us-east-1", "large-us"),
    code: "unknown_model",
    at: "16: large-us",
    fix: /large@us-east-1/,
  },
  {
    what: "a signal taken for a part of the request",
    text: `${BASE_POLICY}routes:\n  - { name: r, when: "request.input_tokens < 3", ladder: { primary: small } }\n`,
    code: "invalid_condition",
    at: "20: input_tokens",
    fix: /"signals\.input_tokens"/,
  },
  { what: "empty text", text: "", code: "empty_policy", at: "1: ", fix: /version: 1/ },
];

describe("a bad policy", () => {
  test.each(BAD)("$what: $code", ({ text, code, at, fix }) => {
    const { snapshot, findings } = compileTexts(text);
    const found = findings.find((finding) => finding.code === code);
    expect(snapshot).toBeNull();
    expect(findings.map((finding) => finding.code)).toContain(code);
    const line = text.split("\n")[(found?.line ?? 0) - 1] ?? "";
    expect(`${found?.line}: ${line.slice((found?.column ?? 0) - 1)}`).toStartWith(at);
    expect(found?.file).toBe("policy.yaml");
    expect(found?.fix).toMatch(fix);
  });

  test("an error of the syntax is said once, not for every line that the reader then takes for wrong", () => {
    const routes =
      'routes:\n  - { name: r, when: signals.healthy["large-us"] && true, ladder: { primary: small } }\n';
    const { findings } = compileTexts(`${BASE_POLICY}${routes}keys: [{ id: k, env: A, tenant: t }]\n`);
    expect(findings.map(({ code, line }) => [code, line])).toEqual([["yaml_syntax", 20]]);
  });

  test("a value of a map by names is called by its place, not by the name", () => {
    const text = `${BASE_POLICY}tests: [{ name: a, request: { use_case: chat }, expect: { refused: { large-us: region } } }]\n`;
    const [finding] = compileTexts(text).findings;
    expect(finding?.message).toBe('"region" is not a valid value of refused.large-us.');
  });

  test.each([
    ["use_cases: { chta: { deadline: 3s } }", "use_cases.chta", '"chat"'],
    ["deployments: { large-uss: { weight: 3 } }", "deployments.large-uss", '"large-us"'],
  ])("an overlay that misspells an entry is told which one is there, once: %s", (overlay, path, name) => {
    const { findings } = compileTexts(BASE_POLICY, `${overlay}\n`);
    expect(findings).toMatchObject([{ code: "missing_key", path, file: "overlay-1.yaml", line: 1 }]);
    expect(findings[0]?.message).toContain("Before this overlay there is no");
    expect(findings[0]?.fix).toBe(`Did you mean ${name}?`);
  });

  test("a new entry of an overlay that is like none before is told what it lacks", () => {
    const { findings } = compileTexts(BASE_POLICY, "use_cases: { invoices: { deadline: 3s } }\n");
    expect(findings).toMatchObject([{ code: "missing_key", message: "invoices.ladder is missing." }]);
  });

  test("has all its findings listed, in the order of the text", () => {
    const text = BASE_POLICY.replace("kind: simulator", "kind: sim")
      .replace("context_window: 100,", "")
      .replace("ladder:", "lader:");
    const codes = compileTexts(text).findings.map(({ line, code }) => `${line} ${code}`);
    expect(codes).toEqual(["4 invalid_value", "7 missing_key", "13 missing_key", "15 unknown_key"]);
  });
});

describe("pasted secrets", () => {
  const secret = "sk-proj-abcdefghijklmnop1234";
  test.each([
    ["credential", `openai: { kind: openai, credential: { env: ${secret} } }`, secret],
    [
      "header",
      `o: { kind: openai-compatible, base_url: "http://h/v1", headers: { x-api-key: q7Wm2ZpX9rTb4LsV8nKd } }`,
      "q7Wm2ZpX9rTb4LsV8nKd",
    ],
    ["key of a map", `${secret}: { kind: simulator }`, secret],
    ["unknown key", `o: { kind: simulator, ${secret}: true }`, secret],
    ["AWS key", "o: { kind: openai, credential: { env: AKIAIOSFODNN7EXAMPLE } }", "AKIAIOSFODNN7EXAMPLE"],
  ])("%s: refused, never repeated", (_name, line, value) => {
    const { snapshot, findings } = compileTexts(BASE_POLICY.replace("  sim:", `  ${line}\n  sim:`));
    expect(snapshot).toBeNull();
    expect(findings.find(({ code }) => code === "secret_in_policy")?.line).toBe(4);
    expect(JSON.stringify(findings)).not.toContain(value);
  });

  test("a YAML error does not quote the text", () => {
    const { findings } = compileTexts(`version: 1\ntoken: "${secret}\n`);
    expect(findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test("names of variables, files and hashes are no secrets", () => {
    const key = `keys:\n  - { id: k, sha256: ${"9f".repeat(32)}, tenant: t }\n`;
    const providers =
      "  openai: { kind: openai, credential: { file: /run/secrets/openai-production-key } }\n  sim:";
    const { findings } = compileTexts(BASE_POLICY.replace("  sim:", providers) + key);
    expect(findings.map(({ code }) => code)).toEqual(["missing_credential"]);
  });
});

describe("overlays", () => {
  test("maps merge, lists and scalars replace, null deletes", () => {
    const overlay =
      "use_cases:\n  chat:\n    max_output_tokens: null\n    deadline: 5s\n    ladder: { fallback: [] }\n";
    const useCase = snapshotOf(BASE_POLICY, overlay).useCases.get("chat");
    expect(useCase?.maxOutputTokens).toBeNull();
    expect(useCase?.deadlineMs).toBe(5000);
    expect(useCase?.ladder.map(({ kind }) => kind)).toEqual(["primary", "cross-region"]);
  });

  test("a finding points to the overlay when the value came from it", () => {
    const { findings } = compileTexts(BASE_POLICY, "use_cases:\n  chat:\n    ladder: { fallback: [smal] }\n");
    expect(findings[0]).toMatchObject({ file: "overlay-1.yaml", line: 3, column: 26, code: "unknown_model" });
  });

  test("and to the base when it did not", () => {
    const bad = BASE_POLICY.replace("fallback: [small]", "fallback: [smal]");
    const { findings } = compileTexts(bad, "use_cases:\n  chat: { deadline: 5s }\n");
    expect(findings[0]).toMatchObject({ file: "policy.yaml", line: 17 });
  });

  test("an empty overlay changes nothing, not even the version", () => {
    expect(snapshotOf(BASE_POLICY, "# nothing\n").version).toBe(snapshotOf(BASE_POLICY).version);
  });

  test("deleting what others need is found", () => {
    const { findings } = compileTexts(BASE_POLICY, "models: { small: null }\n");
    expect(findings.map(({ code }) => code)).toContain("unknown_model");
  });
});

describe("anchors", () => {
  test("aliases and merge keys serve, own keys win, x- keys are ignored", () => {
    const text = BASE_POLICY.replace(
      "  small: { context_window: 100,",
      "  tiny: { <<: [*tiny, *other], max_output_tokens: 7 }\n  small: { context_window: 100,",
    ).replace(
      "providers:",
      "x-a: &tiny { context_window: 50 }\nx-b: &other { context_window: 60, role: other }\nproviders:",
    );
    const model = snapshotOf(text).models.get("tiny");
    expect([model?.contextWindow, model?.maxOutputTokens, model?.role]).toEqual([50, 7, "other"]);
  });

  test("a finding inside a merged map points to the anchor's text", () => {
    const text = BASE_POLICY.replace("small: { context_window: 100,", "small: { <<: *a,").replace(
      "providers:",
      "x-a: &a { context_window: wide }\nproviders:",
    );
    expect(compileTexts(text).findings[0]).toMatchObject({ line: 3, column: 27, code: "invalid_type" });
  });

  test.each([
    [
      "list bomb",
      (i: number) =>
        `[${Array(10)
          .fill(`*a${i - 1}`)
          .join(",")}]`,
    ],
    [
      "map bomb",
      (i: number) => `{ ${Array.from({ length: 10 }, (_, k) => `k${k}: *a${i - 1}`).join(", ")} }`,
    ],
  ])("%s is refused", (_name, level) => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} ${level(i + 1)}`);
    const { document, findings } = parsePolicy([{ file: "p", text: `a0: &a0 x\n${levels.join("\n")}\n` }]);
    expect(document).toBeNull();
    expect(findings.map(({ code }) => code)).toEqual(["yaml_aliases"]);
  });

  test("an alias inside its own anchor is refused", () => {
    expect(compileTexts("a: &a [*a]").findings[0]?.code).toBe("yaml_alias");
  });
});

describe("bounds", () => {
  test("more than 10 MiB is refused unread", () => {
    expect(compileTexts(" ".repeat(10 * 1024 * 1024 + 1)).findings[0]?.code).toBe("too_large");
  });

  test.each([100, 20_000])("nesting of %d levels is refused", (depth) => {
    const text = `a: ${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(compileTexts(text).findings.map(({ code }) => code)).toContain("yaml_too_deep");
  });
});

test("a duration that is none is told once", () => {
  const parsed = parsePolicy([{ file: "p.yaml", text: withLine("max_output_tokens: 40", "deadline: 19x") }]);
  expect(parsed.findings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "use_cases.chat.deadline: chat.deadline must be a duration with a unit, such as 250ms, 20s or 1m30s.",
  ]);
});

test("a ladder's key that may be written in several ways is missing, and not of a wrong form", () => {
  const parsed = parsePolicy([{ file: "p.yaml", text: withLine("      primary:", "      primry:") }]);
  const missing = parsed.findings.find(({ code }) => code === "missing_key");
  expect(missing).toMatchObject({
    message: "ladder.primary is missing.",
    fix: expect.stringMatching(/^Add primary: /),
  });
});

test("a bound is told in words, and what is in a list by the list's name", () => {
  const keys = "keys:\n  - { id: k, sha256: '0' }\n";
  const text = withLine("max_output_tokens: 40", "max_output_tokens: 0") + keys;
  const said = parsePolicy([{ file: "p.yaml", text }]).findings.map(({ message }) => message);
  expect(said).toContain("chat.max_output_tokens must be at least 1.");
  expect(said).toContain("keys[0].tenant is missing.");
});
