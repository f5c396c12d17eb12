/** OpenAI Responses under the wire contract, with the bytes that OpenAI and its followers send. */
import { expect, test } from "bun:test";
import { openaiResponses } from "../../../src/wires/openai-responses.ts";
import { fixtureFolder, sseFixtures } from "./fixture-files.ts";
import { CONTEXT, framesOf, readBytes, renderFrames } from "./streams.ts";
import { type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const folder = fixtureFolder("openai-responses");
const HELLO = "Your parcel left the depot this morning.";
const INVOICE = '{"invoice_number":"F-2025-17","total":119.0}';
const CACHED = { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 0, outputTokens: 300 };
const PARALLEL: Expected = {
  calls: [
    { choice: 0, id: "call_8sKdJ2mQvXz1", name: "track_parcel", arguments: '{"number":"DE-4711"}' },
    { choice: 0, id: "call_Zt5nLw0RbYc7", name: "get_weather", arguments: '{"city":"Köln","unit":"c"}' },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
  usage: { inputTokens: 88, outputTokens: 41 },
};
const NO_ARGUMENTS: Expected = {
  calls: [{ choice: 0, id: "call_0c2f", name: "list_orders", arguments: "{}" }],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const REASONED: Expected = {
  reasoning: { 0: "**Multiplying**\n\nThe caller asks for 17 × 3." },
  ...stopped("51."),
  usage: { inputTokens: 22, outputTokens: 13, reasoningTokens: 48 },
};
const REFUSED_ANSWER: Expected = {
  refusal: { 0: "I'm sorry, I can't help with that." },
  ends: { 0: "stop" },
  finish: "stop",
};
const CUT_SHORT: Expected = { text: { 0: "Once upon a time" }, ends: { 0: "length" }, finish: "length" };

function stopped(text: string): Expected {
  return { text: { 0: text }, ends: { 0: "stop" }, finish: "stop" };
}

function broken(kind: string, code: string, text?: string): Expected {
  return { ...(text !== undefined && { text: { 0: text } }), fault: { kind, code } };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 9 } },
  unicode: stopped('Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls-parallel": PARALLEL,
  "tool-calls-interleaved": {
    calls: [
      { choice: 0, id: "call_a1", name: "track_parcel", arguments: '{"number":"A1"}' },
      { choice: 0, id: "call_b2", name: "track_parcel", arguments: '{"number":"B2"}' },
    ],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-call-no-arguments": NO_ARGUMENTS,
  "text-then-call": {
    text: { 0: "Let me look. " },
    calls: [{ choice: 0, id: "call_7", name: "track_parcel", arguments: '{"number":"A1"}' }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  reasoning: REASONED,
  "reasoning-parts": {
    reasoning: { 0: "First the tens.\n\nThen the ones." },
    ...stopped("51."),
    usage: { outputTokens: 13, reasoningTokens: 80 },
  },
  "reasoning-hidden": { ...stopped("51."), usage: { outputTokens: 5, reasoningTokens: 64 } },
  "reasoning-text": { reasoning: { 0: "17 times 3 is 51." }, ...stopped("51.") },
  refusal: REFUSED_ANSWER,
  length: CUT_SHORT,
  "length-in-reasoning": {
    ends: { 0: "length" },
    finish: "length",
    usage: { outputTokens: 0, reasoningTokens: 64 },
  },
  "content-filter": { text: { 0: "The recipe" }, ends: { 0: "content_filter" }, finish: "content_filter" },
  "cache-usage": { ...stopped("Done."), usage: CACHED },
  "json-schema": stopped(INVOICE),
  logprobs: stopped("Yes."),
  "web-search": stopped("Paris, of course."),
  "custom-tool": { ends: { 0: "stop" }, finish: "stop" },
  "two-messages": stopped("Look: It is on its way."),
  "queued-extras": stopped("Later."),
  sparse: stopped("Still here."),
  "all-at-the-end": {
    reasoning: { 0: "Easy." },
    text: { 0: "Ahoy." },
    calls: [{ choice: 0, id: "call_l2", name: "add", arguments: '{"a":1}' }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
    usage: { inputTokens: 7, outputTokens: 9 },
  },
  "crlf-keepalive": stopped("Line ends vary."),
  "error-mid-stream": broken("outage", "provider_error", "Your parcel"),
  "rate-limit-failed": broken("throttled", "provider_throttled"),
  "quota-error": broken("throttled", "quota_exhausted"),
  "error-flat": broken("throttled", "provider_throttled"),
  "bad-image": broken("invalid", "provider_rejected_request"),
  "policy-violation": broken("filtered", "content_filter"),
  "overflow-in-stream": broken("context_overflow", "context_length_exceeded"),
  "bad-chunk": broken("malformed", "bad_chunk", "Your"),
  cut: broken("outage", "stream_cut", "Your parcel left the depot"),
  "empty-answer": broken("malformed", "empty_answer"),
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 9 } },
  "tool-calls-parallel": PARALLEL,
  "tool-call-no-arguments": NO_ARGUMENTS,
  reasoning: REASONED,
  "reasoning-beside": {
    ...stopped("51."),
    usage: { inputTokens: 22, outputTokens: 3, reasoningTokens: 48 },
  },
  refusal: REFUSED_ANSWER,
  length: CUT_SHORT,
  "content-filter": { ends: { 0: "content_filter" }, finish: "content_filter" },
  "json-schema": stopped(INVOICE),
  logprobs: stopped("Yes."),
  "web-search": stopped("Paris, of course."),
  "cache-usage": { ...stopped("Done."), usage: CACHED },
  "failed-answer": broken("outage", "provider_error"),
  "wrapped-error": broken("throttled", "provider_throttled"),
  "empty-answer": broken("malformed", "empty_answer"),
  queued: broken("malformed", "bad_answer"),
  "chat-completion": broken("malformed", "bad_answer"),
};

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  "rate-limit": { kind: "throttled", code: "provider_throttled", retryAfterMs: 1350 },
  quota: { kind: "throttled", code: "quota_exhausted" },
  internal: { kind: "outage", code: "provider_error" },
  unavailable: { kind: "outage", code: "provider_overloaded", retryAfterMs: 5000 },
  "gateway-timeout": { kind: "timeout", code: "provider_timeout" },
  unauthorized: { kind: "provider_auth", code: "provider_credentials_refused" },
  "not-found": { kind: "provider_not_found", code: "provider_model_not_found" },
  context: { kind: "context_overflow", code: "context_length_exceeded", param: "input" },
  policy: { kind: "filtered", code: "content_filter" },
  "invalid-parameter": { kind: "invalid", code: "provider_rejected_request", param: "temperature" },
  "item-not-found": { kind: "invalid", code: "provider_rejected_request", param: "input" },
};

const REQUESTS = [
  "text",
  "controls",
  "tools",
  "images",
  "json-schema",
  "json-object",
  "contract",
  "refused-turn",
];

const base = { model: "support-chat", input: "PRIVATE" };
const items = (...input: readonly unknown[]) => ({ ...base, input });
const user = (content: unknown) => items({ role: "user", content });
const TOOL = { type: "function", name: "f", parameters: {}, strict: false };

function refused(name: string, body: unknown, code: string, param?: string) {
  return { name, body, code, ...(param !== undefined && { param }) };
}

const REFUSED = [
  refused("not an object", [1], "invalid_type"),
  refused("no model", { input: "PRIVATE" }, "missing_field", "model"),
  refused("empty model", { ...base, model: "" }, "invalid_value", "model"),
  refused("control character", { ...base, model: "a\nb" }, "invalid_value", "model"),
  refused("no input", { model: "m" }, "missing_field", "input"),
  refused("no items", items(), "invalid_value", "input"),
  refused("input number", { ...base, input: 7 }, "invalid_type", "input"),
  refused("item as text", items("PRIVATE"), "invalid_type", "input[0]"),
  refused(
    "a stored answer",
    { ...base, previous_response_id: "resp_PRIVATE" },
    "unsupported_parameter",
    "previous_response_id",
  ),
  refused(
    "a stored conversation",
    { ...base, conversation: { id: "conv_PRIVATE" } },
    "unsupported_parameter",
    "conversation",
  ),
  refused("in the background", { ...base, background: true }, "unsupported_parameter", "background"),
  refused(
    "a stored prompt",
    { model: "m", prompt: { id: "pmpt_PRIVATE" } },
    "unsupported_parameter",
    "prompt",
  ),
  refused("message without a role", items({ content: "x" }), "missing_field", "input[0].role"),
  refused("unknown role", items({ role: "PRIVATE", content: "x" }), "invalid_value", "input[0].role"),
  refused("no content", items({ role: "user" }), "missing_field", "input[0].content"),
  refused("no parts", user([]), "invalid_value", "input[0].content"),
  refused("content number", user(7), "invalid_type", "input[0].content"),
  refused("part without text", user([{ type: "input_text" }]), "missing_field", "input[0].content[0].text"),
  refused("unknown part", user([{ type: "PRIVATE" }]), "unsupported_value", "input[0].content[0].type"),
  refused(
    "audio part",
    user([{ type: "input_audio", input_audio: { data: "PRIVATE" } }]),
    "unsupported_value",
    "input[0].content[0].type",
  ),
  refused(
    "image from a file",
    user([{ type: "input_image", image_url: "file:///PRIVATE" }]),
    "invalid_value",
    "input[0].content[0].image_url",
  ),
  refused(
    "image without data",
    user([{ type: "input_image" }]),
    "missing_field",
    "input[0].content[0].image_url",
  ),
  refused(
    "file without base64",
    user([{ type: "input_file", file_data: "PRIVATE" }]),
    "invalid_value",
    "input[0].content[0].file_data",
  ),
  refused(
    "file without data",
    user([{ type: "input_file" }]),
    "missing_field",
    "input[0].content[0].file_data",
  ),
  refused("item type number", items({ type: 7 }), "invalid_type", "input[0].type"),
  refused(
    "call without a name",
    items({ type: "function_call", call_id: "c", arguments: "{}" }),
    "missing_field",
    "input[0].name",
  ),
  refused(
    "arguments as an object",
    items({ type: "function_call", call_id: "c", name: "f", arguments: { a: "PRIVATE" } }),
    "invalid_type",
    "input[0].arguments",
  ),
  refused(
    "output without its call",
    items({ type: "function_call_output", output: "PRIVATE" }),
    "missing_field",
    "input[0].call_id",
  ),
  refused(
    "summary as text",
    items({ type: "reasoning", summary: "PRIVATE" }),
    "invalid_type",
    "input[0].summary",
  ),
  refused("hot", { ...base, temperature: 2.1 }, "invalid_value", "temperature"),
  refused("not a number", { ...base, top_p: Number.NaN }, "invalid_type", "top_p"),
  refused("no tokens", { ...base, max_output_tokens: 0 }, "invalid_value", "max_output_tokens"),
  refused("many alternatives", { ...base, top_logprobs: 21 }, "invalid_value", "top_logprobs"),
  refused(
    "unknown effort",
    { ...base, reasoning: { effort: "PRIVATE" } },
    "invalid_value",
    "reasoning.effort",
  ),
  refused("stream as text", { ...base, stream: "true" }, "invalid_type", "stream"),
  refused("tool without a type", { ...base, tools: [{ name: "f" }] }, "missing_field", "tools[0].type"),
  refused(
    "tool without a name",
    { ...base, tools: [{ type: "function" }] },
    "missing_field",
    "tools[0].name",
  ),
  refused("tool choice without tools", { ...base, tool_choice: "required" }, "invalid_value", "tool_choice"),
  refused(
    "tool choice of an unknown tool",
    { ...base, tools: [TOOL], tool_choice: { type: "function", name: "PRIVATE" } },
    "invalid_value",
    "tool_choice.name",
  ),
  refused(
    "tool choice without a name",
    { ...base, tools: [TOOL], tool_choice: { type: "function" } },
    "missing_field",
    "tool_choice.name",
  ),
  refused(
    "unknown format",
    { ...base, text: { format: { type: "PRIVATE" } } },
    "unsupported_value",
    "text.format.type",
  ),
  refused(
    "schema without a name",
    { ...base, text: { format: { type: "json_schema", schema: {} } } },
    "missing_field",
    "text.format.name",
  ),
  refused(
    "schema left out",
    { ...base, text: { format: { type: "json_schema", name: "a" } } },
    "missing_field",
    "text.format.schema",
  ),
  refused("metadata number", { ...base, metadata: { order: 17 } }, "invalid_type", "metadata.order"),
  refused(
    "contract word",
    { ...base, metadata: { pointsman_task_type: "PRIVATE" } },
    "invalid_value",
    "metadata.pointsman_task_type",
  ),
];

wireContract(openaiResponses, {
  now: 1_700_006_400_000,
  // There is one answer, and its items say what ended it.
  reach: {
    multipleChoices: false,
    reasons: ["stop", "length", "content_filter"],
    impliedToolCalls: true,
  },
  ...sseFixtures(folder, { streams: STREAMS, answers: ANSWERS, errors: ERRORS, requests: REQUESTS }),
  refused: REFUSED,
});

/** What a server left out is filled in, and what a built-in tool does meanwhile is told when it is done. */
const FILLED_IN = ["sparse", "all-at-the-end", "tool-call-no-arguments", "web-search", "custom-tool"];

test.each(Object.keys(STREAMS).filter((name) => STREAMS[name]?.fault === undefined))(
  "between two of this wire, %s comes out as it went in, frame by frame",
  (name) => {
    const stream = folder.bytes(`${name}.sse`);
    const bodies = framesOf(openaiResponses, [stream]).flatMap(({ data }) =>
      data.startsWith("{") ? [JSON.parse(data)] : [],
    );
    const rendered = renderFrames(openaiResponses, readBytes(openaiResponses, [stream]), CONTEXT);
    const back = rendered.map(({ data }) => JSON.parse(data));
    const { output } = bodies.at(-1).response;
    if (name !== "tool-call-no-arguments") expect(back.at(-1).response.output).toMatchObject(output);
    if (FILLED_IN.includes(name)) return;
    expect(essential(back)).toEqual(essential(bodies));
  },
);

/**
 * Frames without what is the gateway's own to tell: numbers, response objects, the name of a finished call, and
 * the incomplete preview of encrypted reasoning with which an item is announced.
 */
function essential(chunks: readonly Record<string, unknown>[]): readonly unknown[] {
  const told = chunks.filter(({ type }) => type !== "keepalive" && type !== "response.queued");
  return told.map(({ sequence_number: _number, response: _response, name: _name, ...chunk }) => {
    if (chunk.type !== "response.output_item.added") return chunk;
    const { encrypted_content: _preview, ...item } = chunk.item as Record<string, unknown>;
    return { ...chunk, item };
  });
}
