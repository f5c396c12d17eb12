import { EventStreamCodec } from "@smithy/eventstream-codec";
import { bedrockInvoke } from "../../../src/wires/bedrock-invoke.ts";
import type { RequestHints } from "../../../src/wires/wire.ts";
import { fixtureFolder, paired } from "./fixture-files.ts";
import { type ErrorFixture, type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const { named, text: read } = fixtureFolder("bedrock-invoke");
const HELLO = "Your parcel left the depot this morning.";
const PARALLEL: Expected = {
  text: { 0: "Let me look." },
  calls: [
    { choice: 0, id: "toolu_bdrk_1", name: "track_parcel", arguments: '{"number":"DE-4711"}' },
    { choice: 0, id: "toolu_bdrk_2", name: "list_orders", arguments: "{}" },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const THOUGHT: Expected = { reasoning: { 0: "The caller asks for 17 × 3." }, ...ended("stop", "51.") };
const BLOCKED: Expected = ended("content_filter", "Sorry, this was blocked.");
const EMPTY: Expected = { fault: { kind: "malformed", code: "empty_answer" } };
const BAD_CHUNK: Expected = { fault: { kind: "malformed", code: "bad_chunk" } };
const BAD_ANSWER: Expected = { fault: { kind: "malformed", code: "bad_answer" } };

function ended(unified: string, text: string): Expected {
  return { text: { 0: text }, ends: { 0: unified }, finish: unified };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...ended("stop", HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  unicode: ended("stop", 'Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls-parallel": PARALLEL,
  thinking: THOUGHT,
  "stop-sequence": ended("stop", "one two"),
  "max-tokens": ended("length", "Once upon a time"),
  guardrail: BLOCKED,
  "guardrail-early": BLOCKED,
  "guardrail-none": ended("stop", '"amazon-bedrock-guardrailAction":"INTERVENED"'),
  "empty-answer": EMPTY,
  cut: { text: { 0: "Your parcel left the depot" }, fault: { kind: "outage", code: "stream_cut" } },
  "model-stream-error": {
    text: { 0: "Your parcel" },
    fault: { kind: "outage", code: "provider_error" },
  },
  "model-timeout": { fault: { kind: "timeout", code: "provider_timeout" } },
  "throttled-mid-stream": { fault: { kind: "throttled", code: "provider_throttled" } },
  "error-event": { text: { 0: "Your" }, fault: { kind: "outage", code: "provider_overloaded" } },
  "unknown-events": ended("stop", "Still here."),
  "bad-json": BAD_CHUNK,
  "bad-base64": BAD_CHUNK,
  "bad-payload": BAD_CHUNK,
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...ended("stop", HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "tool-calls-parallel": PARALLEL,
  thinking: THOUGHT,
  guardrail: BLOCKED,
  "cache-usage": {
    ...ended("stop", "Done."),
    usage: { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 64, outputTokens: 300 },
  },
  "empty-answer": EMPTY,
  "wrong-shape": BAD_ANSWER,
  titan: { finish: "stop", usage: { inputTokens: 4, outputTokens: 0 } },
  cohere: { finish: "stop" },
  "cohere-by-type": { finish: "stop" },
  "no-vectors": BAD_ANSWER,
  "vector-of-text": BAD_ANSWER,
};

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  throttled: { kind: "throttled", code: "provider_throttled" },
  overflow: { kind: "context_overflow", code: "context_length_exceeded" },
  invalid: { kind: "invalid", code: "provider_rejected_request" },
  "model-error": { kind: "outage", code: "provider_error" },
  "access-denied": { kind: "provider_auth", code: "provider_credentials_refused" },
};

const REQUESTS = ["text", "controls", "tools", "image"];

const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat", stream: true };
const base = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 9,
  messages: [{ role: "user", content: "PRIVATE" }],
};

const REFUSED = [
  { name: "not an object", body: [1], code: "invalid_type" },
  {
    name: "no family",
    body: { prompt: "PRIVATE" },
    code: "unsupported_value",
    param: "anthropic_version",
  },
  {
    name: "Nova's body",
    body: { schemaVersion: "messages-v1", messages: [{ role: "user", content: [{ text: "PRIVATE" }] }] },
    code: "unsupported_value",
    param: "anthropic_version",
  },
  {
    name: "betas as text",
    body: { ...base, anthropic_beta: "PRIVATE" },
    code: "invalid_type",
    param: "anthropic_beta",
  },
  {
    name: "no messages",
    body: { anthropic_version: "bedrock-2023-05-31", max_tokens: 9 },
    code: "missing_field",
    param: "messages",
  },
  {
    name: "no limit",
    body: { ...base, max_tokens: undefined },
    code: "missing_field",
    param: "max_tokens",
  },
  { name: "hot", body: { ...base, temperature: 1.1 }, code: "invalid_value", param: "temperature" },
  {
    name: "embeddings as a stream",
    body: { inputText: "PRIVATE" },
    code: "unsupported_value",
    param: "stream",
  },
];

const utf8 = new TextEncoder();
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)),
  (text) => utf8.encode(text),
);

interface Line {
  readonly event: string;
  readonly data: unknown;
  readonly exception?: true;
}

/** Lines of JSON, one a frame; what a chunk holds is shown as it is before it becomes base64. */
function encodeLines(text: string): Uint8Array {
  const lines = text.trimEnd().split("\n");
  const messages = lines.map((line) => encodeLine(JSON.parse(line)));
  return Uint8Array.from(messages.flatMap((message) => [...message]));
}

function encodeLine({ event, data, exception }: Line): Uint8Array {
  const kind = exception ? "exception" : "event";
  return codec.encode({
    headers: {
      [`:${kind}-type`]: { type: "string", value: event },
      ":content-type": { type: "string", value: "application/json" },
      ":message-type": { type: "string", value: kind },
    },
    body: utf8.encode(payloadOf(event, data)),
  });
}

function payloadOf(event: string, data: unknown): string {
  if (typeof data === "string") return data;
  const json = JSON.stringify(data);
  if (event !== "chunk" || json.startsWith('{"bytes"')) return json;
  return JSON.stringify({ bytes: Buffer.from(json).toString("base64"), p: "abcdefghijkl" });
}

wireContract(bedrockInvoke, {
  now: 1_700_006_400_000,
  hints: HINTS,
  streams: paired(
    STREAMS,
    named(/^(.+)\.jsonl$/),
    (name) => encodeLines(read(`${name}.jsonl`)),
    (bytes, expected) => ({ bytes, expected }),
  ),
  answers: paired(
    ANSWERS,
    named(/^(?!error-|request-)(.+)\.json$/),
    (name): unknown => JSON.parse(read(`${name}.json`)),
    (body, expected) => ({ body, expected }),
  ),
  errors: paired(
    ERRORS,
    named(/^error-(.+)\.json$/),
    (name) => JSON.parse(read(`error-${name}.json`)) as ErrorFixture,
    (fixture, expected) => ({ fixture, expected }),
  ),
  requests: paired(
    Object.fromEntries(REQUESTS.map((name) => [name, null])),
    named(/^request-(.+)\.json$/),
    (name) => JSON.parse(read(`request-${name}.json`)) as Record<string, unknown>,
    (body) => ({ body }),
  ),
  refused: REFUSED,
  // As of the Messages API inside it.
  reach: {
    multipleChoices: false,
    refusals: false,
    jsonArguments: true,
    impliedToolCalls: true,
    reasons: ["stop", "length", "tool_calls", "refusal"],
  },
});
