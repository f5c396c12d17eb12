/** What can be asked and answered, feature by feature, in the contract's terms. Owns the list; knows no wire. */
import { bareRequest } from "../../../src/core/bare-request.ts";
import type { StreamEvent, UnifiedFinish, Usage } from "../../../src/core/events.ts";
import type { ContentPart, Message, ModelRequest } from "../../../src/core/request.ts";
import type { Summary } from "./streams.ts";

export interface RequestFeature {
  readonly name: string;
  readonly request: ModelRequest;
  /** Whether what arrived still asks for it. */
  kept(arrived: ModelRequest): boolean;
}

export interface AnswerFeature {
  readonly name: string;
  readonly events: readonly StreamEvent[];
  kept(told: Summary, events: readonly StreamEvent[]): boolean;
}

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const UNICODE = 'Grüße – 日本語 👩🏽‍🚀 "quoted" \\ \n tab\t';
const WEATHER = {
  name: "get_weather",
  description: "Current weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const INVOICE = {
  type: "object",
  properties: { total: { type: "number" } },
  required: ["total"],
  additionalProperties: false,
};

function user(...content: readonly (string | ContentPart)[]): Message {
  return { role: "user", content: content.map(partOf) };
}

function assistant(...content: readonly (string | ContentPart)[]): Message {
  return { role: "assistant", content: content.map(partOf) };
}

function partOf(part: string | ContentPart): ContentPart {
  return typeof part === "string" ? { type: "text", text: part } : part;
}

function request(change: Partial<ModelRequest> = {}): ModelRequest {
  return bareRequest({
    target: "support-chat",
    messages: [user("Where is my parcel?")],
    sampling: { maxTokens: 256 },
    ...change,
  });
}

function partsOf(arrived: ModelRequest): readonly ContentPart[] {
  return arrived.messages.flatMap((message) => message.content);
}

function textOf(arrived: ModelRequest): string {
  return partsOf(arrived)
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("\n");
}

function callsOf(arrived: ModelRequest): readonly string[] {
  return partsOf(arrived).flatMap((part) =>
    part.type === "tool_call" ? [`${part.name} ${JSON.stringify(JSON.parse(part.arguments))}`] : [],
  );
}

function resultsOf(arrived: ModelRequest): readonly string[] {
  return partsOf(arrived).flatMap((part) =>
    part.type === "tool_result"
      ? [part.content.map((inner) => (inner.type === "text" ? inner.text : "")).join("")]
      : [],
  );
}

/** A question, two calls of the model and their results: the history of a conversation with tools. */
const CALLS: readonly Message[] = [
  user("Weather in Berlin and Rome?"),
  assistant(
    { type: "tool_call", id: "call_a1", name: "get_weather", arguments: '{"city":"Berlin"}' },
    { type: "tool_call", id: "call_b2", name: "get_weather", arguments: '{"city":"Rome"}' },
  ),
  {
    role: "user",
    content: [
      { type: "tool_result", callId: "call_a1", content: [{ type: "text", text: "rain" }] },
      { type: "tool_result", callId: "call_b2", content: [{ type: "text", text: "sun" }] },
    ],
  },
];

const FAILED_CALL: readonly Message[] = [
  user("Weather in Atlantis?"),
  assistant({ type: "tool_call", id: "call_a1", name: "get_weather", arguments: '{"city":"Atlantis"}' }),
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        callId: "call_a1",
        content: [{ type: "text", text: "no such city" }],
        isError: true,
      },
    ],
  },
];

const SIGNED: ContentPart = {
  type: "reasoning",
  text: "The depot is in Kassel.",
  signature: "c2lnbmF0dXJlLW9mLXRoZS1yZWFzb25pbmc=",
};

export const REQUEST_FEATURES: readonly RequestFeature[] = [
  {
    name: "text in any script",
    request: request({ messages: [user(UNICODE)] }),
    kept: (arrived) => textOf(arrived).includes(UNICODE),
  },
  {
    name: "system prompt",
    request: request({ messages: [{ role: "system", content: [partOf("Be brief.")] }, user("Hi")] }),
    kept: (arrived) =>
      arrived.messages[0]?.role === "system" &&
      textOf({ ...arrived, messages: arrived.messages.slice(0, 1) }) === "Be brief.",
  },
  {
    name: "conversation",
    request: request({ messages: [user("One"), assistant("Two"), user("Three")] }),
    kept: (arrived) => arrived.messages.map(({ role }) => role).join() === "user,assistant,user",
  },
  {
    name: "tools",
    request: request({ tools: [WEATHER] }),
    kept: ({ tools }) =>
      tools.length === 1 &&
      tools[0]?.name === WEATHER.name &&
      tools[0].description === WEATHER.description &&
      JSON.stringify(tools[0].parameters) === JSON.stringify(WEATHER.parameters),
  },
  {
    name: "choice of a tool",
    request: request({ tools: [WEATHER], toolChoice: { type: "tool", name: "get_weather" } }),
    kept: ({ toolChoice }) => toolChoice?.type === "tool" && toolChoice.name === "get_weather",
  },
  {
    name: "no parallel tool calls",
    request: request({ tools: [WEATHER], parallelToolCalls: false }),
    kept: ({ parallelToolCalls }) => parallelToolCalls === false,
  },
  {
    name: "tool calls and results",
    request: request({ tools: [WEATHER], messages: CALLS }),
    kept: (arrived) =>
      callsOf(arrived).join() === 'get_weather {"city":"Berlin"},get_weather {"city":"Rome"}' &&
      resultsOf(arrived).join() === "rain,sun",
  },
  {
    name: "a tool that failed",
    request: request({ tools: [WEATHER], messages: FAILED_CALL }),
    kept: (arrived) =>
      partsOf(arrived).some((part) => part.type === "tool_result" && part.isError === true) ||
      resultsOf(arrived).join() === "Error: no such city",
  },
  {
    name: "image as base64",
    request: request({
      messages: [
        user("What is it?", {
          type: "image",
          source: { kind: "base64", mediaType: "image/png", data: PIXEL },
        }),
      ],
    }),
    kept: (arrived) =>
      partsOf(arrived).some(
        (part) =>
          part.type === "image" &&
          part.source.kind === "base64" &&
          part.source.data === PIXEL &&
          part.source.mediaType === "image/png",
      ),
  },
  {
    name: "image by URL",
    request: request({
      messages: [
        user("What is it?", { type: "image", source: { kind: "url", url: "https://example.com/cat.png" } }),
      ],
    }),
    kept: (arrived) =>
      partsOf(arrived).some(
        (part) =>
          part.type === "image" &&
          part.source.kind === "url" &&
          part.source.url === "https://example.com/cat.png",
      ),
  },
  {
    name: "document as base64",
    request: request({
      messages: [
        user("Sum it up.", {
          type: "document",
          name: "contract.pdf",
          source: { kind: "base64", mediaType: "application/pdf", data: "JVBERi0xLjQK" },
        }),
      ],
    }),
    kept: (arrived) =>
      partsOf(arrived).some(
        (part) =>
          part.type === "document" && part.source.kind === "base64" && part.source.data === "JVBERi0xLjQK",
      ),
  },
  {
    name: "JSON mode",
    request: request({ responseFormat: { type: "json" } }),
    kept: (arrived) => arrived.responseFormat.type === "json" || /\bJSON\b/.test(textOf(arrived)),
  },
  {
    name: "JSON schema",
    request: request({
      responseFormat: { type: "json_schema", name: "invoice", schema: INVOICE, strict: true },
    }),
    kept: ({ responseFormat }) =>
      responseFormat.type === "json_schema" &&
      JSON.stringify(responseFormat.schema) === JSON.stringify(INVOICE),
  },
  sampling("temperature", { temperature: 0.3 }, "temperature"),
  sampling("top p", { topP: 0.9 }, "topP"),
  sampling("top k", { topK: 40 }, "topK"),
  sampling("maximum tokens", { maxTokens: 77 }, "maxTokens"),
  sampling("stop sequences", { stop: ["END"] }, "stop"),
  sampling("seed", { seed: 7 }, "seed"),
  sampling("several choices", { choices: 2 }, "choices"),
  sampling("penalties", { frequencyPenalty: 0.5 }, "frequencyPenalty"),
  sampling("log probabilities", { logprobs: 2 }, "logprobs"),
  {
    name: "reasoning effort",
    request: request({ reasoning: { effort: "high" }, sampling: { maxTokens: 32_000 } }),
    kept: ({ reasoning }) => reasoning?.effort === "high" || (reasoning?.budgetTokens ?? 0) > 8000,
  },
  {
    name: "signed reasoning of earlier turns",
    request: request({
      messages: [user("Where?"), assistant(SIGNED, "In Kassel."), user("Sure?")],
      reasoning: { budgetTokens: 2048 },
      sampling: { maxTokens: 8000 },
    }),
    kept: (arrived) =>
      partsOf(arrived).some(
        (part) =>
          part.type === "reasoning" && part.text === SIGNED.text && part.signature === SIGNED.signature,
      ),
  },
  {
    name: "prompt-cache marks",
    request: request({
      messages: [
        { role: "system", content: [{ type: "text", text: "A long manual.", cache: {} }] },
        user("Where is it?"),
      ],
    }),
    kept: (arrived) => partsOf(arrived).some((part) => part.type === "text" && part.cache !== undefined),
  },
];

function sampling(
  name: string,
  asked: ModelRequest["sampling"],
  field: keyof ModelRequest["sampling"],
): RequestFeature {
  return {
    name,
    request: request({ sampling: { maxTokens: 256, ...asked } }),
    kept: (arrived) => JSON.stringify(arrived.sampling[field]) === JSON.stringify(asked[field]),
  };
}

const USAGE: Usage = {
  inputTokens: 40,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 9,
  reasoningTokens: 0,
};

function answer(
  content: readonly StreamEvent[],
  unified: UnifiedFinish = "stop",
  more: { readonly usage?: Partial<Usage>; readonly stopSequence?: string } = {},
): readonly StreamEvent[] {
  const usage = { ...USAGE, ...more.usage };
  const reason = { unified, raw: null, ...(more.stopSequence && { stopSequence: more.stopSequence }) };
  return [
    { type: "start" },
    ...content,
    { type: "choice_end", choice: 0, reason },
    { type: "usage", usage },
    { type: "finish", reason, usage },
  ];
}

function text(...pieces: readonly string[]): readonly StreamEvent[] {
  return pieces.map((piece) => ({ type: "text", choice: 0, text: piece }));
}

const TWO_CALLS: readonly StreamEvent[] = [
  { type: "tool_call", choice: 0, index: 0, id: "call_a1", name: "get_weather" },
  { type: "tool_arguments", choice: 0, index: 0, text: '{"city":' },
  { type: "tool_arguments", choice: 0, index: 0, text: '"Berlin"}' },
  { type: "tool_call", choice: 0, index: 1, id: "call_b2", name: "list_orders" },
  { type: "tool_arguments", choice: 0, index: 1, text: "{}" },
];

export const ANSWER_FEATURES: readonly AnswerFeature[] = [
  {
    name: "text in any script",
    events: answer(text("Grüße ", "– 日本", "語 👩🏽‍🚀\n")),
    kept: (told) => told.text[0] === "Grüße – 日本語 👩🏽‍🚀\n",
  },
  {
    name: "parallel tool calls, arguments in pieces or empty",
    events: answer(TWO_CALLS, "tool_calls"),
    kept: (told) =>
      told.finish === "tool_calls" &&
      told.calls.map(({ name, arguments: given }) => `${name} ${given}`).join() ===
        'get_weather {"city":"Berlin"},list_orders {}',
  },
  {
    name: "text before a tool call",
    events: answer([...text("Let me look."), ...TWO_CALLS.slice(0, 3)], "tool_calls"),
    kept: (told) => told.text[0] === "Let me look." && told.calls.length === 1,
  },
  {
    name: "the limit of tokens as the reason",
    events: answer(text("Once upon"), "length"),
    kept: (told) => told.finish === "length",
  },
  {
    name: "a content filter as the reason",
    events: answer(text("The recipe"), "content_filter"),
    kept: (told) => told.finish === "content_filter",
  },
  {
    name: "which stop sequence ended it",
    events: answer(text("Until here"), "stop", { stopSequence: "END" }),
    kept: (_told, events) =>
      events.some((event) => event.type === "finish" && event.reason.stopSequence === "END"),
  },
  {
    name: "reasoning",
    events: answer([{ type: "reasoning", choice: 0, text: "Seventeen times three." }, ...text("51")]),
    kept: (told) => told.reasoning[0] === "Seventeen times three." && told.text[0] === "51",
  },
  {
    name: "the signature of reasoning",
    events: answer([
      { type: "reasoning", choice: 0, text: "Seventeen times three." },
      { type: "reasoning", choice: 0, text: "", signature: "c2lnbmF0dXJl" },
      ...text("51"),
    ]),
    kept: (_told, events) =>
      events.some((event) => event.type === "reasoning" && event.signature === "c2lnbmF0dXJl"),
  },
  {
    name: "a refusal",
    events: answer([{ type: "refusal", choice: 0, text: "I can't help with that." }], "stop"),
    kept: (told) => (told.refusal[0] ?? told.text[0]) === "I can't help with that." && told.fault === null,
  },
  {
    name: "cached input in the usage",
    events: answer(text("Yes"), "stop", { usage: { cacheReadTokens: 1024 } }),
    kept: (told) => told.usage?.cacheReadTokens === 1024 && told.usage.inputTokens === 40,
  },
  {
    name: "input written to a cache in the usage",
    events: answer(text("Yes"), "stop", { usage: { cacheWriteTokens: 512 } }),
    kept: (told) => told.usage?.cacheWriteTokens === 512,
  },
  {
    name: "reasoning tokens in the usage",
    events: answer(text("Yes"), "stop", { usage: { reasoningTokens: 64 } }),
    kept: (told) => told.usage?.reasoningTokens === 64 && told.usage.outputTokens === 9,
  },
  {
    name: "several choices",
    events: [
      { type: "start" },
      { type: "text", choice: 0, text: "Red" },
      { type: "text", choice: 1, text: "Blue" },
      { type: "choice_end", choice: 0, reason: { unified: "stop", raw: null } },
      { type: "choice_end", choice: 1, reason: { unified: "stop", raw: null } },
      { type: "finish", reason: { unified: "stop", raw: null }, usage: USAGE },
    ],
    kept: (told) => told.text[0] === "Red" && told.text[1] === "Blue",
  },
];
