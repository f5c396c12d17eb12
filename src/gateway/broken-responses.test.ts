/** An answer of a provider on the Responses wire that breaks off is saved like any other. */
import { expect, test } from "bun:test";
import { loadWire } from "../providers/wire-registry.ts";
import { playedGateway } from "./fake-gateway.ts";

const POLICY = `version: 1
name: played
providers:
  responses: { kind: openai-compatible, wire: openai-responses, base_url: "http://127.0.0.1:1/v1", credential: none }
  own: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", credential: none }
models:
  first: { context_window: 32000 }
  second: { context_window: 32000 }
deployments:
  first-us: { model: first, provider: responses, model_id: first, region: us-east-1 }
  second-eu: { model: second, provider: own, model_id: second, region: eu-west-1 }
use_cases:
  continued: { latency_tier: interactive, deadline: 6s, stream_recovery: continue, ladder: { primary: first, fallback: [second] } }
  partly: { latency_tier: interactive, deadline: 6s, max_attempts: 1,
    ladder: { primary: first, degraded: [{ partial: { min_chars: 1 } }] } }
`;
const TOLD = "Once upon a time there was a parcel ";

const frame = (type: string, fields: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const message = { type: "message", id: "msg_1", role: "assistant", status: "in_progress", content: [] };
const BROKEN = [
  frame("response.created", {
    response: { id: "resp_1", object: "response", status: "in_progress", output: [] },
  }),
  frame("response.output_item.added", {
    output_index: 0,
    item: { type: "reasoning", id: "rs_1", summary: [] },
  }),
  frame("response.output_item.done", {
    output_index: 0,
    item: { type: "reasoning", id: "rs_1", summary: [] },
  }),
  frame("response.output_item.added", { output_index: 1, item: message }),
  frame("response.output_text.delta", { item_id: "msg_1", output_index: 1, content_index: 0, delta: TOLD }),
].join("");

async function asked(body: Readonly<Record<string, unknown>>) {
  await loadWire("openai-responses");
  const on = await playedGateway(POLICY, (call) => {
    if (call.model === "first") {
      call.raw(BROKEN);
      call.lose();
    } else {
      call.say(`${TOLD}and then it came.`);
      call.finish();
    }
  });
  const response = await on.ask(body);
  return { response, text: await response.text(), decisions: on.decisions };
}

test("another deployment goes on with it", async () => {
  const { text, decisions } = await asked({ model: "continued", stream: true });
  expect(text).toContain("and then it came.");
  expect(text).toContain("data: [DONE]");
  expect(decisions[0]?.attempts.map(({ deployment, result }) => [deployment, result])).toEqual([
    ["first-us", "fault"],
    ["second-eu", "ok"],
  ]);
});

test("or it is told in part", async () => {
  const { response, text } = await asked({ model: "partly" });
  expect(response.headers.get("x-pointsman-degraded")).toBe("partial");
  expect(text).toContain(TOLD.trim());
});
