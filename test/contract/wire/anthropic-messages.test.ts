import { anthropicMessages } from "../../../src/wires/anthropic-messages.ts";
import { fixtureFolder, sseFixtures } from "./fixture-files.ts";
import { type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const folder = fixtureFolder("anthropic-messages");
const HELLO = "Your parcel left the depot this morning.";
const INVOICE = '{"invoice_number":"F-2025-17","total":119.0}';
const CACHED = { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 512, outputTokens: 300 };
const CITED = "It says: the grass is green and the sky is blue";

const call = (id: string, name: string, args: string) => ({ choice: 0, id, name, arguments: args });

function ended(text: string, reason = "stop"): Expected {
  return { text: { 0: text }, ends: { 0: reason }, finish: reason };
}

const REASONED: Expected = {
  ...ended("51."),
  reasoning: { 0: "The caller asks for 17 × 3." },
  usage: { inputTokens: 43, outputTokens: 13, reasoningTokens: 48 },
};
const NOTHING_BUT: Expected = { ends: {}, finish: null };

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...ended(HELLO), usage: { inputTokens: 31, outputTokens: 12 } },
  unicode: ended('Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-use": {
    ...ended("Let me look that up.", "tool_calls"),
    calls: [call("toolu_01T1x1fJ34qAmk2tNTrN7Up6", "track_parcel", '{"number": "DE-4711"}')],
    usage: { inputTokens: 472, outputTokens: 89 },
  },
  "tool-use-parallel": {
    calls: [
      call("toolu_01A", "track_parcel", '{"number":"DE-4711"}'),
      call("toolu_01B", "get_weather", '{"city":"Köln","unit":"c"}'),
    ],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-no-arguments": {
    calls: [call("toolu_01N", "list_orders", "{}")],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "tool-input-at-start": {
    calls: [call("call_0", "add", '{"a":1,"b":[2]}')],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  thinking: REASONED,
  "thinking-omitted": { ...ended("51."), reasoning: { 0: "" } },
  "thinking-redacted": { ...ended("I cannot say why."), reasoning: { 0: "" } },
  "thinking-between-tools": {
    reasoning: { 0: "First the weather. Then the parcel." },
    calls: [
      call("toolu_1", "get_weather", '{"city":"Bonn"}'),
      call("toolu_2", "track_parcel", '{"number":"A1"}'),
    ],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  "cache-usage": { ...ended("Done."), usage: CACHED },
  citations: ended(CITED),
  "web-search": {
    ...ended("I'll look. It costs 5 €."),
    usage: { inputTokens: 10_682, outputTokens: 510 },
  },
  "pause-turn": ended("Still searching", "other"),
  refusal: ended("The first step", "refusal"),
  "refusal-empty": { ends: { 0: "refusal" }, finish: "refusal" },
  "max-tokens": ended("Once upon a time", "length"),
  "max-tokens-empty": { ends: { 0: "length" }, finish: "length" },
  "stop-sequence": ended("One, two"),
  "context-exceeded": ended("To be", "length"),
  "overloaded-mid-stream": {
    text: { 0: "Your parcel" },
    fault: { kind: "outage", code: "provider_overloaded" },
  },
  "rate-limit-at-start": { ...NOTHING_BUT, fault: { kind: "throttled", code: "provider_throttled" } },
  "internal-mid-stream": { ...NOTHING_BUT, fault: { kind: "outage", code: "provider_error" } },
  cut: { text: { 0: "Your parcel left the depot" }, fault: { kind: "outage", code: "stream_cut" } },
  "no-message-stop": ended(HELLO),
  pings: ended("Still here."),
  crlf: { ...ended("Line ends vary."), usage: { inputTokens: 9, outputTokens: 4 } },
  "empty-answer": { ...NOTHING_BUT, fault: { kind: "malformed", code: "empty_answer" } },
  "bad-chunk": { text: { 0: "Your" }, fault: { kind: "malformed", code: "bad_chunk" } },
  "json-schema": ended(INVOICE),
  compaction: ended("It is on its way."),
  container: ended("Saved."),
  "bare-deltas": { ...ended("No beginning."), usage: { inputTokens: 8, outputTokens: 5 } },
  "unknown-event": ended("Fine."),
  "missing-stops": {
    ...ended("Hello", "tool_calls"),
    calls: [call("toolu_9", "list_orders", "{}")],
  },
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...ended(HELLO), usage: { inputTokens: 31, outputTokens: 12 } },
  "tool-use": {
    ...ended("Let me look that up.", "tool_calls"),
    calls: [
      call("toolu_01A", "track_parcel", '{"number":"DE-4711"}'),
      call("toolu_01B", "get_weather", '{"city":"Köln","unit":"c"}'),
    ],
  },
  "tool-no-arguments": {
    calls: [call("toolu_01N", "list_orders", "{}")],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  thinking: REASONED,
  "thinking-redacted": { ...ended("I cannot say why."), reasoning: { 0: "" } },
  "cache-usage": { ...ended("Done."), usage: CACHED },
  citations: ended(CITED),
  "web-search": ended("I'll look.It costs 5 €."),
  refusal: ended("The first step", "refusal"),
  "refusal-empty": { ends: { 0: "refusal" }, finish: "refusal" },
  "max-tokens": ended("Once upon a time", "length"),
  "stop-sequence": ended("One, two"),
  "context-exceeded": ended("To be", "length"),
  "pause-turn": ended("Still searching", "other"),
  "json-schema": ended(INVOICE),
  "empty-answer": { fault: { kind: "malformed", code: "empty_answer" } },
  "no-reason": ended("Hm.", "other"),
  "failed-answer": { fault: { kind: "outage", code: "provider_overloaded" } },
  "wrong-shape": { fault: { kind: "malformed", code: "bad_answer" } },
  "wrong-block": { text: { 0: "Hi" }, fault: { kind: "malformed", code: "bad_answer" } },
  "count-tokens": { finish: "stop", usage: { inputTokens: 2095, outputTokens: 0 } },
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
const overflow: ExpectedError = { kind: "context_overflow", code: "context_length_exceeded" };
const filtered: ExpectedError = { kind: "filtered", code: "content_filter" };
const rejected: ExpectedError = { kind: "invalid", code: "provider_rejected_request" };

/** 2023-11-15T00:00:00Z */
const NOW = 1_700_006_400_000;

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  "rate-limit": throttled(17_000),
  "rate-limit-milliseconds": throttled(1350),
  "rate-limit-reset": throttled(41_000),
  "rate-limit-earliest": throttled(9500),
  "rate-limit-past": throttled(0),
  "rate-limit-bad-reset": throttled(),
  acceleration: throttled(60_000),
  "spend-limit": quota,
  billing: quota,
  "credit-balance": quota,
  "usage-limits": quota,
  overloaded: { ...overloaded, retryAfterMs: 5000 },
  "overloaded-service": overloaded,
  internal: broken,
  "bad-gateway": broken,
  "gateway-timeout": slow,
  "request-timeout": slow,
  unauthorized: auth,
  forbidden: auth,
  "invalid-key-echo": auth,
  "model-not-found": { kind: "provider_not_found", code: "provider_model_not_found" },
  "prompt-too-long": overflow,
  "context-limit": overflow,
  "request-too-large": rejected,
  "content-filter": filtered,
  "content-filter-500": filtered,
  "invalid-parameter": { ...rejected, param: "max_tokens" },
  "invalid-message": { ...rejected, param: "messages[1].content[0].type" },
  conflict: broken,
  "flat-message": rejected,
  "google-list": throttled(),
  "proxy-wants-credentials": auth,
  gone: { kind: "provider_not_found", code: "provider_model_not_found" },
  misdirected: broken,
  "failed-dependency": broken,
  "too-early": broken,
  teapot: rejected,
};

const HI = [{ role: "user", content: "PRIVATE" }];
const base = { model: "support-chat", max_tokens: 64, messages: HI };
const user = (content: unknown) => ({ ...base, messages: [{ role: "user", content }] });
const model = (content: unknown) => ({ ...base, messages: [...HI, { role: "assistant", content }] });
const tool = (more: Record<string, unknown>) => ({ ...base, tools: [{ name: "f", ...more }] });
const TOOLS = [{ name: "f", input_schema: { type: "object" } }];

const REFUSED = [
  { name: "not an object", body: [1], code: "invalid_type" },
  {
    name: "no model",
    body: { max_tokens: 1, messages: HI },
    code: "missing_field",
    param: "model",
  },
  { name: "empty model", body: { ...base, model: "" }, code: "invalid_value", param: "model" },
  { name: "long model", body: { ...base, model: "m".repeat(257) }, code: "invalid_value", param: "model" },
  { name: "control character", body: { ...base, model: "a\r\nb" }, code: "invalid_value", param: "model" },
  { name: "no limit", body: { model: "m", messages: HI }, code: "missing_field", param: "max_tokens" },
  { name: "limit null", body: { ...base, max_tokens: null }, code: "missing_field", param: "max_tokens" },
  { name: "negative limit", body: { ...base, max_tokens: -1 }, code: "invalid_value", param: "max_tokens" },
  { name: "half a token", body: { ...base, max_tokens: 1.5 }, code: "invalid_type", param: "max_tokens" },
  { name: "limit as text", body: { ...base, max_tokens: "9" }, code: "invalid_type", param: "max_tokens" },
  { name: "no messages", body: { model: "m", max_tokens: 1 }, code: "missing_field", param: "messages" },
  { name: "empty messages", body: { ...base, messages: [] }, code: "invalid_value", param: "messages" },
  { name: "message null", body: { ...base, messages: [null] }, code: "invalid_type", param: "messages[0]" },
  {
    name: "unknown role",
    body: { ...base, messages: [{ role: "PRIVATE", content: "x" }] },
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
  { name: "no blocks", body: user([]), code: "invalid_value", param: "messages[0].content" },
  {
    name: "block without a type",
    body: user([{ text: "PRIVATE" }]),
    code: "missing_field",
    param: "messages[0].content[0].type",
  },
  {
    name: "block with a number for a type",
    body: user([{ type: 7 }]),
    code: "unsupported_value",
    param: "messages[0].content[0].type",
  },
  {
    name: "text block without text",
    body: user([{ type: "text" }]),
    code: "missing_field",
    param: "messages[0].content[0].text",
  },
  {
    name: "call in the user's turn",
    body: user([{ type: "tool_use", id: "c", name: "f", input: {} }]),
    code: "unsupported_value",
    param: "messages[0].content[0].type",
  },
  {
    name: "result in the model's turn",
    body: model([{ type: "tool_result", tool_use_id: "c" }]),
    code: "unsupported_value",
    param: "messages[1].content[0].type",
  },
  {
    name: "image without a source",
    body: user([{ type: "image" }]),
    code: "missing_field",
    param: "messages[0].content[0].source",
  },
  {
    name: "image from a file system",
    body: user([{ type: "image", source: { type: "url", url: "file:///PRIVATE" } }]),
    code: "invalid_value",
    param: "messages[0].content[0].source.url",
  },
  {
    name: "image of an unknown source",
    body: user([{ type: "image", source: { type: "PRIVATE" } }]),
    code: "unsupported_value",
    param: "messages[0].content[0].source.type",
  },
  {
    name: "image without data",
    body: user([{ type: "image", source: { type: "base64", media_type: "image/png" } }]),
    code: "missing_field",
    param: "messages[0].content[0].source.data",
  },
  {
    name: "document url in a tool's result",
    body: user([
      {
        type: "tool_result",
        tool_use_id: "c",
        content: [{ type: "document", source: { type: "url", url: "PRIVATE" } }],
      },
    ]),
    code: "invalid_value",
    param: "messages[0].content[0].content[0].source.url",
  },
  {
    name: "result without its call",
    body: user([{ type: "tool_result", content: "PRIVATE" }]),
    code: "missing_field",
    param: "messages[0].content[0].tool_use_id",
  },
  {
    name: "input as text",
    body: model([{ type: "tool_use", id: "c", name: "f", input: "PRIVATE" }]),
    code: "invalid_type",
    param: "messages[1].content[0].input",
  },
  {
    name: "thinking without text",
    body: model([{ type: "thinking", signature: "PRIVATE" }]),
    code: "missing_field",
    param: "messages[1].content[0].thinking",
  },
  {
    name: "cache of another kind",
    body: user([{ type: "text", text: "x", cache_control: { type: "PRIVATE" } }]),
    code: "invalid_value",
    param: "messages[0].content[0].cache_control.type",
  },
  {
    name: "cache for a day",
    body: user([{ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "24h" } }]),
    code: "invalid_value",
    param: "messages[0].content[0].cache_control.ttl",
  },
  { name: "system number", body: { ...base, system: 7 }, code: "invalid_type", param: "system" },
  {
    name: "image in the system prompt",
    body: { ...base, system: [{ type: "image" }] },
    code: "invalid_value",
    param: "system[0].type",
  },
  { name: "hot", body: { ...base, temperature: 1.1 }, code: "invalid_value", param: "temperature" },
  { name: "infinite", body: { ...base, top_p: Infinity }, code: "invalid_type", param: "top_p" },
  { name: "part of a token", body: { ...base, top_k: 0.5 }, code: "invalid_type", param: "top_k" },
  {
    name: "stop as text",
    body: { ...base, stop_sequences: "PRIVATE" },
    code: "invalid_type",
    param: "stop_sequences",
  },
  { name: "stream as text", body: { ...base, stream: "true" }, code: "invalid_type", param: "stream" },
  {
    name: "small budget",
    body: { ...base, thinking: { type: "enabled", budget_tokens: 1023 } },
    code: "invalid_value",
    param: "thinking.budget_tokens",
  },
  {
    name: "no budget",
    body: { ...base, thinking: { type: "enabled" } },
    code: "missing_field",
    param: "thinking.budget_tokens",
  },
  {
    name: "unknown effort",
    body: { ...base, output_config: { effort: "PRIVATE" } },
    code: "invalid_value",
    param: "output_config.effort",
  },
  {
    name: "format without a schema",
    body: { ...base, output_config: { format: { type: "json_schema" } } },
    code: "missing_field",
    param: "output_config.format.schema",
  },
  { name: "tool without a schema", body: tool({}), code: "missing_field", param: "tools[0].input_schema" },
  {
    name: "tool without a name",
    body: { ...base, tools: [{ input_schema: {} }] },
    code: "missing_field",
    param: "tools[0].name",
  },
  {
    name: "OpenAI's tool",
    body: tool({ type: "function", function: { name: "PRIVATE" } }),
    code: "unsupported_value",
    param: "tools[0].type",
  },
  {
    name: "tool choice without tools",
    body: { ...base, tool_choice: { type: "any" } },
    code: "invalid_value",
    param: "tool_choice",
  },
  {
    name: "tool choice of an unknown tool",
    body: { ...base, tools: TOOLS, tool_choice: { type: "tool", name: "PRIVATE" } },
    code: "invalid_value",
    param: "tool_choice.name",
  },
  {
    name: "tool choice word",
    body: { ...base, tools: TOOLS, tool_choice: "auto" },
    code: "invalid_type",
    param: "tool_choice",
  },
  {
    name: "user id number",
    body: { ...base, metadata: { user_id: 17 } },
    code: "invalid_type",
    param: "metadata.user_id",
  },
  {
    name: "contract word",
    body: { ...base, metadata: { pointsman_task_type: "PRIVATE" } },
    code: "invalid_value",
    param: "metadata.pointsman_task_type",
  },
  {
    name: "contract number",
    body: { ...base, metadata: { pointsman_context_window: 100 } },
    code: "invalid_type",
    param: "metadata",
  },
  {
    name: "contract key misspelt",
    body: { ...base, metadata: { pointsman_tasktype: "chat" } },
    code: "unknown_field",
    param: "metadata",
  },
];

wireContract(anthropicMessages, {
  now: NOW,
  ...sseFixtures(folder, {
    streams: STREAMS,
    answers: ANSWERS,
    errors: ERRORS,
    requests: folder.named(/^request-(.+)\.json$/),
  }),
  refused: REFUSED,
  // One choice, refusals told as text, and a tool's input is an object.
  reach: {
    multipleChoices: false,
    refusals: false,
    jsonArguments: true,
    impliedToolCalls: true,
    reasons: ["stop", "length", "tool_calls", "refusal"],
  },
});
