import { describe, expect, test } from "bun:test";
import type { DegradedMode } from "../../core/plan.ts";
import { BASE_POLICY, compileTexts, FAKE_PORTS, snapshotOf } from "../fake-policy.ts";

const BUSY = "      degraded: [{ busy: { message: Later. } }]\n";

/** The base with other degraded modes, and what `rest` adds to the use case. */
function policy(degraded: string, rest = ""): string {
  if (!BASE_POLICY.includes(BUSY)) throw new Error("the base has changed");
  const own = rest === "" ? "" : `    ${rest}\n`;
  return BASE_POLICY.replace(BUSY, `      degraded: ${degraded}\n`).replace(
    "    max_output_tokens: 40\n",
    `    max_output_tokens: 40\n${own}`,
  );
}

function found(text: string): readonly string[] {
  return compileTexts(text).findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

function modesOf(text: string): readonly DegradedMode[] {
  return snapshotOf(text).useCases.get("chat")?.degraded ?? [];
}

const CACHE = "cache: { ttl: 10m, stale_for: 1h }";
const ALL = `
        - cached: {}
        - rules: [{ contains: [Opening Hours, open], answer: "9 to 5" }, { match: "^refund", answer: No., status: 503 }]
        - retrieval: { folder: docs/faq, message: "See:" }
        - summarize_only: { model: small }
        - human: { queue: desk, message: "Ticket {{ticket_id}}", store_prompt: true }
        - busy: { message: "In {{retry_after}} s" }`;

describe("degraded modes", () => {
  test("all of them, in the policy's order, without a finding", () => {
    const text = policy(ALL, CACHE);
    expect(found(text)).toEqual([]);
    expect(modesOf(text)).toMatchObject([
      { mode: "cached", maxAgeMs: 70 * 60_000, status: 200 },
      { mode: "rules" },
      { mode: "retrieval", folder: "docs/faq", top: 3, message: "See:" },
      { mode: "summarize_only", model: "small", maxOutputTokens: 300, deployments: [{ id: "small-us" }] },
      { mode: "human", queue: "desk", storePrompt: true, maxOpen: 1000, webhook: null },
      { mode: "busy", retryAfterSeconds: 30 },
    ]);
  });

  test("rules match words and patterns, whatever the case, and keep their own status", () => {
    const [, mode] = modesOf(policy(ALL, CACHE));
    if (mode?.mode !== "rules") throw new Error("no rules");
    const [hours, refund] = mode.rules;
    expect(hours?.matches("When are your opening hours?")).toBe(true);
    expect(hours?.matches("Where are you?")).toBe(false);
    expect(refund?.matches("REFUND me")).toBe(true);
    expect(refund?.matches("a refund")).toBe(false);
    expect([hours?.status, refund?.status]).toEqual([200, 503]);
  });

  test.each([
    ["[{ busy: { message: a } }, { template: { message: b } }]", "[1]"],
    [
      "[{ rules: [{ contains: x, answer: a }] }, { template: { message: b } }, { busy: { message: c } }]",
      "[2]",
    ],
  ])("what stands after one that always answers is unreachable: %s", (modes, at) => {
    expect(found(policy(modes))).toEqual([
      `warning unreachable_degraded_mode use_cases.chat.ladder.degraded${at}`,
    ]);
  });

  test.each([
    ["[{ rules: [{ contains: x, answer: a }] }, { busy: { message: b } }]"],
    ["[{ human: { queue: q, message: a } }, { busy: { message: b } }]"],
    ["[{ retrieval: { folder: f } }]"],
  ])("a mode that may pass on leaves the next one reachable: %s", (modes) => {
    expect(found(policy(modes))).toEqual([]);
  });

  test.each([
    ["[{ cached: {} }]", "", "error no_cache use_cases.chat.ladder.degraded[0].cached"],
    [
      "[{ cached: { max_age: 2d } }]",
      CACHE,
      "warning cache_too_short use_cases.chat.ladder.degraded[0].cached.max_age",
    ],
    [
      "[{ rules: [{ match: '(a)\\1', answer: a }] }]",
      "",
      "error invalid_pattern use_cases.chat.ladder.degraded[0].rules[0].match",
    ],
    [
      "[{ rules: [{ contains: x, answer: '{{ticket_id}}' }] }]",
      "",
      "warning unknown_variable use_cases.chat.ladder.degraded[0].rules[0].answer",
    ],
    [
      "[{ summarize_only: { model: smal } }]",
      "",
      "error unknown_model use_cases.chat.ladder.degraded[0].summarize_only.model",
    ],
    [
      "[{ retrieval: { folder: ../secrets } }]",
      "",
      "error invalid_value use_cases.chat.ladder.degraded[0].retrieval.folder",
    ],
    [
      "[{ retrieval: { folder: /etc } }]",
      "",
      "error invalid_value use_cases.chat.ladder.degraded[0].retrieval.folder",
    ],
    [
      "[{ human: { queue: q, message: m, webhook: { url: 'http://example.com/x', secret: { env: S } } } }]",
      "",
      "error invalid_value use_cases.chat.ladder.degraded[0].human.webhook.url",
    ],
    [
      "[{ human: { queue: q, message: m, webhook: { url: 'https://example.com/x', secret: { env: S } } } }]",
      "",
      "warning missing_webhook_secret use_cases.chat.ladder.degraded[0].human.webhook.secret",
    ],
    [
      "[{ busy: { message: a }, template: { message: b } }]",
      "",
      "error invalid_value use_cases.chat.ladder.degraded[0]",
    ],
  ])("%s %s: %s", (modes, rest, finding) => {
    const all = found(policy(modes, rest)).filter((one) => !one.includes("no_degraded_mode"));
    expect(all).toEqual([finding]);
  });

  test("a stale answer may be ruled out", () => {
    const [mode] = modesOf(policy("[{ cached: { stale: false } }]", CACHE));
    expect(mode).toMatchObject({ mode: "cached", maxAgeMs: 10 * 60_000 });
  });

  test("a side model is bound by what no rule can override", () => {
    const text = policy("[{ summarize_only: { model: small } }]", "safety_level: high");
    const high = text.replace("fallback: [small]", "fallback: []");
    expect(found(high)).toEqual(["error nothing_serves use_cases.chat.ladder.degraded"]);
  });
});

describe("on_overflow", () => {
  const measures = (written: string) =>
    snapshotOf(policy("[{ busy: { message: x } }]", `on_overflow: ${written}`)).useCases.get("chat")
      ?.onOverflow;

  test("a larger model unless the policy says otherwise", () => {
    expect(snapshotOf(BASE_POLICY).useCases.get("chat")?.onOverflow).toEqual([{ type: "larger_model" }]);
  });

  test("measures in order", () => {
    expect(measures("[truncate_oldest, { summarize: { model: small } }, larger_model, fail]")).toMatchObject([
      { type: "truncate_oldest" },
      { type: "summarize", model: "small", deployments: [{ id: "small-us" }] },
      { type: "larger_model" },
      { type: "fail" },
    ]);
  });

  test.each([
    ["[fail, larger_model]", "warning unreachable_overflow_measure use_cases.chat.on_overflow[1]"],
    ["[{ summarize: { model: smal } }]", "error unknown_model use_cases.chat.on_overflow[0].summarize.model"],
    ["[shrink]", "error invalid_value use_cases.chat.on_overflow[0]"],
    ["[]", "error invalid_value use_cases.chat.on_overflow"],
  ])("%s: %s", (written, finding) => {
    expect(found(policy("[{ busy: { message: x } }]", `on_overflow: ${written}`))).toEqual([finding]);
  });
});

describe("cache", () => {
  test("is off unless the policy asks for it", () => {
    expect(snapshotOf(BASE_POLICY).useCases.get("chat")?.cache).toBeNull();
  });

  test("durations and scope", () => {
    const text = policy("[{ cached: {} }]", "cache: { ttl: 90s, stale_for: 7d, scope: user }");
    expect(snapshotOf(text).useCases.get("chat")?.cache).toEqual({
      ttlMs: 90_000,
      staleForMs: 7 * 86_400_000,
      scope: "user",
    });
  });

  test("thirty days is the longest", () => {
    const text = policy("[{ busy: { message: x } }]", "cache: { ttl: 31d }");
    expect(found(text)).toEqual(["error invalid_value use_cases.chat.cache.ttl"]);
  });
});

test("a webhook's secret comes from its source and is never in a snapshot's text", () => {
  expect(FAKE_PORTS.credential({ env: "S" }).type).toBe("missing");
  const [mode] = modesOf(
    policy(
      "[{ human: { queue: q, message: m, webhook: { url: 'http://127.0.0.1:9/x', secret: { env: S } } } }]",
    ),
  );
  expect(mode).toMatchObject({ mode: "human", webhook: { url: "http://127.0.0.1:9/x", secret: null } });
});

test.each([204, 205, 301, 304, 200.5, 199, 600])(
  "a status of %p is refused: clients read no words from it",
  (status) => {
    const { findings } = compileTexts(policy(`[{ template: { message: Hi., status: ${status} } }]`));
    expect(findings).toMatchObject([
      { severity: "error", path: "use_cases.chat.ladder.degraded[0].template.status" },
    ]);
  },
);

test("a status without a body says which have one", () => {
  const [finding] = compileTexts(policy("[{ template: { message: Hi., status: 204 } }]")).findings;
  expect(finding?.message).toContain("200 to 299 without 204 and 205, or 400 to 599");
  expect(finding?.fix).toContain("200 where they are an answer");
  for (const status of [200, 202, 299, 400, 503, 599]) {
    expect(found(policy(`[{ template: { message: Hi., status: ${status} } }]`))).toEqual([]);
  }
});
