/** Calls that gave no answer and are billed all the same: on the record, and within the ceiling. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, eventually, listDecisions, type RunningGateway, startGateway } from "./harness.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  const deployment = "provider: recorder, model_id: m";
  gateway = await startGateway({
    policy: `version: 1
name: lost-calls
providers:
  recorder: { kind: openai-compatible, base_url: "${upstream.baseUrl}", credential: none }
models:
  first: { context_window: 32000, max_output_tokens: 4096, prices: { input: 3, output: 15 } }
  second: { context_window: 32000, max_output_tokens: 4096, prices: { input: 3, output: 15 } }
deployments:
  first: { model: first, ${deployment}, region: us-east-1 }
  second: { model: second, ${deployment}, region: eu-west-1 }
use_cases:
  hurried: { latency_tier: interactive, deadline: 20s, ladder: { primary: first } }
  open: { deadline: 20s, format_retries: 0, ladder: { primary: first, fallback: [second] } }
  bounded:
    deadline: 20s
    format_retries: 0
    cost_ceiling_usd: 0.07
    ladder: { primary: first, fallback: [second] }
timeouts:
  interactive: { connect: 2s, first_token: 400ms, idle: 2s, total: 400ms }
`,
  });
}, 30_000);
afterAll(() => upstream.stop());

const PAID = { prompt_tokens: 1_000, completion_tokens: 4_000, total_tokens: 5_000 };
const EMPTY = {
  id: "c",
  choices: [{ index: 0, message: { content: "" }, finish_reason: "stop" }],
  usage: PAID,
};
/** Of the prices above, in nano dollars. */
const EMPTY_COST = 63_000_000;

test("an empty answer costs what its provider counted", async () => {
  const before = upstream.calls.length;
  upstream.behave({ answer: () => Response.json(EMPTY) });
  const response = await chat(gateway, { model: "open" });
  expect(response.status).toBe(503);
  const decision = await decisionOf(gateway, response);
  expect(upstream.calls.length - before).toBe(2);
  expect(decision.cost).toBe(2 * EMPTY_COST);
  expect(decision.usage).toMatchObject({ inputTokens: 2_000, outputTokens: 8_000 });
});

test("the ceiling holds over calls that failed", async () => {
  const before = upstream.calls.length;
  upstream.behave({ answer: () => Response.json(EMPTY) });
  const response = await chat(gateway, { model: "bounded" });
  const decision = await decisionOf(gateway, response);
  expect(upstream.calls.length - before).toBe(1);
  expect(decision.cost).toBe(EMPTY_COST);
  expect(decision.attempts.at(-1)).toMatchObject({ result: "skipped", skipped: "cost_ceiling" });
});

test.each([false, true])(
  "a call that was ended for its slowness costs its request (stream: %p)",
  async (stream) => {
    upstream.behave({ delayMs: 1_500 });
    const decision = await decisionOf(gateway, await chat(gateway, { model: "hurried", stream }));
    expect(decision.attempts.map(({ fault }) => fault?.kind)).toEqual(["timeout"]);
    expect(decision.usage).toMatchObject({ inputTokens: decision.estimatedInputTokens, outputTokens: 0 });
    expect(decision.cost).toBe(decision.estimatedInputTokens * 3_000);
  },
);

test("a call whose caller left costs its request", async () => {
  upstream.behave({ delayMs: 5_000 });
  const left = AbortSignal.timeout(200);
  await expect(chat(gateway, { model: "open" }, { signal: left })).rejects.toThrow();
  const decision = await eventually(
    async () => (await listDecisions(gateway, "outcome=cancelled")).decisions[0],
  );
  expect(decision).toMatchObject({ attempts: [{ fault: { kind: "cancelled" } }] });
  expect(decision.estimatedInputTokens).toBeGreaterThan(0);
  expect(decision.cost).toBe(decision.estimatedInputTokens * 3_000);
});
