import { describe, expect, test } from "bun:test";
import { playedGateway, playedPolicy } from "../fake-gateway.ts";

const POLICY = playedPolicy(
  `  shortening: { latency_tier: interactive, deadline: 6s, on_overflow: [truncate_oldest], exercise: { share: 0.5 },
    ladder: { primary: first, fallback: [second] } }`,
  "{ connect: 1s, first_token: 2s, idle: 2s, total: 5s }",
);
const OVERFLOW = { error: { code: "context_length_exceeded", message: "maximum context length" } };
const ANSWER = {
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
};
const MESSAGES = Array.from({ length: 9 }, (_, turn) => ({
  role: turn % 2 === 0 ? "user" : "assistant",
  content: `Turn ${turn}. ${"word ".repeat(200)}`,
}));

test("a request that is shortened after a call goes back to its own ladder, never to an exercise", async () => {
  let calls = 0;
  const on = await playedGateway(
    POLICY,
    (call) => call.answer(calls++ === 0 ? OVERFLOW : ANSWER),
    () => (calls === 0 ? 400 : 200),
  );
  for (let request = 0; request < 40; request++) {
    calls = 0;
    const asked = on.ask({ model: "shortening", messages: MESSAGES });
    await on.clock.advance(1_000);
    await asked;
  }
  const shortened = on.decisions.filter(({ attempts }) => attempts[0]?.deployment === "first-us");
  expect(shortened.length).toBeGreaterThan(10);
  for (const { attempts } of shortened) {
    expect(attempts.map(({ deployment, result }) => [deployment, result])).toEqual([
      ["first-us", "fault"],
      ["first-us", "ok"],
    ]);
  }
});

test("one that was exercised before it was shortened is on record as exercised", async () => {
  let calls = 0;
  const on = await playedGateway(
    POLICY,
    (call) => call.answer(calls++ < 2 ? OVERFLOW : ANSWER),
    (model) => (calls >= 2 ? 200 : model === "second" ? 500 : 400),
  );
  for (let request = 0; request < 40; request++) {
    calls = 0;
    const asked = on.ask({ model: "shortening", messages: MESSAGES });
    await on.clock.advance(10_000);
    await asked;
  }
  const both = on.decisions.filter(({ attempts }) => attempts[0]?.deployment === "second-eu");
  expect(both.length).toBeGreaterThan(3);
  for (const decision of both)
    expect(decision).toMatchObject({ exercise: true, overflow: { how: "truncated" } });
});

describe("a request that a summary was asked for", () => {
  const SUMMED = playedPolicy(
    `  summing: { latency_tier: interactive, deadline: 6s, max_attempts: 2, exercise: { share: 0.5 },
    on_overflow: [{ summarize: { model: second } }, truncate_oldest, larger_model],
    ladder: { primary: first, fallback: [second] } }`,
    "{ connect: 1s, first_token: 2s, idle: 2s, total: 5s }",
  ).replace("first: { context_window: 32000", "first: { context_window: 4000, max_output_tokens: 500");

  test.each([
    ["made", 200, ["second-eu", "first-us"]],
    ["and failed", 500, ["second-eu", "first-us"]],
  ])("is not exercised, once it was %s", async (_, status, called) => {
    let calls = 0;
    const on = await playedGateway(
      SUMMED,
      (call) => call.answer(ANSWER),
      () => (calls++ === 0 ? status : 200),
    );
    for (let request = 0; request < 3; request++) {
      calls = 0;
      await on.ask({ model: "summing", messages: [...MESSAGES, ...MESSAGES, ...MESSAGES] });
    }
    for (const decision of on.decisions) {
      expect(decision.exercise).toBeUndefined();
      expect(decision).toMatchObject({ outcome: "answered" });
      expect(decision.attempts.map(({ deployment }) => deployment)).toEqual(called);
    }
    expect(on.decisions).toHaveLength(3);
  });
});
