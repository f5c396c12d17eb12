/** Answers of a provider that counts no tokens, to callers whose SDK promises a count in every answer. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { endToEnd } from "./end-to-end.ts";
import { decisionOf, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

const ASKED = "Where is my parcel, please?";
const SAID = "It is on its way to you.";

let upstream: RecordingUpstream;
let gateway: RunningGateway;
let anthropic: Anthropic;
let bedrock: BedrockRuntimeClient;

beforeAll(async () => {
  upstream = startUpstream();
  upstream.behave({ answer: ({ body }) => (body.stream === true ? streamed() : whole()) });
  gateway = await startGateway({
    policy: withUpstream(testPolicy(), upstream.baseUrl),
    scenario: INSTANT,
    env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
  });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: KEY, maxRetries: 0 });
  bedrock = new BedrockRuntimeClient({
    endpoint: gateway.url,
    region: "us-east-1",
    token: { token: KEY },
    authSchemePreference: ["httpBearerAuth"],
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
}, 30_000);
afterAll(() => upstream.stop());

function whole(): Response {
  const message = { role: "assistant", content: SAID };
  return Response.json({ id: "c", choices: [{ index: 0, message, finish_reason: "stop" }] });
}

function streamed(): Response {
  const choices = [
    { index: 0, delta: { role: "assistant", content: SAID }, finish_reason: null },
    { index: 0, delta: {}, finish_reason: "stop" },
  ];
  const frames = choices.map((choice) => `data: ${JSON.stringify({ id: "c", choices: [choice] })}\n\n`);
  return new Response(`${frames.join("")}data: [DONE]\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });
}

test("an Anthropic client is told what the record says, as an estimate", async () => {
  const asked = {
    model: "recorded-chat",
    max_tokens: 64,
    messages: [{ role: "user" as const, content: ASKED }],
  };
  const { data: answer, response } = await anthropic.messages.create(asked).withResponse();
  const told = [answer.usage.input_tokens, answer.usage.output_tokens];
  const recorded = (await decisionOf(gateway, response)).usage;
  expect([recorded?.inputTokens, recorded?.outputTokens]).toEqual(told);
  expect(told[1]).toBeGreaterThan(0);
  expect(answer).toMatchObject({ pointsman: { usage: "estimated" } });
  const { usage } = await anthropic.messages.stream(asked).finalMessage();
  expect([usage.input_tokens, usage.output_tokens]).toEqual(told);
});

test("so is one of Converse, whole and streamed", async () => {
  const asked = {
    modelId: "recorded-chat",
    messages: [{ role: "user" as const, content: [{ text: ASKED }] }],
  };
  const { usage } = await bedrock.send(new ConverseCommand(asked));
  expect(usage?.inputTokens).toBeGreaterThan(0);
  expect(usage?.outputTokens).toBeGreaterThan(0);
  const { stream } = await bedrock.send(new ConverseStreamCommand(asked));
  let last: unknown;
  for await (const event of stream ?? []) last = event;
  expect(last).toMatchObject({ metadata: { usage } });
});
