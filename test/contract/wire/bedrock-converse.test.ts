import { EventStreamCodec } from "@smithy/eventstream-codec";
import { bedrockConverse } from "../../../src/wires/bedrock-converse.ts";
import type { RequestHints } from "../../../src/wires/wire.ts";
import { fixtureFolder, paired } from "./fixture-files.ts";
import { type ErrorFixture, type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const { named, text: read, bytes } = fixtureFolder("bedrock-converse");
const HELLO = "Your parcel left the depot this morning.";
const COUNTS = { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
const PARALLEL: Expected = {
  text: { 0: "Let me look." },
  calls: [
    {
      choice: 0,
      id: "tooluse_8sKdJ2mQvXz1",
      name: "track_parcel",
      arguments: '{"number":"DE-4711"}',
    },
    {
      choice: 0,
      id: "tooluse_Zt5nLw0RbYc7",
      name: "get_weather",
      arguments: '{"city":"Köln","unit":"c"}',
    },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const NO_ARGUMENTS: Expected = {
  calls: [{ choice: 0, id: "tooluse_0c2f", name: "list_orders", arguments: "{}" }],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const REASONED: Expected = {
  reasoning: { 0: "The caller asks for 17 × 3." },
  ...ended("stop", "51."),
  usage: { inputTokens: 22, outputTokens: 61, ...COUNTS },
};
const CACHED: Expected = {
  ...ended("stop", "Done."),
  usage: { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 64, outputTokens: 300 },
};
const EMPTY: Expected = { fault: { kind: "malformed", code: "empty_answer" } };
const CUT: Expected["fault"] = { kind: "outage", code: "stream_cut" };
const BROKEN: Expected["fault"] = { kind: "outage", code: "provider_error" };
const BAD_CHUNK: Expected["fault"] = { kind: "malformed", code: "bad_chunk" };
const CITED = "The grass is green. So is the moss.";
const GUARDED = ended("content_filter", "I can't talk about that.");

function ended(unified: string, text: string): Expected {
  return { text: { 0: text }, ends: { 0: unified }, finish: unified };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...ended("stop", HELLO), usage: { inputTokens: 31, outputTokens: 8, ...COUNTS } },
  unicode: ended("stop", 'Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls-parallel": { ...PARALLEL, usage: { inputTokens: 412, outputTokens: 97 } },
  "tool-calls-interleaved": {
    calls: [
      { choice: 0, id: "t1", name: "track_parcel", arguments: '{"number":"A1"}' },
      { choice: 0, id: "t2", name: "track_parcel", arguments: '{"number":"B2"}' },
    ],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-call-no-arguments": NO_ARGUMENTS,
  "tool-call-never-stopped": NO_ARGUMENTS,
  reasoning: REASONED,
  "reasoning-redacted": { ...REASONED, reasoning: { 0: "" } },
  "cache-usage": CACHED,
  "max-tokens": ended("length", "Once upon a time"),
  "max-tokens-no-content": { ends: { 0: "length" }, finish: "length", usage: { outputTokens: 64 } },
  "context-exceeded": ended("length", "Once"),
  "stop-sequence": ended("stop", "one two"),
  "content-filtered": ended("content_filter", "The recipe"),
  guardrail: GUARDED,
  "malformed-tool-use": {
    text: { 0: "I will" },
    usage: { inputTokens: 10, outputTokens: 4 },
    fault: { kind: "malformed", code: "malformed_tool_call" },
  },
  citations: ended("stop", CITED),
  "server-tool": ended("stop", "Found it."),
  "unknown-events": ended("stop", "Still here."),
  "no-metadata": ended("stop", "Short."),
  "metadata-first": { ...ended("stop", "Short."), usage: { inputTokens: 5, outputTokens: 2 } },
  "empty-answer": EMPTY,
  cut: { text: { 0: "Your parcel left the depot" }, fault: CUT },
  "cut-after-start": { fault: CUT },
  "model-stream-error": { text: { 0: "Your parcel" }, fault: BROKEN },
  "throttled-mid-stream": { fault: { kind: "throttled", code: "provider_throttled" } },
  "unavailable-mid-stream": { fault: { kind: "outage", code: "provider_overloaded" } },
  "internal-mid-stream": { text: { 0: "Your" }, fault: BROKEN },
  "overflow-mid-stream": { fault: { kind: "context_overflow", code: "context_length_exceeded" } },
  "unknown-exception": { fault: BROKEN },
  "bad-json": { text: { 0: "Your" }, fault: BAD_CHUNK },
  "bad-delta": { text: { 0: "Your" }, fault: BAD_CHUNK },
  "arguments-without-call": { fault: BAD_CHUNK },
};

/** As bytes, with headers in the service's order, an unmodelled error, and a checksum that does not hold. */
const RECORDED: Readonly<Record<string, Expected>> = {
  text: { ...ended("stop", HELLO), usage: { inputTokens: 31, outputTokens: 8, ...COUNTS } },
  "unmodelled-error": { text: { 0: "Your parcel" }, fault: BROKEN },
  "damaged-checksum": { text: { 0: "Your parcel" }, fault: CUT },
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...ended("stop", HELLO), usage: { inputTokens: 31, outputTokens: 8, ...COUNTS } },
  "tool-calls-parallel": PARALLEL,
  "tool-call-no-arguments": NO_ARGUMENTS,
  reasoning: REASONED,
  "reasoning-redacted": { ...REASONED, reasoning: { 0: "" } },
  "cache-usage": CACHED,
  "max-tokens": ended("length", "Once upon a time"),
  "stop-sequence": ended("stop", "one two"),
  guardrail: GUARDED,
  "content-filtered": { ends: { 0: "content_filter" }, finish: "content_filter" },
  citations: ended("stop", CITED),
  "server-tool": ended("stop", "Found it."),
  "empty-answer": EMPTY,
  "no-output": { fault: { kind: "malformed", code: "bad_answer" } },
  "wrong-shape": { fault: { kind: "malformed", code: "bad_answer" } },
  "call-without-name": { fault: { kind: "malformed", code: "bad_answer" } },
};

const throttled = (retryAfterMs?: number): ExpectedError => ({
  kind: "throttled",
  code: "provider_throttled",
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const quota: ExpectedError = { kind: "throttled", code: "quota_exhausted" };
const overloaded: ExpectedError = { kind: "outage", code: "provider_overloaded" };
const broken: ExpectedError = { kind: "outage", code: "provider_error" };
const slow: ExpectedError = { kind: "timeout", code: "provider_timeout" };
const auth: ExpectedError = { kind: "provider_auth", code: "provider_credentials_refused" };
const missing: ExpectedError = { kind: "provider_not_found", code: "provider_model_not_found" };
const overflow: ExpectedError = { kind: "context_overflow", code: "context_length_exceeded" };
const filtered: ExpectedError = { kind: "filtered", code: "content_filter" };
const rejected: ExpectedError = { kind: "invalid", code: "provider_rejected_request" };

/** 2023-11-15T00:00:00Z, half a minute before the date in `proxy-throttled`. */
const NOW = 1_700_006_400_000;

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  throttled: throttled(),
  "throttled-tokens": throttled(2000),
  "throttled-daily": quota,
  "too-many-requests": throttled(),
  "proxy-throttled": throttled(30_000),
  "body-type": throttled(),
  quota,
  "not-ready": overloaded,
  unavailable: overloaded,
  internal: broken,
  "model-error": broken,
  "model-stream-error": broken,
  "bad-gateway": broken,
  "model-timeout": slow,
  "gateway-timeout": slow,
  "overflow-input": overflow,
  "overflow-prompt": overflow,
  "overflow-limit": overflow,
  "overflow-nova": overflow,
  "overflow-llama": overflow,
  "overflow-max": overflow,
  throughput: missing,
  identifier: missing,
  "unsupported-model": missing,
  "not-found": missing,
  "unknown-operation": missing,
  "max-tokens-too-large": rejected,
  invalid: rejected,
  "tool-config": rejected,
  "content-filter": filtered,
  "access-denied": auth,
  "no-model-access": auth,
  "unrecognized-client": auth,
  "expired-token": auth,
  "clock-skew": auth,
  "missing-token": auth,
  "proxy-wants-credentials": auth,
  conflict: broken,
  gone: missing,
  "too-early": broken,
  "tool-use-nova": { kind: "malformed", code: "model_output_invalid" },
  "lower-case-body": auth,
};

const REQUESTS = [
  "text",
  "controls",
  "tools",
  "mixed-turn",
  "images",
  "documents",
  "reasoning",
  "cache",
  "json-schema",
  "contract",
];

const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat", stream: true };
const HI = [{ role: "user", content: [{ text: "PRIVATE" }] }];
const base = { messages: HI };
const user = (...content: readonly unknown[]) => ({ messages: [{ role: "user", content }] });
const tools = (...specs: readonly unknown[]) => ({ ...base, toolConfig: { tools: specs } });
const TOOL = { toolSpec: { name: "f", inputSchema: { json: { type: "object" } } } };
const format = (jsonSchema: unknown) => ({
  ...base,
  outputConfig: { textFormat: { type: "json_schema", structure: { jsonSchema } } },
});

const REFUSED = [
  { name: "not an object", body: [1], code: "invalid_type" },
  { name: "no messages", body: {}, code: "missing_field", param: "messages" },
  { name: "empty messages", body: { messages: [] }, code: "invalid_value", param: "messages" },
  {
    name: "messages as text",
    body: { messages: "PRIVATE" },
    code: "invalid_type",
    param: "messages",
  },
  {
    name: "message null",
    body: { messages: [null] },
    code: "invalid_type",
    param: "messages[0]",
  },
  {
    name: "unknown role",
    body: { messages: [{ role: "PRIVATE", content: [{ text: "x" }] }] },
    code: "invalid_value",
    param: "messages[0].role",
  },
  {
    name: "no role",
    body: { messages: [{ content: [{ text: "x" }] }] },
    code: "missing_field",
    param: "messages[0].role",
  },
  {
    name: "content as text",
    body: { messages: [{ role: "user", content: "PRIVATE" }] },
    code: "invalid_type",
    param: "messages[0].content",
  },
  { name: "no blocks", body: user(), code: "invalid_value", param: "messages[0].content" },
  { name: "empty block", body: user({}), code: "missing_field", param: "messages[0].content[0]" },
  {
    name: "block of another API",
    body: user({ type: "PRIVATE" }),
    code: "missing_field",
    param: "messages[0].content[0]",
  },
  {
    name: "text number",
    body: user({ text: 7 }),
    code: "invalid_type",
    param: "messages[0].content[0].text",
  },
  {
    name: "image without a format",
    body: user({ image: { source: { bytes: "AAAA" } } }),
    code: "missing_field",
    param: "messages[0].content[0].image.format",
  },
  {
    name: "image of an unknown format",
    body: user({ image: { format: "PRIVATE", source: { bytes: "AAAA" } } }),
    code: "invalid_value",
    param: "messages[0].content[0].image.format",
  },
  {
    name: "image without a source",
    body: user({ image: { format: "png", source: {} } }),
    code: "missing_field",
    param: "messages[0].content[0].image.source",
  },
  {
    name: "image from the web",
    body: user({ image: { format: "png", source: { s3Location: { uri: "https://PRIVATE" } } } }),
    code: "invalid_value",
    param: "messages[0].content[0].image.source.s3Location.uri",
  },
  {
    name: "document without a name",
    body: user({ document: { format: "pdf", source: { bytes: "AAAA" } } }),
    code: "missing_field",
    param: "messages[0].content[0].document.name",
  },
  {
    name: "document without content",
    body: user({ document: { format: "pdf", name: "PRIVATE", source: {} } }),
    code: "missing_field",
    param: "messages[0].content[0].document.source",
  },
  {
    name: "tool use without an id",
    body: user({ toolUse: { name: "PRIVATE", input: {} } }),
    code: "missing_field",
    param: "messages[0].content[0].toolUse.toolUseId",
  },
  {
    name: "tool result without its call",
    body: user({ toolResult: { content: [] } }),
    code: "missing_field",
    param: "messages[0].content[0].toolResult.toolUseId",
  },
  {
    name: "empty block in a tool result",
    body: user({ toolResult: { toolUseId: "t", content: [{}] } }),
    code: "missing_field",
    param: "messages[0].content[0].toolResult.content[0]",
  },
  {
    name: "status of a tool result",
    body: user({ toolResult: { toolUseId: "t", content: [], status: "PRIVATE" } }),
    code: "invalid_value",
    param: "messages[0].content[0].toolResult.status",
  },
  {
    name: "reasoning without content",
    body: user({ reasoningContent: {} }),
    code: "missing_field",
    param: "messages[0].content[0].reasoningContent",
  },
  {
    name: "cache point of an unknown type",
    body: user({ text: "x" }, { cachePoint: { type: "PRIVATE" } }),
    code: "invalid_value",
    param: "messages[0].content[1].cachePoint.type",
  },
  {
    name: "system as text",
    body: { ...base, system: "PRIVATE" },
    code: "invalid_type",
    param: "system",
  },
  {
    name: "empty system block",
    body: { ...base, system: [{}] },
    code: "missing_field",
    param: "system[0]",
  },
  {
    name: "hot",
    body: { ...base, inferenceConfig: { temperature: 1.1 } },
    code: "invalid_value",
    param: "inferenceConfig.temperature",
  },
  {
    name: "cold",
    body: { ...base, inferenceConfig: { topP: -0.1 } },
    code: "invalid_value",
    param: "inferenceConfig.topP",
  },
  {
    name: "not a number",
    body: { ...base, inferenceConfig: { topP: NaN } },
    code: "invalid_type",
    param: "inferenceConfig.topP",
  },
  {
    name: "no tokens",
    body: { ...base, inferenceConfig: { maxTokens: 0 } },
    code: "invalid_value",
    param: "inferenceConfig.maxTokens",
  },
  {
    name: "half a token",
    body: { ...base, inferenceConfig: { maxTokens: 1.5 } },
    code: "invalid_type",
    param: "inferenceConfig.maxTokens",
  },
  {
    name: "stop as text",
    body: { ...base, inferenceConfig: { stopSequences: "PRIVATE" } },
    code: "invalid_type",
    param: "inferenceConfig.stopSequences",
  },
  {
    name: "no tools",
    body: { ...base, toolConfig: { tools: [] } },
    code: "invalid_value",
    param: "toolConfig.tools",
  },
  {
    name: "tool without a schema",
    body: tools({ toolSpec: { name: "PRIVATE" } }),
    code: "missing_field",
    param: "toolConfig.tools[0].toolSpec.inputSchema",
  },
  {
    name: "tool choice of an unknown tool",
    body: { ...base, toolConfig: { tools: [TOOL], toolChoice: { tool: { name: "PRIVATE" } } } },
    code: "invalid_value",
    param: "toolConfig.toolChoice.tool.name",
  },
  {
    name: "tool choice without a member",
    body: { ...base, toolConfig: { tools: [TOOL], toolChoice: {} } },
    code: "missing_field",
    param: "toolConfig.toolChoice",
  },
  {
    name: "unknown output format",
    body: { ...base, outputConfig: { textFormat: { type: "PRIVATE" } } },
    code: "invalid_value",
    param: "outputConfig.textFormat.type",
  },
  {
    name: "schema as an object",
    body: format({ name: "invoice", schema: {} }),
    code: "invalid_type",
    param: "outputConfig.textFormat.structure.jsonSchema.schema",
  },
  {
    name: "schema that is no JSON",
    body: format({ name: "invoice", schema: "{PRIVATE" }),
    code: "invalid_value",
    param: "outputConfig.textFormat.structure.jsonSchema.schema",
  },
  {
    name: "schema that is a list",
    body: format({ schema: "[1]" }),
    code: "invalid_value",
    param: "outputConfig.textFormat.structure.jsonSchema.schema",
  },
  {
    name: "schema without end",
    body: format({ schema: '{"items":'.repeat(5000) + "{}".padEnd(5002, "}") }),
    code: "invalid_value",
    param: "outputConfig.textFormat.structure.jsonSchema.schema",
  },
  {
    name: "metadata number",
    body: { ...base, requestMetadata: { order: 17 } },
    code: "invalid_type",
    param: "requestMetadata.order",
  },
  {
    name: "contract word",
    body: { ...base, requestMetadata: { pointsman_task_type: "PRIVATE" } },
    code: "invalid_value",
    param: "metadata.pointsman_task_type",
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

/** Lines of JSON, one a frame, as the bytes they stand for; data that is text goes as it is. */
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
    body: utf8.encode(typeof data === "string" ? data : JSON.stringify(data)),
  });
}

const recorded = paired(
  RECORDED,
  named(/^(.+)\.bin$/),
  (name) => bytes(`${name}.bin`),
  (bytes, expected) => ({ bytes, expected }),
);

wireContract(bedrockConverse, {
  now: NOW,
  hints: HINTS,
  streams: {
    ...paired(
      STREAMS,
      named(/^(.+)\.jsonl$/),
      (name) => encodeLines(read(`${name}.jsonl`)),
      (bytes, expected) => ({ bytes, expected }),
    ),
    ...Object.fromEntries(Object.entries(recorded).map(([name, pair]) => [`recorded ${name}`, pair])),
  },
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
  // One choice; refusals are told as text, a tool's input is an object, and thinking is counted as output.
  reach: {
    multipleChoices: false,
    refusals: false,
    jsonArguments: true,
    impliedToolCalls: true,
    usage: ["inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens"],
  },
});
