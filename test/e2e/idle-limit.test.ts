/** Streams that go on without a word: a tool at work is waited for, a provider that only pings is not, forever. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, type RunningGateway, readStream, startGateway } from "./harness.ts";

endToEnd();

const IDLE_MS = 500;
const PING_MS = 100;
const ENCODER = new TextEncoder();

const frame = (event: string, data: Record<string, unknown>) =>
  `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`;
const words = (text: string) =>
  frame("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
const BEGIN =
  frame("message_start", {
    message: {
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      usage: { input_tokens: 3 },
    },
  }) + frame("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
const END =
  frame("content_block_stop", { index: 0 }) +
  frame("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }) +
  frame("message_stop", {});

/** What fills the pause between two words, and how long it lasts. */
let pause: { readonly what: string; readonly ms: number } = { what: "", ms: 0 };

const upstream = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: () =>
    new Response(
      (async function* () {
        yield ENCODER.encode(BEGIN + words("Looking"));
        for (let waited = 0; waited < pause.ms; waited += PING_MS) {
          await Bun.sleep(PING_MS);
          if (pause.what !== "") yield ENCODER.encode(pause.what);
        }
        yield ENCODER.encode(words(" found.") + END);
      })(),
      { headers: { "content-type": "text/event-stream" } },
    ),
});

let gateway: RunningGateway;

beforeAll(async () => {
  const policy = `version: 1
name: idle
providers:
  claude: { kind: anthropic, base_url: "http://127.0.0.1:${upstream.port}", credential: { env: IDLE_TEST_KEY } }
models:
  atlas: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  atlas: { model: atlas, provider: claude, model_id: m, region: us-east-1 }
use_cases:
  support-chat: { latency_tier: interactive, deadline: 20s, ladder: { primary: atlas } }
timeouts:
  interactive: { connect: 2s, first_token: 5s, idle: ${IDLE_MS}ms, total: 15s }
`;
  gateway = await startGateway({ policy, env: { IDLE_TEST_KEY: "sk-ant-test" } });
});
afterAll(() => upstream.stop(true));

async function ask() {
  const response = await chat(gateway, { stream: true });
  const stream = await readStream(response);
  return { stream, decision: await decisionOf(gateway, response) };
}

const PING = frame("ping", {});

test.each([
  ["pings", PING],
  ["comments", ": still here\n\n"],
])("%s keep a stream alive for longer than the idle limit", async (_name, what) => {
  pause = { what, ms: IDLE_MS * 1.8 };
  const { stream } = await ask();
  expect(stream).toMatchObject({ done: true, error: null, text: "Looking found." });
});

test.each([
  ["that only pings", PING],
  ["that says nothing", ""],
])("a stream %s has stalled in the end, and is told so", async (_name, what) => {
  pause = { what, ms: 10_000 };
  const { stream, decision } = await ask();
  expect(stream).toMatchObject({ done: false, text: "Looking", error: { code: "idle_timeout" } });
  expect(decision).toMatchObject({ outcome: "failed", fault: { kind: "timeout", code: "idle_timeout" } });
  const longest = what === "" ? 3 * IDLE_MS : 9_000;
  expect(decision.durationMs).toBeGreaterThanOrEqual(what === "" ? IDLE_MS : 3 * IDLE_MS);
  expect(decision.durationMs).toBeLessThan(longest);
});
