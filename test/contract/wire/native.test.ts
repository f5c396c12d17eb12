/** The native API under the wire contract: as a gateway gives it, and as another one behind it answers. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FAULTS } from "../../../src/core/faults.ts";
import { FIELD_PATHS } from "../../../src/wires/native/request-schema.ts";
import { native } from "../../../src/wires/native.ts";
import { fixtureFolder, sseFixtures } from "./fixture-files.ts";
import { readBytes, summarise } from "./streams.ts";
import { type Expected, type ExpectedError, NO_HINTS, wireContract } from "./wire-contract.ts";

const folder = fixtureFolder("native");
const HELLO = "Your parcel left the depot this morning.";
const CALLS: Expected = {
  calls: [
    { choice: 0, id: "call_a1", name: "track_parcel", arguments: '{"number":"A1"}' },
    { choice: 0, id: "call_b2", name: "get_weather", arguments: '{"city":"Köln"}' },
  ],
  ends: { 0: "tool_calls" },
  finish: "tool_calls",
  usage: { inputTokens: 40, outputTokens: 20 },
};
const REASONED: Expected = {
  reasoning: { 0: "17 times 3 is 51." },
  ...stopped("51."),
  usage: {
    inputTokens: 22,
    cacheReadTokens: 1920,
    cacheWriteTokens: 86,
    outputTokens: 3,
    reasoningTokens: 48,
  },
};
const CHOICES: Expected = {
  text: { 0: "Red!", 1: "Blue" },
  ends: { 0: "length", 1: "stop" },
  finish: "length",
};
const LENGTH: Expected = { ends: { 0: "length" }, finish: "length", usage: { reasoningTokens: 64 } };

function stopped(text: string): Expected {
  return { text: { 0: text }, ends: { 0: "stop" }, finish: "stop" };
}

function broken(kind: string, code: string, text?: string): Expected {
  return { ...(text !== undefined && { text: { 0: text } }), fault: { kind, code } };
}

const STREAMS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  unicode: stopped('Grüße aus Zürich – 日本語でも 👩🏽‍🚀\n"quoted" \\ \u2028 tab\tمرحبا'),
  "tool-calls": CALLS,
  reasoning: REASONED,
  refusal: {
    refusal: { 0: "I'm sorry, I can't help with that." },
    ends: { 0: "stop" },
    finish: "stop",
  },
  "two-choices": CHOICES,
  "stop-sequence": stopped("Until here"),
  "length-in-reasoning": LENGTH,
  embeddings: { finish: "stop", usage: { inputTokens: 9 } },
  extras: stopped("Yes."),
  "later-version": stopped("Hi"),
  "no-start": stopped("Straight in."),
  crlf: { ...stopped("Line ends vary."), usage: { inputTokens: 9, outputTokens: 4 } },
  "fault-mid-stream": broken("outage", "provider_error", "Your parcel"),
  throttled: broken("throttled", "provider_throttled"),
  "bad-chunk": broken("malformed", "bad_chunk", "Your"),
  "arguments-first": broken("malformed", "bad_chunk"),
  cut: broken("outage", "stream_cut", "Your parcel left"),
  "empty-answer": broken("malformed", "empty_answer"),
};

const ANSWERS: Readonly<Record<string, Expected>> = {
  text: { ...stopped(HELLO), usage: { inputTokens: 31, outputTokens: 8 } },
  "tool-calls": CALLS,
  reasoning: REASONED,
  refusal: { refusal: { 0: "I can't." }, ends: { 0: "stop" }, finish: "stop" },
  "two-choices": CHOICES,
  embeddings: { finish: "stop", usage: { inputTokens: 9 } },
  length: LENGTH,
  labelled: stopped("Hi"),
  "empty-answer": broken("malformed", "empty_answer"),
  "no-output": broken("malformed", "empty_answer"),
  "wrong-shape": broken("malformed", "bad_answer"),
  "fault-answer": broken("outage", "provider_overloaded"),
};

const ERRORS: Readonly<Record<string, ExpectedError>> = {
  throttled: { kind: "throttled", code: "provider_throttled", retryAfterMs: 1350 },
  "rate-limited": { kind: "throttled", code: "provider_throttled", retryAfterMs: 7000 },
  budget: { kind: "throttled", code: "quota_exhausted" },
  exhausted: { kind: "outage", code: "provider_overloaded", retryAfterMs: 1000 },
  unavailable: { kind: "outage", code: "provider_overloaded" },
  timeout: { kind: "timeout", code: "provider_timeout" },
  malformed: { kind: "outage", code: "provider_error" },
  overflow: { kind: "context_overflow", code: "context_length_exceeded", param: "messages" },
  filtered: { kind: "filtered", code: "content_filter" },
  invalid: { kind: "invalid", code: "provider_rejected_request", param: "sampling.temperature" },
  key: { kind: "provider_auth", code: "provider_credentials_refused" },
  forbidden: { kind: "provider_auth", code: "provider_credentials_refused" },
  "use-case": { kind: "provider_not_found", code: "provider_model_not_found" },
  internal: { kind: "outage", code: "provider_error" },
  proxy: { kind: "outage", code: "provider_error" },
};

const REQUESTS = ["text", "contract", "controls", "tools", "media", "json-schema", "json", "embedding"];

const base = { use_case: "support-chat", input: "PRIVATE" };
const messages = (...all: readonly unknown[]) => ({ use_case: "support-chat", messages: all });
const user = (content: unknown) => messages({ role: "user", content });

function refused(name: string, body: unknown, code: string, param?: string) {
  return { name, body, code, ...(param !== undefined && { param }) };
}

const REFUSED = [
  refused("not an object", [1], "invalid_type"),
  refused("no use case", { input: "PRIVATE" }, "missing_field", "use_case"),
  refused("empty use case", { ...base, use_case: "" }, "invalid_value", "use_case"),
  refused("control character", { ...base, use_case: "a\r\nb" }, "invalid_value", "use_case"),
  refused("nothing asked", { use_case: "m" }, "missing_field", "messages"),
  refused(
    "asked twice",
    { ...base, messages: [{ role: "user", content: "x" }] },
    "invalid_value",
    "messages",
  ),
  refused("chat and vectors", { ...base, embedding: { inputs: ["PRIVATE"] } }, "invalid_value", "embedding"),
  refused(
    "streamed vectors",
    { use_case: "m", embedding: { inputs: ["PRIVATE"] }, stream: true },
    "invalid_value",
    "stream",
  ),
  refused("no vectors", { use_case: "m", embedding: { inputs: [] } }, "invalid_value", "embedding.inputs"),
  refused("unknown field", { ...base, latency: "PRIVATE" }, "unknown_field", "latency"),
  refused("a field of another API", { model: "PRIVATE", input: "PRIVATE" }, "unknown_field", "model"),
  refused("a control at the top", { ...base, temperature: 0.5 }, "unknown_field", "temperature"),
  refused(
    "unknown sampling",
    { ...base, sampling: { temprature: 1 } },
    "unknown_field",
    "sampling.temprature",
  ),
  refused("unknown field that is content", { ...base, "PRIVATE words": 1 }, "unknown_field"),
  refused(
    "unknown field of a part",
    user([{ type: "text", text: "PRIVATE", citations: true }]),
    "unknown_field",
    "messages[0].content[0].citations",
  ),
  refused("task type", { ...base, task_type: "PRIVATE" }, "invalid_value", "task_type"),
  refused("latency tier", { ...base, latency_tier: "fast" }, "invalid_value", "latency_tier"),
  refused("safety level", { ...base, safety_level: "none" }, "invalid_value", "safety_level"),
  refused("half a token", { ...base, context_window: 1.5 }, "invalid_value", "context_window"),
  refused("regions", { ...base, residency: ["eu west"] }, "invalid_value", "residency"),
  refused("region as text", { ...base, residency: "eu-west-1" }, "invalid_type", "residency"),
  refused("no messages", messages(), "invalid_value", "messages"),
  refused("unknown role", messages({ role: "PRIVATE", content: "x" }), "invalid_value", "messages[0].role"),
  refused("content number", user(7), "invalid_type", "messages[0].content"),
  refused("no parts", user([]), "invalid_value", "messages[0].content"),
  refused("unknown part", user([{ type: "PRIVATE" }]), "unsupported_value", "messages[0].content[0].type"),
  refused(
    "image from a file",
    user([{ type: "image", source: { kind: "url", url: "file:///PRIVATE" } }]),
    "invalid_value",
    "messages[0].content[0].source.url",
  ),
  refused(
    "image of no kind",
    user([{ type: "image", source: { url: "https://example.com" } }]),
    "missing_field",
    "messages[0].content[0].source.kind",
  ),
  refused(
    "a call of the user",
    user([{ type: "tool_call", id: "c", name: "f", arguments: "{}" }]),
    "invalid_value",
    "messages[0].content[0].type",
  ),
  refused(
    "a result of the assistant",
    messages({ role: "assistant", content: [{ type: "tool_result", call_id: "c", content: "PRIVATE" }] }),
    "invalid_value",
    "messages[0].content[0].type",
  ),
  refused("hot", { ...base, sampling: { temperature: 2.1 } }, "invalid_value", "sampling.temperature"),
  refused("no tokens", { ...base, sampling: { max_tokens: 0 } }, "invalid_value", "sampling.max_tokens"),
  refused("17 choices", { ...base, sampling: { choices: 17 } }, "invalid_value", "sampling.choices"),
  refused("effort", { ...base, reasoning: { effort: "PRIVATE" } }, "invalid_value", "reasoning.effort"),
  refused("tool without a name", { ...base, tools: [{}] }, "missing_field", "tools[0].name"),
  refused("tool choice without tools", { ...base, tool_choice: "required" }, "invalid_value", "tool_choice"),
  refused(
    "tool choice of an unknown tool",
    { ...base, tools: [{ name: "f" }], tool_choice: { type: "tool", name: "PRIVATE" } },
    "invalid_value",
    "tool_choice.name",
  ),
  refused(
    "format",
    { ...base, response_format: { type: "xml" } },
    "unsupported_value",
    "response_format.type",
  ),
  refused(
    "schema left out",
    { ...base, response_format: { type: "json_schema", name: "a" } },
    "missing_field",
    "response_format.schema",
  ),
  refused("stream as text", { ...base, stream: "true" }, "invalid_type", "stream"),
  refused("metadata number", { ...base, metadata: { order: 17 } }, "invalid_type", "metadata.order"),
];

wireContract(native, {
  now: 1_700_006_400_000,
  closed: true,
  ...sseFixtures(folder, { streams: STREAMS, answers: ANSWERS, errors: ERRORS, requests: REQUESTS }),
  refused: REFUSED,
});

describe("docs/native-api.md", () => {
  const docs = readFileSync(join(import.meta.dir, "../../../docs/native-api.md"), "utf8");
  const fences = [...docs.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
    language,
    text: text ?? "",
  }));
  const examples = fences.flatMap(({ language, text }) => (language === "json" ? [JSON.parse(text)] : []));

  test("its requests are taken", () => {
    const body = /-d '([\s\S]*?)'/.exec(fences[0]?.text ?? "")?.[1] ?? "";
    expect(native.parseRequest(JSON.parse(body), NO_HINTS)).toMatchObject({ ok: true });
    const embed = examples.find((example) => "embedding" in example);
    expect(native.parseRequest(embed, NO_HINTS)).toMatchObject({ ok: true, value: { operation: "embed" } });
  });

  test("its answer and its stream say the same", () => {
    const stream = fences.find(({ text }) => text.startsWith("event: start"))?.text ?? "";
    const told = summarise(readBytes(native, [new TextEncoder().encode(stream)]));
    const answer = summarise(native.readAnswer(examples.find((example) => "output" in example)));
    expect(told).toMatchObject({ text: { 0: "I will look." }, finish: "tool_calls", fault: null });
    const { usage, ...rest } = answer;
    expect(told).toMatchObject(rest);
    expect(usage).toMatchObject({ inputTokens: 86, cacheReadTokens: 1920, outputTokens: 31 });
  });

  test("its table has every field of a request, and every kind of fault but the caller's own leaving", () => {
    const [row] = docs.match(/\| field \| holds \|[\s\S]*?\n\n/) ?? [""];
    const fields = FIELD_PATHS.filter((path) => !path.includes("."));
    expect(fields.filter((field) => !row.includes(`| \`${field}\` |`))).toEqual([]);
    const kinds = Object.keys(FAULTS).filter((kind) => kind !== "cancelled");
    expect(kinds.filter((kind) => !docs.includes(`\`${kind}\``))).toEqual([]);
  });
});
