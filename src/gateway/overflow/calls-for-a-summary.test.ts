/** A summary, and the calls and the models that it leaves to the answer. */
import { describe, expect, test } from "bun:test";
import type { Decision } from "../../core/decision.ts";
import { type PlayedGateway, playedGateway } from "../fake-gateway.ts";

const policy = (useCase: string) => `version: 1
name: played
providers:
  own: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", credential: none }
models:
  main: { context_window: 4000, max_output_tokens: 500, prices: { input: 3, output: 15 } }
  back: { context_window: 4000, max_output_tokens: 500, prices: { input: 3, output: 15 } }
  sum: { context_window: 32000, max_output_tokens: 1000, prices: { input: 3, output: 15 } }
deployments:
  main-us: { model: main, provider: own, model_id: main, region: us-east-1 }
  back-eu: { model: back, provider: own, model_id: back, region: eu-west-1 }
  sum-us: { model: sum, provider: own, model_id: sum, region: us-west-2 }
use_cases:
  chat: { latency_tier: interactive, deadline: 20s, ${useCase} }
timeouts:
  interactive: { connect: 1s, first_token: 2s, idle: 2s, total: 5s }
`;
const SUMMED = "on_overflow: [{ summarize: { model: sum } }, truncate_oldest]";
const ANSWER = {
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
};
const OVERFLOW = { error: { code: "context_length_exceeded", message: "maximum context length" } };

/** 21 turns are known to be too long for `main`, 9 are not. */
async function asked(on: PlayedGateway, turns: number): Promise<Decision> {
  const messages = Array.from({ length: turns }, (_, turn) => ({
    role: turn % 2 === 0 ? "user" : "assistant",
    content: `Turn ${turn}. ${"word ".repeat(200)}`,
  }));
  await on.ask({ model: "chat", messages });
  const decision = on.decisions.at(-1);
  if (!decision) throw new Error("nothing was recorded");
  return decision;
}

const called = ({ attempts }: Decision) =>
  attempts.map(({ deployment, result, purpose }) => [deployment, result, ...(purpose ? [purpose] : [])]);

test("the only call is not spent on a summary", async () => {
  const on = await playedGateway(policy(`${SUMMED}, max_attempts: 1, ladder: { primary: main }`), (call) =>
    call.answer(ANSWER),
  );
  const decision = await asked(on, 21);
  expect(decision).toMatchObject({ outcome: "answered", overflow: { how: "truncated" } });
  expect(called(decision)).toEqual([["main-us", "ok"]]);
});

test("nor is the last one that a ladder has left", async () => {
  let calls = 0;
  const on = await playedGateway(
    policy(`${SUMMED}, ladder: { primary: main, fallback: [back] }`),
    (call) => {
      calls++;
      call.answer(call.status === 400 ? OVERFLOW : ANSWER);
    },
    (model) => (model === "main" ? 500 : calls < 2 ? 400 : 200),
  );
  const decision = await asked(on, 9);
  expect(decision).toMatchObject({ outcome: "answered", overflow: { how: "truncated" } });
  expect(called(decision)).toEqual([
    ["main-us", "fault"],
    ["back-eu", "fault"],
    ["back-eu", "ok"],
  ]);
});

describe("whom a summary has given up", () => {
  /** Whoever sums up says nothing at all. `statuses`: of each call of `main`, in order. */
  async function unsummed(useCase: string, turns: number, statuses: readonly number[]): Promise<Decision> {
    const left = [...statuses];
    const on = await playedGateway(
      policy(useCase),
      (call) => {
        if (!JSON.stringify(call.body.messages).includes("Sum up the conversation")) {
          call.answer(call.status === 400 ? OVERFLOW : ANSWER);
        } else void on.clock.advance(10_000);
      },
      (model) => (model === "main" ? (left.shift() ?? 200) : 200),
    );
    return asked(on, turns);
  }
  const LADDER = `${SUMMED}, max_attempts: 4, ladder: { primary: main, fallback: [sum, back] }`;

  test("is not asked for the answer either", async () => {
    expect(called(await unsummed(LADDER, 21, [500]))).toEqual([
      ["sum-us", "fault", "overflow_summary"],
      ["main-us", "fault"],
      ["back-eu", "ok"],
    ]);
  });

  test("nor where a call has said first that the request is too long", async () => {
    expect(called(await unsummed(LADDER, 9, [400, 500]))).toEqual([
      ["main-us", "fault"],
      ["sum-us", "fault", "overflow_summary"],
      ["main-us", "fault"],
      ["back-eu", "ok"],
    ]);
  });

  test("is asked all the same where there is nobody else", async () => {
    const own = "on_overflow: [{ summarize: { model: main } }, truncate_oldest], ladder: { primary: main }";
    expect(called(await unsummed(own, 21, []))).toEqual([
      ["main-us", "fault", "overflow_summary"],
      ["main-us", "ok"],
    ]);
  });
});
