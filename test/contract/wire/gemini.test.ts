import { gemini } from "../../../src/wires/gemini.ts";
import { fixtureFolder, sseFixtures } from "./fixture-files.ts";
import { type Expected, type ExpectedError, wireContract } from "./wire-contract.ts";

const folder = fixtureFolder("gemini");
const HELLO = "Your parcel left the depot this morning.";
const INVOICE = '{"invoice_number":"F-2025-17","total":119.0}';
const CACHED = { inputTokens: 86, cacheReadTokens: 1920, cacheWriteTokens: 0, outputTokens: 300 };
const THOUGHT = { inputTokens: 22, outputTokens: 13, reasoningTokens: 48 };
const PARALLEL: Expected = {
  // A signature is told as reasoning without words.
  reasoning: { 0: "" },
  calls: [
    {
      choice: 0,
      id: "gemini_call_J6Lsq5kdUP0Z2rAE_0_0",
      name: "track_parcel",
      arguments: '{"number":"DE-4711"}',
    },
    {
      choice: 0,
      id: "gemini_call_J6Lsq5kdUP0Z2rAE_0_1",
      name: "get_weather",
      arguments: '{"city":"Köln","unit":"c"}',
    },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
  usage: { inputTokens: 120, outputTokens: 30, reasoningTokens: 60 },
};
const WITH_ID: Expected = {
  text: { 0: "Let me look." },
  calls: [{ choice: 0, id: "c8f2k1xq", name: "track_parcel", arguments: '{"number":"DE-4711"}' }],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
};
const TWO: Expected = { text: { 0: "Red!", 1: "Blue." }, ends: { 0: "length", 1: "stop" }, finish: "length" };
const SILENT_LIMIT: Expected = {
  ends: { 0: "length" },
  finish: "length",
  usage: { outputTokens: 0, reasoningTokens: 64 },
};
const FILTERED: Expected = { ends: { 0: "content_filter" }, finish: "content_filter" };
const EMPTY: Expected = { fault: { kind: "malformed", code: "empty_answer" } };
const BAD_CALL: Expected = { fault: { kind: "malformed", code: "malformed_tool_call" } };
const BLOCKED: Expected = { fault: { kind: "filtered", code: "content_filter" } };

function stopped(text: string): Expected {
  return { text: { 0: text }, ends: { 0: "stop" }, finish: "stop" };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "text-lf": { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "finish-apart": { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "finish-without-content": { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  unicode: stopped('Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls-parallel": PARALLEL,
  "tool-call-with-id": WITH_ID,
  "tool-call-no-arguments": {
    calls: [{ choice: 0, id: "gemini_call_J6Lsq5kdUP0Z2rAE_0_0", name: "list_orders", arguments: "{}" }],
    ends: { 0: "tool_calls" },
    finish: "tool_calls",
  },
  reasoning: { reasoning: { 0: "The caller asks for 17 × 3." }, ...stopped("51."), usage: THOUGHT },
  "reasoning-signed": { reasoning: { 0: "Think." }, ...stopped("51."), usage: { reasoningTokens: 48 } },
  "thoughts-inside": { ...stopped("51."), usage: { inputTokens: 22, outputTokens: 3, reasoningTokens: 48 } },
  "cache-usage": { ...stopped("Done."), usage: CACHED },
  "search-usage": { ...stopped("It rains."), usage: { inputTokens: 212, outputTokens: 5 } },
  length: { text: { 0: "Once upon a time" }, ends: { 0: "length" }, finish: "length" },
  "length-in-thoughts": SILENT_LIMIT,
  safety: { text: { 0: "The recipe" }, ...FILTERED },
  recitation: FILTERED,
  "blocked-prompt": { ...BLOCKED, usage: { inputTokens: 14, outputTokens: 0 } },
  "empty-answer": EMPTY,
  "no-candidates": EMPTY,
  "malformed-call": BAD_CALL,
  "two-candidates": TWO,
  logprobs: stopped("Yes."),
  "json-schema": stopped(INVOICE),
  "code-execution": stopped("Let me compute. It is 51."),
  "error-mid-stream": {
    text: { 0: "Your parcel" },
    fault: { kind: "outage", code: "provider_overloaded" },
    usage: { inputTokens: 31, outputTokens: 2 },
  },
  "rate-limit-in-list": { fault: { kind: "throttled", code: "provider_throttled" } },
  cut: {
    text: { 0: "Your parcel left the depot" },
    fault: { kind: "outage", code: "stream_cut" },
    usage: { outputTokens: 6 },
  },
  "bad-chunk": { text: { 0: "Your" }, fault: { kind: "malformed", code: "bad_chunk" } },
  "wrong-part": { text: { 0: "Your" }, fault: { kind: "malformed", code: "bad_chunk" } },
  "empty-body": { fault: { kind: "outage", code: "stream_cut" } },
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "tool-calls-parallel": PARALLEL,
  "tool-call-with-id": WITH_ID,
  reasoning: { reasoning: { 0: "The caller asks for 17 × 3." }, ...stopped("51."), usage: THOUGHT },
  vertex: { ...stopped("Done."), usage: CACHED },
  length: { text: { 0: "Once upon a time" }, ends: { 0: "length" }, finish: "length" },
  "length-in-thoughts": SILENT_LIMIT,
  safety: FILTERED,
  "blocked-prompt": BLOCKED,
  "two-candidates": TWO,
  logprobs: stopped("Yes."),
  "json-schema": stopped(INVOICE),
  "empty-answer": EMPTY,
  "no-candidates": EMPTY,
  "malformed-call": BAD_CALL,
  "chunk-list": { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "failed-answer": { fault: { kind: "outage", code: "provider_error" } },
  "wrong-shape": { fault: { kind: "malformed", code: "bad_answer" } },
  count: { finish: "stop", usage: { inputTokens: 111, cacheReadTokens: 1920, outputTokens: 0 } },
  "no-finish": { text: { 0: "Once upon a time" }, ends: { 0: "other" }, finish: "other" },
};

const throttled = (retryAfterMs?: number): ExpectedError => ({
  kind: "throttled",
  code: "provider_throttled",
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const overloaded: ExpectedError = { kind: "outage", code: "provider_overloaded" };
const broken: ExpectedError = { kind: "outage", code: "provider_error" };
const auth: ExpectedError = { kind: "provider_auth", code: "provider_credentials_refused" };
const overflow: ExpectedError = { kind: "context_overflow", code: "context_length_exceeded" };
const rejected: ExpectedError = { kind: "invalid", code: "provider_rejected_request" };

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  "rate-limit-minute": throttled(38_000),
  "rate-limit-text": throttled(38_805),
  "rate-limit-day": { kind: "throttled", code: "quota_exhausted" },
  "rate-limit-vertex": throttled(),
  "rate-limit-header": throttled(7000),
  overloaded,
  internal: broken,
  deadline: { kind: "timeout", code: "provider_timeout" },
  cancelled: broken,
  "key-invalid": auth,
  "key-expired": auth,
  unauthenticated: auth,
  forbidden: auth,
  "not-found": { kind: "provider_not_found", code: "provider_model_not_found" },
  context: overflow,
  "context-in-list": overflow,
  location: auth,
  billing: auth,
  "file-not-ready": rejected,
  "invalid-field": { ...rejected, param: "contents[1].parts[0].function_call" },
  "missing-signature": rejected,
  "precondition-list": rejected,
  "bad-gateway": broken,
  "proxy-wants-credentials": auth,
  aborted: broken,
  gone: { kind: "provider_not_found", code: "provider_model_not_found" },
  misdirected: broken,
  "too-early": broken,
  "status-alone": overloaded,
};

const REQUESTS = [
  "text",
  "system",
  "controls",
  "tools",
  "tools-with-ids",
  "media",
  "json",
  "json-schema",
  "thinking",
  "level",
  "contract",
  "snake-case",
];

const HI = [{ role: "user", parts: [{ text: "PRIVATE" }] }];
const base = { contents: HI };
const part = (...parts: readonly unknown[]) => ({ contents: [{ role: "user", parts }] });
const config = (generationConfig: unknown) => ({ ...base, generationConfig });
const TOOLS = [{ functionDeclarations: [{ name: "f" }] }];
const calling = (functionCallingConfig: unknown, tools: unknown = TOOLS) => ({
  ...base,
  tools,
  toolConfig: { functionCallingConfig },
});

const REFUSED = [
  { name: "not an object", body: [1], code: "invalid_type" },
  { name: "no contents", body: {}, code: "missing_field", param: "contents" },
  { name: "empty contents", body: { contents: [] }, code: "invalid_value", param: "contents" },
  { name: "contents as text", body: { contents: "PRIVATE" }, code: "invalid_type", param: "contents" },
  { name: "content null", body: { contents: [null] }, code: "invalid_type", param: "contents[0]" },
  {
    name: "unknown role",
    body: { contents: [{ role: "PRIVATE", parts: [{ text: "x" }] }] },
    code: "invalid_value",
    param: "contents[0].role",
  },
  {
    name: "no parts",
    body: { contents: [{ role: "user" }] },
    code: "missing_field",
    param: "contents[0].parts",
  },
  { name: "empty parts", body: part(), code: "invalid_value", param: "contents[0].parts" },
  { name: "empty part", body: part({}), code: "missing_field", param: "contents[0].parts[0]" },
  {
    name: "part of null alone",
    body: part({ text: null }),
    code: "missing_field",
    param: "contents[0].parts[0]",
  },
  { name: "text number", body: part({ text: 7 }), code: "invalid_type", param: "contents[0].parts[0].text" },
  {
    name: "inline data without a type",
    body: part({ inlineData: { data: "PRIVATE" } }),
    code: "missing_field",
    param: "contents[0].parts[0].inlineData.mimeType",
  },
  {
    name: "inline data without data",
    body: part({ text: "x" }, { inline_data: { mime_type: "image/png", data: "" } }),
    code: "invalid_value",
    param: "contents[0].parts[1].inlineData.data",
  },
  {
    name: "file without an address",
    body: part({ fileData: { mimeType: "image/png" } }),
    code: "missing_field",
    param: "contents[0].parts[0].fileData.fileUri",
  },
  {
    name: "call without a name",
    body: part({ functionCall: { args: {} } }),
    code: "missing_field",
    param: "contents[0].parts[0].functionCall.name",
  },
  {
    name: "arguments as text",
    body: part({ functionCall: { name: "f", args: "PRIVATE" } }),
    code: "invalid_type",
    param: "contents[0].parts[0].functionCall.args",
  },
  {
    name: "response as text",
    body: part({ functionResponse: { name: "f", response: "PRIVATE" } }),
    code: "invalid_type",
    param: "contents[0].parts[0].functionResponse.response",
  },
  {
    name: "system instruction without parts",
    body: { ...base, systemInstruction: { text: "PRIVATE" } },
    code: "missing_field",
    param: "systemInstruction.parts",
  },
  {
    name: "hot",
    body: config({ temperature: 2.5 }),
    code: "invalid_value",
    param: "generationConfig.temperature",
  },
  { name: "top p", body: config({ topP: 2 }), code: "invalid_value", param: "generationConfig.topP" },
  {
    name: "no tokens",
    body: config({ max_output_tokens: 0 }),
    code: "invalid_value",
    param: "generationConfig.maxOutputTokens",
  },
  {
    name: "six stops",
    body: config({ stopSequences: ["a", "b", "c", "d", "e", "f"] }),
    code: "invalid_value",
    param: "generationConfig.stopSequences",
  },
  {
    name: "nine candidates",
    body: config({ candidateCount: 9 }),
    code: "invalid_value",
    param: "generationConfig.candidateCount",
  },
  { name: "seed", body: config({ seed: 1.5 }), code: "invalid_type", param: "generationConfig.seed" },
  {
    name: "alternatives without logprobs",
    body: config({ logprobs: 3 }),
    code: "invalid_value",
    param: "generationConfig.logprobs",
  },
  {
    name: "two schemas",
    body: config({ responseSchema: { type: "STRING" }, responseJsonSchema: { type: "string" } }),
    code: "invalid_value",
    param: "generationConfig.responseSchema",
  },
  {
    name: "level and budget",
    body: config({ thinkingConfig: { thinkingLevel: "LOW", thinkingBudget: 5 } }),
    code: "invalid_value",
    param: "generationConfig.thinkingConfig",
  },
  {
    name: "unknown level",
    body: config({ thinkingConfig: { thinkingLevel: "PRIVATE" } }),
    code: "invalid_value",
    param: "generationConfig.thinkingConfig.thinkingLevel",
  },
  {
    name: "tool without a name",
    body: { ...base, tools: [{ functionDeclarations: [{ description: "PRIVATE" }] }] },
    code: "missing_field",
    param: "tools[0].functionDeclarations[0].name",
  },
  {
    name: "unknown mode",
    body: calling({ mode: "PRIVATE" }),
    code: "invalid_value",
    param: "toolConfig.functionCallingConfig.mode",
  },
  {
    name: "any without functions",
    body: calling({ mode: "ANY" }, []),
    code: "invalid_value",
    param: "toolConfig.functionCallingConfig.mode",
  },
  {
    name: "undeclared function allowed",
    body: calling({ mode: "ANY", allowedFunctionNames: ["PRIVATE"] }),
    code: "invalid_value",
    param: "toolConfig.functionCallingConfig.allowedFunctionNames",
  },
  {
    name: "arguments in pieces",
    body: calling({ mode: "AUTO", streamFunctionCallArguments: true }),
    code: "unsupported_parameter",
    param: "toolConfig.functionCallingConfig",
  },
  { name: "label number", body: { ...base, labels: { a: 1 } }, code: "invalid_type", param: "labels.a" },
  {
    name: "contract word",
    body: { ...base, labels: { pointsman_task_type: "PRIVATE" } },
    code: "invalid_value",
    param: "labels.pointsman_task_type",
  },
  {
    name: "contract key misspelt",
    body: { ...base, labels: { pointsman_tasktype: "chat" } },
    code: "unknown_field",
    param: "labels",
  },
];

wireContract(gemini, {
  now: 1_700_006_400_000,
  hints: { contract: {}, strict: false, target: "support-chat", stream: false },
  reach: {
    refusals: false,
    // There is no word for calls: an answer stops, and has made some.
    reasons: ["stop", "length", "content_filter"],
    impliedToolCalls: true,
    usage: ["inputTokens", "cacheReadTokens", "outputTokens", "reasoningTokens"],
    jsonArguments: true,
    wholeCalls: true,
  },
  ...sseFixtures(folder, { streams: STREAMS, answers: ANSWERS, errors: ERRORS, requests: REQUESTS }),
  refused: REFUSED,
});
