import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import { gemini } from "../gemini.ts";
import { openaiChat } from "../openai-chat.ts";
import type { RenderContext, Wire } from "../wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 0,
  request: null,
};
const SIGNATURE = "CiQB0e2Kb3mJtX6z";

function read(...chunks: readonly unknown[]): readonly StreamEvent[] {
  let state = gemini.readStart();
  const events: StreamEvent[] = [];
  for (const chunk of chunks) {
    const [next, more] = gemini.step(state, { data: JSON.stringify(chunk) });
    state = next;
    events.push(...more);
  }
  return [...events, ...gemini.flush(state)];
}

function render<Read, Render>(
  wire: Wire<Read, Render>,
  events: readonly StreamEvent[],
  context = CONTEXT,
): readonly Record<string, unknown>[] {
  let state = wire.renderStart(context);
  const chunks: Record<string, unknown>[] = [];
  for (const event of events) {
    const [next, frames] = wire.renderEvent(event, state);
    state = next;
    for (const { data } of frames) chunks.push(data === "[DONE]" ? { done: true } : JSON.parse(data));
  }
  return chunks;
}

const chunk = (
  parts: readonly unknown[],
  more: Record<string, unknown> = {},
  top: Record<string, unknown> = {},
) => ({
  candidates: [{ content: { parts, role: "model" }, index: 0, ...more }],
  responseId: "r1",
  ...top,
});
const STOP = { finishReason: "STOP" };
const USAGE = { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 };
const CALLS = [
  chunk([{ functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: SIGNATURE }]),
  chunk([{ functionCall: { name: "g", args: {} } }], STOP, { usageMetadata: USAGE }),
];

describe("a stream of Gemini's, rendered for OpenAI's clients", () => {
  test("has its text, its end, its usage and nothing else", () => {
    const chunks = render(
      openaiChat,
      read(chunk([{ text: "Hi" }]), chunk([{ text: "!" }], STOP, { usageMetadata: USAGE })),
    );
    const deltas = chunks.flatMap(({ choices }) => (Array.isArray(choices) ? choices : []));
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("Hi!");
    expect(deltas.at(-1)).toMatchObject({ finish_reason: "stop" });
    expect(chunks.at(-2)).toMatchObject({ usage: { prompt_tokens: 9, completion_tokens: 4 } });
    expect(chunks.at(-1)).toEqual({ done: true });
  });

  test("has calls with ids that the results can name", () => {
    const chunks = render(openaiChat, read(...CALLS));
    const calls = chunks.flatMap(({ choices }) => (Array.isArray(choices) ? choices : []));
    const told = calls.flatMap(({ delta }) => delta.tool_calls ?? []);
    expect(told.map((call) => call.id).filter(Boolean)).toEqual(["gemini_call_r1_0_0", "gemini_call_r1_0_1"]);
    expect(told.map((call) => call.function.arguments)).toEqual(["", '{"a":1}', "", "{}"]);
    expect(calls.at(-1)).toMatchObject({ finish_reason: "tool_calls" });
  });

  test("has log probabilities in the shape that its clients read", () => {
    const logprobsResult = {
      topCandidates: [
        {
          candidates: [
            { token: "Hi", logProbability: -0.1 },
            { token: "Ho", logProbability: -3 },
          ],
        },
      ],
      chosenCandidates: [{ token: "Hi", tokenId: 7, logProbability: -0.1 }],
    };
    const events = read(chunk([{ text: "Hi" }], { ...STOP, logprobsResult }));
    const content = [
      {
        token: "Hi",
        logprob: -0.1,
        bytes: null,
        top_logprobs: [
          { token: "Hi", logprob: -0.1, bytes: null },
          { token: "Ho", logprob: -3, bytes: null },
        ],
      },
    ];
    expect(openaiChat.renderAnswer(events, CONTEXT).choices).toMatchObject([{ logprobs: { content } }]);
    expect(gemini.renderAnswer(events, CONTEXT).candidates).toMatchObject([{ logprobsResult }]);
  });
});

describe("a stream of another provider's, rendered for Gemini's clients", () => {
  const begun: readonly StreamEvent[] = [
    { type: "start" },
    { type: "text", choice: 0, text: "Look:" },
    { type: "tool_call", choice: 0, index: 0, id: "c1", name: "f" },
    { type: "tool_arguments", choice: 0, index: 0, text: '{"a"' },
    { type: "tool_arguments", choice: 0, index: 0, text: ":1}" },
    { type: "tool_call", choice: 0, index: 1, id: "c2", name: "g" },
    { type: "tool_arguments", choice: 0, index: 1, text: "no JSON" },
  ];
  const reason = { unified: "tool_calls", raw: "tool_calls" } as const;
  const usage = {
    inputTokens: 9,
    cacheReadTokens: 2,
    cacheWriteTokens: 1,
    outputTokens: 4,
    reasoningTokens: 3,
  };

  test("has calls whole, and one last chunk with reason and usage", () => {
    const chunks = render(gemini, [
      ...begun,
      { type: "choice_end", choice: 0, reason },
      { type: "usage", usage },
      { type: "finish", reason, usage },
    ]);
    expect(chunks).toEqual([
      {
        candidates: [{ content: { parts: [{ text: "Look:" }], role: "model" }, index: 0 }],
        modelVersion: "large",
        responseId: "req_7",
      },
      {
        candidates: [
          {
            content: {
              parts: [
                { functionCall: { id: "c1", name: "f", args: { a: 1 } } },
                { functionCall: { id: "c2", name: "g", args: { arguments: "no JSON" } } },
              ],
              role: "model",
            },
            finishReason: "STOP",
            index: 0,
          },
        ],
        usageMetadata: {
          promptTokenCount: 12,
          candidatesTokenCount: 4,
          totalTokenCount: 19,
          cachedContentTokenCount: 2,
          thoughtsTokenCount: 3,
        },
        modelVersion: "large",
        responseId: "req_7",
      },
    ]);
  });

  test("that breaks off has an error in place of an end, and no half call", () => {
    const why = fault("outage", "stream_cut", "It broke off.", { retryAfterMs: 1500, param: "contents" });
    const chunks = render(gemini, [...begun, { type: "fault", fault: why }, ...begun]);
    expect(chunks).toHaveLength(2);
    expect(chunks[1]).toEqual({
      error: {
        code: 503,
        message: "It broke off.",
        status: "UNAVAILABLE",
        details: [
          { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "STREAM_CUT", domain: "pointsman" },
          { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: "req_7" },
          {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [{ field: "contents", description: "It broke off." }],
          },
          { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" },
        ],
      },
    });
  });

  test("has no signature of another provider's, but its thoughts and refusals", () => {
    const events: readonly StreamEvent[] = [
      { type: "reasoning", choice: 0, text: "Hm.", signature: "ErUBCkYIBR" },
      { type: "reasoning", choice: 0, text: "", redacted: "AAAA" },
      { type: "refusal", choice: 0, text: "No." },
      { type: "choice_end", choice: 0, reason: { unified: "refusal", raw: "refusal" } },
      { type: "finish", reason: { unified: "refusal", raw: "refusal" }, usage: null },
    ];
    const candidate = {
      content: { parts: [{ text: "Hm.", thought: true }, { text: "No." }], role: "model" },
      finishReason: "SAFETY",
      index: 0,
    };
    expect(gemini.renderAnswer(events, CONTEXT).candidates).toEqual([candidate]);
    expect(JSON.stringify(render(gemini, events))).not.toContain("ErUBCkYIBR");
  });

  test("has log probabilities in Gemini's shape", () => {
    const logprobs = {
      content: [{ token: "Hi", logprob: -0.1, top_logprobs: [{ token: "Hi", logprob: -0.1 }] }],
    };
    const [first] = render(gemini, [{ type: "text", choice: 0, text: "Hi", logprobs }]);
    const token = { token: "Hi", logProbability: -0.1 };
    expect(first?.candidates).toMatchObject([
      { logprobsResult: { topCandidates: [{ candidates: [token] }], chosenCandidates: [token] } },
    ]);
  });
});

describe("signatures on their way from Gemini to its own clients", () => {
  const parts = [
    { text: "Hm.", thought: true, thoughtSignature: "one" },
    { text: "See:", thoughtSignature: "two" },
    { functionCall: { id: "c1", name: "f", args: {} }, thoughtSignature: "three" },
    { executableCode: { code: "1" }, thoughtSignature: "four" },
    { text: "", thoughtSignature: "five" },
  ];

  test("stay on their parts in a whole answer", () => {
    const events = gemini.readAnswer(chunk(parts, STOP));
    expect(gemini.renderAnswer(events, CONTEXT).candidates).toEqual([
      { content: { parts, role: "model" }, finishReason: "STOP", index: 0 },
    ]);
  });

  test("stay on their parts in a stream", () => {
    const chunks = render(gemini, read(...parts.map((part) => chunk([part])), chunk([{ text: "" }], STOP)));
    const told = chunks.flatMap(
      ({ candidates }) => (candidates as { content: { parts: unknown[] } }[])[0]?.content.parts,
    );
    expect(told).toEqual(parts);
  });

  test("are not joined with text that has none", () => {
    const events = read(
      chunk([{ text: "a" }]),
      chunk([{ text: "b" }]),
      chunk([{ text: "c", thoughtSignature: "one" }]),
      chunk([{ text: "d" }], STOP),
    );
    expect(gemini.renderAnswer(events, CONTEXT).candidates).toMatchObject([
      { content: { parts: [{ text: "ab" }, { text: "c", thoughtSignature: "one" }, { text: "d" }] } },
    ]);
  });

  test("alone are no answer", () => {
    expect(read(chunk([{ text: "", thoughtSignature: "one" }], STOP)).at(-1)).toMatchObject({
      type: "fault",
      fault: { code: "empty_answer" },
    });
  });
});

describe("fields that the contract does not model", () => {
  const rating = [{ category: "HARM_CATEGORY_HARASSMENT", probability: "LOW" }];
  const grounding = { webSearchQueries: ["parcel"] };
  const stream = [
    chunk(
      [{ text: "Par", partMetadata: { page: 1 } }],
      { safetyRatings: rating },
      { createTime: "2025-11-14T09:21:33Z" },
    ),
    chunk([], {}, { createTime: "2025-11-14T09:21:33Z" }),
    chunk([{ text: "is" }], { groundingMetadata: grounding }),
    chunk(
      [],
      { ...STOP, avgLogprobs: -0.5 },
      { usageMetadata: { ...USAGE, trafficType: "ON_DEMAND" }, modelStatus: { stage: "STABLE" } },
    ),
  ];

  test("survive in a stream", () => {
    const chunks = render(gemini, read(...stream));
    expect(chunks[0]).toMatchObject({
      createTime: "2025-11-14T09:21:33Z",
      candidates: [
        { safetyRatings: rating, content: { parts: [{ text: "Par", partMetadata: { page: 1 } }] } },
      ],
    });
    expect(chunks[1]).toMatchObject({ candidates: [{ groundingMetadata: grounding }] });
    expect(chunks[1]).not.toHaveProperty("createTime");
    expect(chunks[2]).toMatchObject({
      modelStatus: { stage: "STABLE" },
      usageMetadata: { trafficType: "ON_DEMAND" },
      candidates: [{ avgLogprobs: -0.5, finishReason: "STOP" }],
    });
  });

  test("survive in a whole answer, and the provider's own word for the end with them", () => {
    const events = read(stream[0], stream[2], chunk([], { finishReason: "RECITATION", avgLogprobs: -0.5 }));
    expect(gemini.renderAnswer(events, CONTEXT)).toMatchObject({
      createTime: "2025-11-14T09:21:33Z",
      responseId: "r1",
      candidates: [
        {
          safetyRatings: rating,
          groundingMetadata: grounding,
          avgLogprobs: -0.5,
          finishReason: "RECITATION",
        },
      ],
    });
  });

  test("are unknown to other wires", () => {
    expect(JSON.stringify(render(openaiChat, read(...stream)))).not.toContain("groundingMetadata");
  });
});

describe("counts and labels", () => {
  test("running totals are told once, when the answer is complete", () => {
    const counted = { usageMetadata: USAGE };
    const events = read(chunk([{ text: "a" }], {}, counted), chunk([{ text: "b" }], STOP, counted));
    expect(events.map(({ type }) => type)).toEqual([
      "start",
      "text",
      "text",
      "choice_end",
      "usage",
      "finish",
    ]);
  });

  test("a count is answered as one", () => {
    const request = { operation: "count_tokens" } as ModelRequest;
    const events = gemini.readAnswer({ totalTokens: 31 });
    expect(gemini.renderAnswer(events, { ...CONTEXT, request })).toEqual({ totalTokens: 31 });
    const cached = gemini.readAnswer({ totalTokens: 31, cachedContentTokenCount: 30 });
    expect(gemini.renderAnswer(cached, { ...CONTEXT, request })).toEqual({
      totalTokens: 31,
      cachedContentTokenCount: 30,
    });
  });

  test("labels of degraded answers go out with the first chunk, the last, and the whole answer", () => {
    const events = read(chunk([{ text: "a" }]), chunk([{ text: "b" }]), chunk([{ text: "c" }], STOP));
    const context = { ...CONTEXT, labels: { degraded: true } };
    const labelled = render(gemini, events, context).map(({ pointsman }) => pointsman !== undefined);
    expect(labelled).toEqual([true, false, false, true]);
    expect(gemini.renderAnswer(events, context)).toMatchObject({ pointsman: { degraded: true } });
  });
});
