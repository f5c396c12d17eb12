import { describe, expect, test } from "bun:test";
import type { RequestChange } from "../../core/plan.ts";
import type { Message, ModelRequest } from "../../core/request.ts";
import { runSteps } from "../../core/steps.ts";
import { estimateTokens } from "../estimates/estimate-tokens.ts";
import { type ExplainedMeasure, explainOverflow } from "../explain/explain-overflow.ts";
import { BASE_POLICY, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { plannedRoute } from "../replay/routing-tap.ts";
import { draftRoute, planRoute } from "../routing/plan.ts";
import { fitted, tooLongFor } from "./fit.ts";
import { foresee, foreseeByEstimate } from "./foresee.ts";
import { carriedOut, estimatedSize, measuredSize } from "./means.ts";

const said = (role: Message["role"], tokens: number): Message => ({
  role,
  content: [{ type: "text", text: "abcd".repeat(tokens - 4) }],
});
/** A system message of 50 tokens, five turns of 300 and a question of 50: 1600. */
const TALK: ModelRequest = {
  ...FAKE_REQUEST,
  messages: [
    said("system", 50),
    ...Array.from({ length: 5 }, () => [said("user", 100), said("assistant", 200)]).flat(),
    said("user", 50),
  ],
};
/** large holds 1000 with 40 of output, small 100, wide everything. */
const POLICY = `${BASE_POLICY.replace(
  "deployments:\n",
  "  wide: { context_window: 9000, max_output_tokens: 100, prices: { input: 1, output: 2 } }\ndeployments:\n  wide-us: { model: wide, provider: sim, model_id: w, region: us-east-1 }\n",
)}`;

function foreseen(overlay: string, request: ModelRequest = TALK) {
  const snapshot = snapshotOf(POLICY, `use_cases: { chat: ${overlay} }\n`);
  return foreseeByEstimate(routeInput(snapshot, { request, estimatedInputTokens: estimateTokens(request) }));
}

function explained(overlay: string, request?: ModelRequest) {
  const { overflow } = foreseen(overlay, request);
  if (overflow === null) throw new Error("it is not too long");
  const all = explainOverflow(overflow);
  expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  return all;
}

test("what fits has nothing to foresee", () => {
  expect(foreseen("{ on_overflow: [truncate_oldest] }", FAKE_REQUEST)).toMatchObject({
    overflow: null,
    fault: null,
  });
});

describe("truncate_oldest", () => {
  const CUT = "{ on_overflow: [truncate_oldest] }";

  test("leaves out as few turns as it takes, and names them, what remains and who answers", () => {
    expect(explained(CUT)).toMatchObject({
      how: "truncated",
      inputTokens: 1600,
      messages: 12,
      tooLongFor: [
        { deployment: "large-us", room: 960 },
        { deployment: "large-eu" },
        { deployment: "small-us" },
      ],
      leftOut: { tokens: 900 },
      remains: { messages: 6, tokens: 700 },
      first: { rung: "primary", deployment: "large-us" },
      summary: null,
      withoutSummary: [],
      fault: null,
    });
    expect(explained(CUT).leftOut?.messages.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("what must stay is too long: the next measure, or the fault", () => {
    const whole = { ...TALK, messages: [said("system", 50), said("user", 1500)] };
    const refused = explained(CUT, whole);
    expect(refused).toMatchObject({
      how: "refused",
      passedOver: [{ measure: "truncate_oldest", why: "cannot_be_shortened" }],
      remains: null,
      first: null,
      fault: { code: "context_length_exceeded" },
    });
    const ladder = "ladder: { primary: large, fallback: [wide] }";
    expect(explained(`{ on_overflow: [truncate_oldest, larger_model], ${ladder} }`, whole)).toMatchObject({
      how: "larger_model",
      first: { rung: "fallback", deployment: "wide-us" },
    });
  });

  test("a rule that reads the length decides over what is left", () => {
    const snapshot = snapshotOf(
      `${POLICY}routes: [{ name: long, when: signals.input_tokens > 960, ladder: { primary: large } }]\n`,
      "use_cases: { chat: { on_overflow: [truncate_oldest], ladder: { primary: wide } } }\n",
    );
    const input = routeInput(snapshot, { request: TALK, estimatedInputTokens: 1600 });
    const { plan, overflow } = foreseeByEstimate(input);
    expect(overflow?.plan.rule).toBe("long");
    // Cut for the rule's model, it is no longer one of the rule's.
    expect(plan).toMatchObject({ rule: "default", rungs: [{ model: "wide" }] });
  });

  describe("of an arm with a prompt", () => {
    const prompt = `{ id: p, version: 1, text: "${"abcd".repeat(300)}" }`;
    const rollouts = `rollouts: [{ name: r, use_case: chat, canary: { weight: 100, candidate: { system_prompt: ${prompt} } } }]\n`;
    const snapshot = snapshotOf(POLICY + rollouts, `use_cases: { chat: ${CUT} }\n`);
    const input = routeInput(snapshot, { request: TALK, estimatedInputTokens: 1600 });

    test("leaves room for it", () => {
      const { plan, overflow } = foreseeByEstimate(input);
      expect(plan).toMatchObject({ arm: { label: "r/candidate" }, estimatedInputTokens: 700 });
      expect(overflow?.fitted).toMatchObject({ how: "truncated", short: { tokens: 400 } });
    });

    test("has it in the request where that is known, and names the caller's own messages", () => {
      const { messages } = TALK;
      const changed = (request: ModelRequest, change: RequestChange | null) =>
        change ? { ...request, messages: [said("system", 304), ...messages.slice(1)] } : request;
      const { plan, route, overflow } = runSteps(foresee(input, estimatedSize(input), changed));
      expect(route.request.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
      expect(plan).toMatchObject({ arm: { label: "r/candidate" }, estimatedInputTokens: 654 });
      const { leftOut, messages: all } = (overflow && explainOverflow(overflow)) ?? {};
      expect(all).toBe(12);
      expect(leftOut?.messages.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });
  });
});

describe("larger_model", () => {
  test("alone and with none left: what routing says of the whole", () => {
    expect(explained("{ on_overflow: [larger_model] }")).toMatchObject({
      how: "none",
      passedOver: [{ measure: "larger_model", why: "no_larger_model" }],
      fault: null,
    });
    expect(foreseen("{ on_overflow: [larger_model] }").fault?.code).toBe("context_length_exceeded");
  });

  test("alone, and one is only out of service: the policy's words stand in", () => {
    const unarmed = `providers: { o: { kind: openai, credential: { env: NOT_SET } } }
deployments: { wide-us: { provider: o } }
use_cases: { chat: { on_overflow: [larger_model], ladder: { primary: large, fallback: [wide] } } }\n`;
    const input = routeInput(snapshotOf(POLICY, unarmed), { request: TALK, estimatedInputTokens: 1600 });
    const { plan, fault, overflow } = foreseeByEstimate(input);
    expect(overflow && explainOverflow(overflow)).toMatchObject({ how: "none", first: null, fault: null });
    expect([plan.degraded.map(({ mode }) => mode), fault]).toEqual([["busy"], null]);
  });

  test("fail before it refuses", () => {
    const written = "{ on_overflow: [fail], ladder: { primary: large, fallback: [wide] } }";
    expect(explained(written)).toMatchObject({ how: "refused", first: null });
    expect(foreseen(written).fault?.code).toBe("context_length_exceeded");
  });
});

describe("summarize", () => {
  const summing = (rest: string) => `{ on_overflow: [{ summarize: { model: wide } }${rest}] }`;

  test("says who would sum up at what cost, and what is done where that fails", () => {
    const { withoutSummary, ...first } = explained(summing(", truncate_oldest"));
    expect(first).toMatchObject({
      how: "summarized",
      leftOut: { messages: { length: 6 } },
      // The summary's message is one of them.
      remains: { messages: 7, tokens: 960 },
      summary: { model: "wide", deployment: "wide-us", estimatedOutputTokens: 115 },
      first: { deployment: "large-us" },
    });
    expect(Number(first.summary?.estimatedCostUsd)).toBeGreaterThan(0.0009);
    expect(withoutSummary).toMatchObject([
      {
        how: "truncated",
        passedOver: [{ measure: "summarize", why: "no_summary" }],
        remains: { messages: 6, tokens: 700 },
        summary: null,
      },
    ]);
  });

  test("each summary that may fail has its own way out", () => {
    const { withoutSummary } = explained(summing(", { summarize: { model: wide } }, fail"));
    expect(withoutSummary.map(({ how }) => how)).toEqual(["summarized", "refused"]);
  });

  test.each<[number, string, string[], string[][]]>([
    [1, "truncated", ["no_call_left"], []],
    [2, "summarized", [], [["no_summary", "no_call_left"]]],
    [3, "summarized", [], [["no_summary"], ["no_summary", "no_summary"]]],
  ])("is not bought with the last call of %d", (calls, how, passedOver, after) => {
    const measures = "{ summarize: { model: wide } }, { summarize: { model: wide } }, truncate_oldest";
    const { withoutSummary, ...first } = explained(`{ max_attempts: ${calls}, on_overflow: [${measures}] }`);
    const reasons = (measure: ExplainedMeasure): readonly string[] =>
      measure.passedOver.map(({ why }) => why);
    expect<string>(first.how).toBe(how);
    expect(reasons(first).slice(0, 1)).toEqual(passedOver);
    expect(withoutSummary.map(reasons)).toEqual(after);
  });

  test("where nobody may sum up, that is known", () => {
    const unarmed =
      "providers: { o: { kind: openai, credential: { env: NOT_SET } } }\ndeployments: { wide-us: { provider: o } }\n";
    const snapshot = snapshotOf(POLICY, unarmed, `use_cases: { chat: ${summing(", truncate_oldest")} }\n`);
    const { overflow } = foreseeByEstimate(
      routeInput(snapshot, { request: TALK, estimatedInputTokens: 1600 }),
    );
    expect(overflow && explainOverflow(overflow)).toMatchObject({
      how: "truncated",
      passedOver: [{ measure: "summarize", why: "no_summary" }],
      withoutSummary: [],
    });
  });
});

describe("the cost ceiling", () => {
  const under = (usd: number, measures: string, rest = "") =>
    `{ cost_ceiling_usd: ${usd}, on_overflow: [${measures}]${rest} }`;
  const SUM_OR_CUT = "{ summarize: { model: wide } }, truncate_oldest";
  const dear = (measure: string) => ({ measure, why: "over_ceiling" });

  // 960 tokens and 40 of output cost 0.00348 on large, the summary at most 0.00123; what truncation leaves, 0.0027.
  test.each([
    [0.0048, "summarized", []],
    [0.0046, "truncated", [dear("summarize")]],
    [0.0027, "truncated", [dear("summarize")]],
    [0.0026, "refused", [dear("summarize"), dear("truncate_oldest")]],
  ])("of %d holds for a summary and what it is for, or there is none: %s", (usd, how, passedOver) => {
    expect(explained(under(usd, SUM_OR_CUT))).toMatchObject({ how, passedOver });
  });

  test.each([
    [SUM_OR_CUT, 0.0026],
    ["{ summarize: { model: wide } }", 0.0046],
    ["{ summarize: { model: wide } }, fail", 0.0046],
  ])("is named where %s would have helped but for it", (measures, usd) => {
    const { fault } = foreseen(under(usd, measures));
    expect(fault).toMatchObject({ kind: "context_overflow", code: "context_length_exceeded" });
    expect(fault?.message).toContain(`may cost more than the use case's ceiling of ${usd} USD. Shorten`);
  });

  test("is named where a larger model is too dear, and not where none of it is to blame", () => {
    const ladder = ", ladder: { primary: large, fallback: [wide] }";
    const { fault, overflow } = foreseen(under(0.0016, "larger_model, fail", ladder));
    expect(overflow?.fitted).toMatchObject({ passedOver: [dear("larger_model")] });
    expect(fault?.message).toContain("ceiling of 0.0016 USD");
    expect(foreseen(under(0.0016, "larger_model, fail")).fault?.message).not.toContain("ceiling");
    expect(foreseen(under(0.0016, "fail", ladder)).fault?.message).not.toContain("ceiling");
  });

  test.each([
    [0.0011, "summarized"],
    [0.0022, "refused"],
  ])("is held against what the summary did cost: %d", (cost, result) => {
    const snapshot = snapshotOf(POLICY, `use_cases: { chat: ${under(0.0048, SUM_OR_CUT)} }\n`);
    const route = routeInput(snapshot, { request: TALK, estimatedInputTokens: 1600 });
    const plan = draftRoute(route);
    const long = tooLongFor(route, plan, planRoute(route));
    if (long === null) throw new Error("it is not too long");
    let spent = 0;
    const done = runSteps(
      fitted<never>(long, {
        size: estimatedSize(route),
        calls: () => 0,
        spent: () => spent,
        // biome-ignore lint/correctness/useYield: nothing is waited for
        *summarize() {
          spent = cost * 1e9;
          return { text: "In short." };
        },
      }),
    );
    const how: string = done.result === "shortened" ? done.how : done.result;
    expect(how).toBe(result);
  });
});

describe("a window that the caller states, beyond every model's", () => {
  const stating = (messages: readonly Message[]): ModelRequest => ({
    ...TALK,
    messages,
    contract: { ...TALK.contract, contextWindow: 150_000 },
  });
  /** 950 tokens: large has room for 960. */
  const FITS = stating(TALK.messages.slice(-7));
  const SUMMED = "{ on_overflow: [{ summarize: { model: wide } }, truncate_oldest] }";

  test.each(["{ on_overflow: [truncate_oldest] }", SUMMED])(
    "is not met by leaving anything out of what fits: refused, and on record as that (%s)",
    (overlay) => {
      const { fault, plan, route, overflow } = foreseen(overlay, FITS);
      expect(fault).toMatchObject({ kind: "context_overflow", code: "context_length_exceeded" });
      expect(fault?.message).toContain("a window of 150000 tokens");
      expect(overflow?.fitted).toMatchObject({
        result: "refused",
        passedOver: [{ why: "cannot_be_shortened" }, { why: "cannot_be_shortened" }].slice(
          overlay === SUMMED ? 0 : 1,
        ),
      });
      expect(plannedRoute(plan, route)).toEqual({ rule: "default", refused: "context_length_exceeded" });
    },
  );

  test("goes to a larger model that has it, whichever measure comes before", () => {
    const stated = { ...FITS, contract: { ...FITS.contract, contextWindow: 8000 } };
    const ladder = "ladder: { primary: large, fallback: [wide] }";
    expect(
      explained(`{ on_overflow: [{ summarize: { model: wide } }, larger_model], ${ladder} }`, stated),
    ).toMatchObject({
      how: "larger_model",
      first: { deployment: "wide-us" },
    });
  });

  test("was stated of the whole, where that is too long by itself", () => {
    expect(explained(SUMMED, stating(TALK.messages))).toMatchObject({ how: "summarized" });
  });
});

test("a stated size stands for the whole, in the messages' proportions", () => {
  const snapshot = snapshotOf(POLICY, "use_cases: { chat: { on_overflow: [truncate_oldest] } }\n");
  const { overflow, plan } = foreseeByEstimate(
    routeInput(snapshot, { request: TALK, estimatedInputTokens: 3200 }),
  );
  expect(overflow?.fitted).toMatchObject({ short: { tokens: 800, dropped: { length: 8 } } });
  expect(plan.estimatedInputTokens).toBe(800);
});

test("measured with care it counts, and does the same", async () => {
  const snapshot = snapshotOf(POLICY, "use_cases: { chat: { on_overflow: [truncate_oldest] } }\n");
  const input = routeInput(snapshot, { request: TALK, estimatedInputTokens: 1600 });
  const { overflow, plan } = await carriedOut(foresee(input, measuredSize));
  expect(overflow?.fitted).toMatchObject({ result: "shortened", short: { dropped: { length: 6 } } });
  expect(plan.estimatedInputTokens).toBe(700);
});
