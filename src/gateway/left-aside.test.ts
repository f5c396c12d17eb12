/** Callers who leave while a model is asked for something other than the answer. */
import { expect, test } from "bun:test";
import { type PlayedCall, playedGateway, playedPolicy } from "./fake-gateway.ts";

const LONG = Array.from({ length: 20_000 }, (_, word) => `word${word % 97}`).join(" ");
const WORDS = "{ template: { message: Sorry. } }";
const POLICY = playedPolicy(
  `  degrading: { latency_tier: interactive, deadline: 20s, ladder: { primary: first, degraded: [{ summarize_only: { model: second } }, ${WORDS}] } }
  shortening: { latency_tier: interactive, deadline: 20s, on_overflow: [{ summarize: { model: second } }, fail], ladder: { primary: first } }`,
  "{ connect: 1s, first_token: 5s, idle: 5s, total: 10s }",
);
const TURNS = [
  { role: "user", content: LONG },
  { role: "assistant", content: "Noted." },
  { role: "user", content: "And now?" },
];
const OVERFLOW = { error: { code: "context_length_exceeded", message: "maximum context length" } };

test.each([
  ["a stand-in's summary", "degrading", {}, (call: PlayedCall) => call.answer({}), 500],
  ["a summary of what is too long", "shortening", { messages: TURNS }, () => {}, 500],
  [
    "a summary of what a provider says is too long",
    "shortening",
    { messages: [{ role: "user", content: LONG.slice(0, 9000) }, ...TURNS.slice(1)] },
    (call: PlayedCall) => call.answer(OVERFLOW),
    400,
  ],
] as const)(
  "a caller who leaves during %s is on record as one who left",
  async (_, model, more, fail, status) => {
    const asideMade = Promise.withResolvers<void>();
    const on = await playedGateway(
      POLICY,
      (call) => {
        if (call.model === "first") fail(call);
        else asideMade.resolve();
      },
      (name) => (name === "first" ? status : 200),
    );
    const leaving = new AbortController();
    const asked = on.ask({ model, ...more }, leaving.signal);
    await asideMade.promise;
    leaving.abort();
    await on.clock.advance(1_000);
    await asked;
    expect(on.decisions).toMatchObject([{ outcome: "cancelled", fault: { code: "caller_left" } }]);
    expect(on.decisions[0]?.attempts.at(-1)).toMatchObject({ deployment: "second-eu", result: "fault" });
  },
);
