import { openaiChat } from "../../../src/wires/openai-chat.ts";
import { fixtureFolder, sseFixtures } from "./fixture-files.ts";
import { type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const folder = fixtureFolder("openai-chat");
const HELLO = "Your parcel left the depot this morning.";
const PARALLEL: Expected = {
  calls: [
    { choice: 0, id: "call_8sKdJ2mQvXz1", name: "track_parcel", arguments: '{"number":"DE-4711"}' },
    { choice: 0, id: "call_Zt5nLw0RbYc7", name: "get_weather", arguments: '{"city":"Köln","unit":"c"}' },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const REASONED: Expected = {
  reasoning: { 0: "The caller asks for 17 × 3." },
  text: { 0: "51." },
  ends: { 0: "stop" },
  finish: "stop",
  usage: { inputTokens: 22, outputTokens: 13, reasoningTokens: 48 },
};
const CACHED = { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 0, outputTokens: 300 };
const INVOICE = '{"invoice_number":"F-2025-17","total":119.0}';

function stopped(text: string): Expected {
  return { text: { 0: text }, ends: { 0: "stop" }, finish: "stop" };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  unicode: stopped('Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls-parallel": PARALLEL,
  "tool-call-no-arguments": {
    calls: [{ choice: 0, id: "chatcmpl-tool-0c2f", name: "list_orders", arguments: "{}" }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-calls-same-index": {
    calls: [
      { choice: 0, id: "function-call-1", name: "track_parcel", arguments: '{"number":"A1"}' },
      { choice: 0, id: "function-call-2", name: "track_parcel", arguments: '{"number":"B2"}' },
    ],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-calls-no-id": {
    calls: [{ choice: 0, id: "call_chatcmpl5f1c0d_0_0", name: "add", arguments: '{"a":1}' }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  reasoning: REASONED,
  "thinking-parts": {
    reasoning: { 0: "Let me see." },
    ...stopped("Four."),
    usage: { inputTokens: 9, outputTokens: 11 },
  },
  "cache-usage": { ...stopped("Done."), usage: CACHED },
  refusal: { refusal: { 0: "I'm sorry, I can't help with that." }, ends: { 0: "stop" }, finish: "stop" },
  "empty-answer": { fault: { kind: "malformed", code: "empty_answer" } },
  "error-mid-stream": { text: { 0: "Your parcel" }, fault: { kind: "outage", code: "provider_error" } },
  "rate-limit-mid-stream": { fault: { kind: "throttled", code: "provider_throttled" } },
  cut: { text: { 0: "Your parcel left the depot" }, fault: { kind: "outage", code: "stream_cut" } },
  "no-done": stopped(HELLO),
  pings: stopped("Still here."),
  crlf: { ...stopped("Line ends vary."), usage: { inputTokens: 9, outputTokens: 4 } },
  "two-choices": {
    text: { 0: "Red!", 1: "Blue." },
    ends: { 0: "length", 1: "stop" },
    finish: "length",
  },
  length: { text: { 0: "Once upon a time" }, ends: { 0: "length" }, finish: "length" },
  "length-in-reasoning": {
    ends: { 0: "length" },
    finish: "length",
    usage: { outputTokens: 0, reasoningTokens: 64 },
  },
  "content-filter": {
    text: { 0: "The recipe" },
    ends: { 0: "content_filter" },
    finish: "content_filter",
  },
  logprobs: stopped("Yes."),
  "json-schema": stopped(INVOICE),
  "bad-chunk": { text: { 0: "Your" }, fault: { kind: "malformed", code: "bad_chunk" } },
  "broken-finish": { text: { 0: "Your" }, fault: { kind: "outage", code: "provider_error" } },
  extras: stopped("Paris"),
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "tool-calls-parallel": PARALLEL,
  "tool-call-no-arguments": {
    calls: [{ choice: 0, id: "c1", name: "list_orders", arguments: "{}" }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  refusal: { refusal: { 0: "I'm sorry, I can't help with that." }, ends: { 0: "stop" }, finish: "stop" },
  reasoning: REASONED,
  "reasoning-beside": {
    ...stopped("51."),
    usage: { inputTokens: 22, outputTokens: 3, reasoningTokens: 48 },
  },
  "two-choices": { text: { 0: "Red!", 1: "Blue." }, ends: { 0: "length", 1: "stop" }, finish: "length" },
  logprobs: stopped("Yes."),
  "json-schema": stopped(INVOICE),
  "cache-usage": { ...stopped("Done."), usage: CACHED },
  length: { text: { 0: "Once upon a time" }, ends: { 0: "length" }, finish: "length" },
  "content-filter": { ends: { 0: "content_filter" }, finish: "content_filter" },
  "empty-answer": { fault: { kind: "malformed", code: "empty_answer" } },
  "no-choices": { fault: { kind: "malformed", code: "empty_answer" } },
  "failed-answer": { fault: { kind: "outage", code: "provider_error" } },
  "wrong-shape": { fault: { kind: "malformed", code: "bad_answer" } },
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
const garbled: ExpectedError = { kind: "malformed", code: "model_output_invalid" };
const rejected: ExpectedError = { kind: "invalid", code: "provider_rejected_request" };

/** 2023-11-15T00:00:00Z, half a minute before the date in `rate-limit-date`. */
const NOW = 1_700_006_400_000;

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  "rate-limit-seconds": throttled(2000),
  "rate-limit-milliseconds": throttled(1350),
  "rate-limit-date": throttled(30_000),
  "rate-limit-past-date": throttled(0),
  "rate-limit-reset": throttled(60_500),
  "rate-limit-text": throttled(6100),
  quota,
  balance: quota,
  internal: broken,
  "bad-gateway": broken,
  unavailable: { ...overloaded, retryAfterMs: 5000 },
  overloaded,
  "gateway-timeout": slow,
  "request-timeout": slow,
  unauthorized: auth,
  forbidden: auth,
  "not-found": missing,
  "model-not-found-400": missing,
  "context-openai": { ...overflow, param: "messages" },
  "context-vllm": overflow,
  "context-llamacpp": overflow,
  "context-tgi": overflow,
  "context-ollama": overflow,
  "context-groq": { ...overflow, param: "messages" },
  "context-gemini": overflow,
  "content-filter-azure": { ...filtered, param: "prompt" },
  "content-policy": filtered,
  "invalid-parameter": { ...rejected, param: "temperature" },
  unprocessable: rejected,
  "proxy-wants-credentials": auth,
  "method-not-allowed": missing,
  conflict: broken,
  "model-retired": missing,
  misdirected: broken,
  "too-early": broken,
  "failed-dependency": broken,
  "generation-tgi": broken,
  "context-lmi": overflow,
  "tool-use-groq": garbled,
  "json-groq": garbled,
  teapot: rejected,
};

const REQUESTS = ["text", "controls", "tools", "images", "json-schema", "contract"];

const HI = [{ role: "user", content: "PRIVATE" }];
const base = { model: "support-chat", messages: HI };
const user = (content: unknown) => ({ ...base, messages: [{ role: "user", content }] });
const TOOL = { type: "function", function: { name: "f", parameters: {} } };

const REFUSED = [
  { name: "not an object", body: [1], code: "invalid_type" },
  { name: "no model", body: { messages: HI }, code: "missing_field", param: "model" },
  { name: "empty model", body: { ...base, model: "" }, code: "invalid_value", param: "model" },
  { name: "long model", body: { ...base, model: "m".repeat(257) }, code: "invalid_value", param: "model" },
  { name: "control character", body: { ...base, model: "a\r\nb" }, code: "invalid_value", param: "model" },
  { name: "no messages", body: { model: "m" }, code: "missing_field", param: "messages" },
  { name: "empty messages", body: { ...base, messages: [] }, code: "invalid_value", param: "messages" },
  {
    name: "messages as text",
    body: { ...base, messages: "PRIVATE" },
    code: "invalid_type",
    param: "messages",
  },
  { name: "message null", body: { ...base, messages: [null] }, code: "invalid_type", param: "messages[0]" },
  {
    name: "unknown role",
    body: { ...base, messages: [{ role: "PRIVATE", content: "x" }] },
    code: "unsupported_value",
    param: "messages[0].role",
  },
  {
    name: "no role",
    body: { ...base, messages: [{ content: "x" }] },
    code: "missing_field",
    param: "messages[0].role",
  },
  {
    name: "role function",
    body: { ...base, messages: [{ role: "function", name: "f", content: "PRIVATE" }] },
    code: "unsupported_value",
    param: "messages[0].role",
  },
  {
    name: "no content",
    body: { ...base, messages: [{ role: "user" }] },
    code: "missing_field",
    param: "messages[0].content",
  },
  { name: "content number", body: user(7), code: "invalid_type", param: "messages[0].content" },
  { name: "no parts", body: user([]), code: "invalid_value", param: "messages[0].content" },
  {
    name: "part without text",
    body: user([{ type: "text" }]),
    code: "missing_field",
    param: "messages[0].content[0].text",
  },
  {
    name: "unknown part",
    body: user([{ type: "PRIVATE" }]),
    code: "unsupported_value",
    param: "messages[0].content[0].type",
  },
  {
    name: "audio part",
    body: user([{ type: "input_audio", input_audio: { data: "PRIVATE", format: "wav" } }]),
    code: "unsupported_value",
    param: "messages[0].content[0].type",
  },
  {
    name: "image from a file",
    body: user([{ type: "image_url", image_url: { url: "file:///PRIVATE" } }]),
    code: "invalid_value",
    param: "messages[0].content[0].image_url.url",
  },
  {
    name: "image data without base64",
    body: user([{ type: "image_url", image_url: { url: "data:image/png,PRIVATE" } }]),
    code: "invalid_value",
    param: "messages[0].content[0].image_url.url",
  },
  {
    name: "uploaded file",
    body: user([{ type: "file", file: { file_id: "file-PRIVATE" } }]),
    code: "unsupported_value",
    param: "messages[0].content[0].file.file_id",
  },
  {
    name: "file without data",
    body: user([{ type: "file", file: {} }]),
    code: "missing_field",
    param: "messages[0].content[0].file.file_data",
  },
  {
    name: "tool message without its call",
    body: { ...base, messages: [...HI, { role: "tool", content: "x" }] },
    code: "missing_field",
    param: "messages[1].tool_call_id",
  },
  {
    name: "assistant without anything",
    body: { ...base, messages: [...HI, { role: "assistant", content: null }] },
    code: "missing_field",
    param: "messages[1].content",
  },
  {
    name: "tool call without a name",
    body: {
      ...base,
      messages: [
        { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { arguments: "{}" } }] },
      ],
    },
    code: "missing_field",
    param: "messages[0].tool_calls[0].function.name",
  },
  { name: "hot", body: { ...base, temperature: 2.1 }, code: "invalid_value", param: "temperature" },
  { name: "cold", body: { ...base, temperature: -0.1 }, code: "invalid_value", param: "temperature" },
  { name: "not a number", body: { ...base, temperature: NaN }, code: "invalid_type", param: "temperature" },
  { name: "infinite", body: { ...base, top_p: Infinity }, code: "invalid_type", param: "top_p" },
  { name: "text as number", body: { ...base, top_p: "0.5" }, code: "invalid_type", param: "top_p" },
  { name: "no tokens", body: { ...base, max_tokens: 0 }, code: "invalid_value", param: "max_tokens" },
  {
    name: "half a token",
    body: { ...base, max_completion_tokens: 1.5 },
    code: "invalid_type",
    param: "max_completion_tokens",
  },
  {
    name: "two limits",
    body: { ...base, max_tokens: 5, max_completion_tokens: 6 },
    code: "invalid_value",
    param: "max_tokens",
  },
  { name: "17 choices", body: { ...base, n: 17 }, code: "invalid_value", param: "n" },
  { name: "no choice", body: { ...base, n: 0 }, code: "invalid_value", param: "n" },
  {
    name: "five stops",
    body: { ...base, stop: ["a", "b", "c", "d", "e"] },
    code: "invalid_value",
    param: "stop",
  },
  { name: "stop number", body: { ...base, stop: 7 }, code: "invalid_type", param: "stop" },
  {
    name: "penalty",
    body: { ...base, presence_penalty: -2.5 },
    code: "invalid_value",
    param: "presence_penalty",
  },
  {
    name: "many alternatives",
    body: { ...base, logprobs: true, top_logprobs: 21 },
    code: "invalid_value",
    param: "top_logprobs",
  },
  {
    name: "alternatives without logprobs",
    body: { ...base, top_logprobs: 2 },
    code: "invalid_value",
    param: "top_logprobs",
  },
  { name: "stream as text", body: { ...base, stream: "true" }, code: "invalid_type", param: "stream" },
  {
    name: "stream options without stream",
    body: { ...base, stream_options: { include_usage: true } },
    code: "invalid_value",
    param: "stream_options",
  },
  {
    name: "functions",
    body: { ...base, functions: [{ name: "PRIVATE" }] },
    code: "unsupported_parameter",
    param: "functions",
  },
  {
    name: "function_call",
    body: { ...base, function_call: "auto" },
    code: "unsupported_parameter",
    param: "function_call",
  },
  {
    name: "audio output",
    body: { ...base, modalities: ["text", "audio"] },
    code: "unsupported_parameter",
    param: "modalities",
  },
  {
    name: "custom tool",
    body: { ...base, tools: [{ type: "custom", custom: { name: "PRIVATE" } }] },
    code: "unsupported_value",
    param: "tools[0].type",
  },
  {
    name: "tool without a function",
    body: { ...base, tools: [{ type: "function" }] },
    code: "missing_field",
    param: "tools[0].function",
  },
  {
    name: "tool choice without tools",
    body: { ...base, tool_choice: "required" },
    code: "invalid_value",
    param: "tool_choice",
  },
  {
    name: "tool choice of an unknown tool",
    body: { ...base, tools: [TOOL], tool_choice: { type: "function", function: { name: "PRIVATE" } } },
    code: "invalid_value",
    param: "tool_choice.function.name",
  },
  {
    name: "tool choice word",
    body: { ...base, tools: [TOOL], tool_choice: "PRIVATE" },
    code: "invalid_value",
    param: "tool_choice",
  },
  {
    name: "unknown format",
    body: { ...base, response_format: { type: "PRIVATE" } },
    code: "unsupported_value",
    param: "response_format.type",
  },
  {
    name: "schema without a name",
    body: { ...base, response_format: { type: "json_schema", json_schema: { schema: {} } } },
    code: "missing_field",
    param: "response_format.json_schema.name",
  },
  {
    name: "metadata number",
    body: { ...base, metadata: { order: 17 } },
    code: "invalid_type",
    param: "metadata.order",
  },
  {
    name: "metadata key that is content",
    body: { ...base, metadata: { "PRIVATE words": 17 } },
    code: "invalid_type",
    param: "metadata",
  },
  {
    name: "contract word",
    body: { ...base, metadata: { pointsman_task_type: "PRIVATE" } },
    code: "invalid_value",
    param: "metadata.pointsman_task_type",
  },
  {
    name: "contract number",
    body: { ...base, metadata: { pointsman_context_window: "-1" } },
    code: "invalid_value",
    param: "metadata.pointsman_context_window",
  },
  {
    name: "contract regions",
    body: { ...base, metadata: { pointsman_residency: "eu-west-1,," } },
    code: "invalid_value",
    param: "metadata.pointsman_residency",
  },
  {
    name: "contract key misspelt",
    body: { ...base, metadata: { pointsman_tasktype: "chat" } },
    code: "unknown_field",
    param: "metadata",
  },
];

wireContract(openaiChat, {
  now: NOW,
  ...sseFixtures(folder, { streams: STREAMS, answers: ANSWERS, errors: ERRORS, requests: REQUESTS }),
  refused: REFUSED,
  reach: { impliedToolCalls: true },
});
