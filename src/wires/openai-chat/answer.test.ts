import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import { openaiChat } from "../openai-chat.ts";
import type { RenderContext } from "../wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: false,
  estimatedInputTokens: 0,
  request: null,
};

function read(...chunks: readonly unknown[]): readonly StreamEvent[] {
  let state = openaiChat.readStart();
  const events: StreamEvent[] = [];
  for (const chunk of chunks) {
    const data = typeof chunk === "string" ? chunk : JSON.stringify(chunk);
    const [next, more] = openaiChat.step(state, { data });
    state = next;
    events.push(...more);
  }
  return [...events, ...openaiChat.flush(state)];
}

function render(events: readonly StreamEvent[], context = CONTEXT): readonly Record<string, unknown>[] {
  let state = openaiChat.renderStart(context);
  const chunks: Record<string, unknown>[] = [];
  for (const event of events) {
    const [next, frames] = openaiChat.renderEvent(event, state);
    state = next;
    for (const { data } of frames) chunks.push(data === "[DONE]" ? { done: true } : JSON.parse(data));
  }
  return chunks;
}

const chunk = (choice: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  id: "chatcmpl-1",
  created: 1_758_000_001,
  ...more,
  choices: [{ index: 0, ...choice }],
});
const USAGE = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, cost: 0.002 };

describe("fields that the contract does not model", () => {
  const stream = [
    chunk({ delta: { role: "assistant", content: "" } }, { system_fingerprint: "fp_1", routing: { hop: 1 } }),
    chunk({ delta: { content: "Par" }, score: 0.5 }, { system_fingerprint: "fp_1", obfuscation: "xY" }),
    chunk({ delta: { annotations: [{ url: "a" }] } }, { system_fingerprint: "fp_1" }),
    chunk({ delta: { content: "is", annotations: [{ url: "b" }] } }, { system_fingerprint: "fp_1" }),
    chunk({ delta: {}, finish_reason: "stop" }, { system_fingerprint: "fp_2" }),
    { id: "chatcmpl-1", choices: [], usage: USAGE, timings: { predicted_ms: 12 } },
    "[DONE]",
  ];

  test("survive in a stream at their own level, each where it was found or at the next chance", () => {
    const chunks = render(read(...stream), { ...CONTEXT, streamUsage: true });
    expect(chunks[0]).toMatchObject({ system_fingerprint: "fp_1", routing: { hop: 1 } });
    expect(chunks[1]).toMatchObject({
      system_fingerprint: "fp_1",
      obfuscation: "xY",
      choices: [{ score: 0.5, delta: { content: "Par" } }],
    });
    expect(chunks[1]).not.toHaveProperty("routing");
    expect(chunks[2]?.choices).toMatchObject([
      { delta: { content: "is", annotations: [{ url: "a" }, { url: "b" }] } },
    ]);
    expect(chunks[3]).toMatchObject({ system_fingerprint: "fp_2" });
    expect(chunks[4]).toMatchObject({ choices: [], timings: { predicted_ms: 12 }, usage: { cost: 0.002 } });
  });

  test("survive when a stream becomes a whole answer", () => {
    expect(openaiChat.renderAnswer(read(...stream), CONTEXT)).toMatchObject({
      system_fingerprint: "fp_2",
      routing: { hop: 1 },
      timings: { predicted_ms: 12 },
      choices: [{ score: 0.5, message: { content: "Paris", annotations: [{ url: "a" }, { url: "b" }] } }],
    });
  });

  test("no name comes twice in one chunk", () => {
    let state = openaiChat.renderStart({ ...CONTEXT, streamUsage: true, labels: { rung: "fallback" } });
    const upstream = stream.map((part) =>
      typeof part === "string" ? part : { ...part, pointsman: { up: 1 } },
    );
    for (const event of read(...upstream)) {
      const [next, frames] = openaiChat.renderEvent(event, state);
      state = next;
      for (const { data } of frames) {
        if (data !== "[DONE]") expect(JSON.stringify(JSON.parse(data))).toHaveLength(data.length);
      }
    }
    expect(state.done).toBe(true);
  });

  test("a tool call keeps its own, as thinking providers need it back", () => {
    const call = {
      index: 0,
      id: "c1",
      type: "function",
      function: { name: "f", arguments: "{}" },
      extra_content: { google: { thought_signature: "s" } },
    };
    const events = read(chunk({ delta: { tool_calls: [call] }, finish_reason: "tool_calls" }));
    expect(openaiChat.renderAnswer(events, CONTEXT).choices).toMatchObject(
      [{ message: { tool_calls: [call] } }].map(({ message }) => ({
        message: { tool_calls: message.tool_calls.map(({ index: _index, ...rest }) => rest) },
      })),
    );
    expect(JSON.stringify(render(events))).toContain('"thought_signature":"s"');
  });

  test("another wire's are not rendered", () => {
    const extra = {
      wire: "anthropic-messages",
      fields: { chunk: { a: 1 }, choice: { b: 2 }, delta: { c: 3 } },
    };
    const events: StreamEvent[] = [
      { type: "start", extra },
      { type: "text", choice: 0, text: "Hi", extra },
      { type: "choice_end", choice: 0, reason: { unified: "stop", raw: "end_turn" }, extra },
      { type: "finish", reason: { unified: "stop", raw: "end_turn" }, usage: null },
    ];
    const all = JSON.stringify([render(events), openaiChat.renderAnswer(events, CONTEXT)]);
    expect(all).not.toMatch(/"[abc]":/);
    expect(all).not.toContain("end_turn");
  });
});

describe("reading", () => {
  test("a first chunk without content starts the answer and commits to nothing", () => {
    const [, events] = openaiChat.step(openaiChat.readStart(), {
      data: JSON.stringify(
        chunk({ delta: { role: "assistant", content: "", tool_calls: null, audio: null } }),
      ),
    });
    expect(events).toEqual([{ type: "start", id: "chatcmpl-1", created: 1_758_000_001 }]);
  });

  test("the end of a choice without content is kept back until it is known not to be an empty answer", () => {
    const state = openaiChat.readStart();
    const [, events] = openaiChat.step(state, {
      data: JSON.stringify(chunk({ delta: {}, finish_reason: "stop" })),
    });
    expect(events.map((event) => event.type)).toEqual(["start"]);
    const two = read(
      chunk({ delta: {}, finish_reason: "stop" }),
      chunk({ index: 1, delta: { content: "Hi" }, finish_reason: "stop" }),
    );
    expect(two.filter((event) => event.type === "choice_end").map((event) => event.choice)).toEqual([1, 0]);
    expect(two.at(-1)?.type).toBe("finish");
  });

  test("an end mark without a finish reason completes what was said, with no reason known", () => {
    expect(read(chunk({ delta: { content: "Hi" } }), "[DONE]").slice(-2)).toEqual([
      { type: "choice_end", choice: 0, reason: { unified: "other", raw: null } },
      { type: "finish", reason: { unified: "other", raw: null }, usage: null },
    ]);
  });

  test.each([
    ["nothing", [], "malformed", "empty_answer"],
    ["an end mark alone", ["[DONE]"], "malformed", "empty_answer"],
    ["a beginning alone", [chunk({ delta: { role: "assistant" } })], "outage", "stream_cut"],
    ["no JSON", ["data"], "malformed", "bad_chunk"],
    ["a list", ["[]"], "malformed", "bad_chunk"],
    ["no choices", [{ id: "x" }], "malformed", "bad_chunk"],
    ["a choice far out", [chunk({ index: 4_000_000_000, delta: {} })], "malformed", "bad_chunk"],
    ["content of a wrong type", [chunk({ delta: { content: 7 } })], "malformed", "bad_chunk"],
    [
      "a call without a name",
      [chunk({ delta: { tool_calls: [{ index: 0, id: "c" }] }, finish_reason: "tool_calls" })],
      "malformed",
      "bad_chunk",
    ],
    ["an error text", [{ error: "model crashed" }], "outage", "provider_error"],
    [
      "an error with a status",
      [{ error: { code: 429, message: "slow down" } }],
      "throttled",
      "provider_throttled",
    ],
    [
      "an overflow found late",
      [{ error: { code: "context_length_exceeded", message: "too long" } }],
      "context_overflow",
      "context_length_exceeded",
    ],
  ] as const)("%s", (_, chunks, kind, code) => {
    expect(read(...chunks).at(-1)).toMatchObject({ type: "fault", fault: { kind, code } });
  });

  test("arguments sent as an object become their JSON text", () => {
    const calls = [{ id: "c", function: { name: "f", arguments: { a: 1 } } }];
    const events = read(chunk({ delta: { tool_calls: calls }, finish_reason: "tool_calls" }));
    expect(events).toContainEqual({ type: "tool_arguments", choice: 0, index: 0, text: '{"a":1}' });
  });

  test("a provider's quoted key stays out of the cause", () => {
    const body = {
      error: { message: "Incorrect API key provided: sk-proj-abcd1234efgh5678", code: "invalid_api_key" },
    };
    const read = openaiChat.readError(401, new Headers(), body, 0);
    expect(read.cause?.detail).toContain("Incorrect API key");
    expect(read.cause?.detail).not.toContain("1234");
  });

  test("a validator's list tells its class by all of it, and is kept without what it quotes", () => {
    const input = { messages: [{ role: "user", content: "zebra" }] };
    const ctx = { error: "This model's maximum context length is 4096 tokens." };
    const complaint = { type: "value_error", loc: ["body", "messages"], msg: "Value error", input, ctx };
    for (const body of [{ detail: [complaint] }, { message: { detail: [complaint] }, type: "invalid" }]) {
      const read = openaiChat.readError(400, new Headers(), body, 0);
      expect(read.kind).toBe("context_overflow");
      expect(read.cause?.detail).toBe("body.messages: Value error (value_error)");
    }
    const unknown = openaiChat.readError(400, new Headers(), { error: { message: { input } }, input }, 0);
    expect(unknown.cause).toEqual({ status: 400 });
  });

  test("a provider's text is bounded, its request id kept", () => {
    const headers = new Headers({ "x-request-id": "req_provider" });
    const read = openaiChat.readError(500, headers, "x".repeat(10_000), 0);
    expect(read.cause).toEqual({ status: 500, detail: "x".repeat(500), providerRequestId: "req_provider" });
  });
});

describe("rendering", () => {
  const call: readonly StreamEvent[] = [
    { type: "start", id: "chatcmpl-9", created: 5 },
    { type: "tool_call", choice: 0, index: 0, id: "c1", name: "f" },
    { type: "tool_arguments", choice: 0, index: 0, text: "{}" },
    { type: "choice_end", choice: 0, reason: { unified: "tool_calls", raw: "tool_calls" } },
    { type: "finish", reason: { unified: "tool_calls", raw: "tool_calls" }, usage: null },
  ];

  test("content is null when there are only tool calls", () => {
    const answer = openaiChat.renderAnswer(call, CONTEXT);
    expect(answer.choices).toMatchObject([{ message: { content: null, refusal: null }, logprobs: null }]);
    expect(render(call)[0]).toMatchObject({ choices: [{ delta: { role: "assistant", content: null } }] });
  });

  test("ids and times are the provider's, else made of the request's", () => {
    expect(render(call)[0]).toMatchObject({ id: "chatcmpl-9", created: 5, model: "large" });
    expect(render(call.slice(1))[0]).toMatchObject({ id: "chatcmpl-req_7", created: 1_758_000_000 });
  });

  test("labels go into the first and the last chunk, and into a whole answer", () => {
    const labels = { rung: "degraded", simulated: true };
    const context = { ...CONTEXT, labels };
    const labelled = render(call, context).map((part) => part.pointsman ?? null);
    expect(labelled).toEqual([labels, null, null, labels, null]);
    expect(openaiChat.renderAnswer(call, context).pointsman).toEqual(labels);
  });

  test("the usage chunk comes only when asked for, after null in the others", () => {
    const usage = {
      inputTokens: 10,
      cacheReadTokens: 5,
      cacheWriteTokens: 0,
      outputTokens: 3,
      reasoningTokens: 4,
    };
    const end = call.at(-1);
    if (end?.type !== "finish") throw new Error("no finish");
    const counted = [...call.slice(0, -1), { ...end, usage }];
    expect(JSON.stringify(render(counted))).not.toContain("usage");
    const chunks = render(counted, { ...CONTEXT, streamUsage: true });
    expect(chunks.slice(0, -2).map((part) => part.usage)).toEqual([null, null, null, null]);
    expect(chunks.at(-2)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 15,
        completion_tokens: 7,
        total_tokens: 22,
        prompt_tokens_details: { cached_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
    });
    expect(chunks.at(-1)).toEqual({ done: true });
  });

  test("a fault is the last frame, without an end mark", () => {
    const broken = fault("timeout", "idle_timeout", "The model went silent.");
    expect(render([...call.slice(0, 2), { type: "fault", fault: broken }, ...call.slice(2)]).at(-1)).toEqual({
      error: { message: "The model went silent.", type: "server_error", param: null, code: "idle_timeout" },
      request_id: "req_7",
    });
  });
});

describe("renderFault", () => {
  test.each([
    ["throttled", "provider_throttled", 1500, 429, "rate_limit_error", "provider_throttled", "false"],
    ["exhausted", "all_failed", undefined, 503, "server_error", "all_failed", "false"],
    ["rate_limited", "requests_per_minute", 200, 429, "rate_limit_error", "requests_per_minute", null],
    ["not_found", "unknown_use_case", undefined, 404, "not_found_error", "model_not_found", null],
    ["not_found", "unknown_route", undefined, 404, "not_found_error", "unknown_route", null],
    [
      "context_overflow",
      "too_long",
      undefined,
      400,
      "invalid_request_error",
      "context_length_exceeded",
      null,
    ],
    ["filtered", "guardrail", undefined, 400, "invalid_request_error", "content_filter", null],
    ["unauthenticated", "wrong_key", undefined, 401, "authentication_error", "wrong_key", null],
  ] as const)("%s %s", (kind, code, retryAfterMs, status, type, rendered, retry) => {
    const made = fault(kind, code, "Why.", {
      param: "model",
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
    const { body, headers, ...rest } = openaiChat.renderFault(made, "req_1");
    expect(rest.status).toBe(status);
    expect(body).toEqual({
      error: { message: "Why.", type, param: "model", code: rendered },
      request_id: "req_1",
    });
    expect(headers["x-should-retry"] ?? null).toBe(retry);
    expect(headers["retry-after"]).toBe(
      retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1000)),
    );
    expect(headers["retry-after-ms"]).toBe(retryAfterMs === undefined ? undefined : String(retryAfterMs));
  });
});

describe("calls that their ids do not tell apart", () => {
  const call = (more: Record<string, unknown>, name: string, x: number) => ({
    ...more,
    type: "function",
    function: { name, arguments: `{"x":${x}}` },
  });
  const told = (events: readonly StreamEvent[]) =>
    events.flatMap((event) => {
      if (event.type === "tool_call") return [[event.index, event.name]];
      return event.type === "tool_arguments" ? [[event.index, event.text]] : [];
    });
  const APART = [
    [0, "a"],
    [0, '{"x":1}'],
    [1, "a"],
    [1, '{"x":2}'],
    [2, "b"],
    [2, '{"x":3}'],
  ];

  test.each([
    ["no id", {}],
    ["an empty id", { id: "" }],
    ["the same id", { id: "call_1" }],
    ["the same index", { index: 0 }],
  ])("stay apart in a whole answer and in one chunk with %s", (_, more) => {
    const tool_calls = [call(more, "a", 1), call(more, "a", 2), call(more, "b", 3)];
    const message = { role: "assistant", content: null, tool_calls };
    const whole = openaiChat.readAnswer({
      id: "chatcmpl-1",
      choices: [{ message, finish_reason: "tool_calls" }],
    });
    expect(told(whole)).toEqual(APART);
    expect(whole.at(-1)).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
    const streamed = read(
      chunk({ delta: { tool_calls } }),
      chunk({ delta: {}, finish_reason: "tool_calls" }),
    );
    expect(told(streamed)).toEqual(APART);
  });

  test("a whole answer's entry without a name goes on with no other", () => {
    const tool_calls = [call({}, "a", 1), { type: "function", function: { arguments: '{"x":2}' } }];
    const message = { role: "assistant", content: null, tool_calls };
    const whole = openaiChat.readAnswer({ choices: [{ message, finish_reason: "tool_calls" }] });
    expect(whole.at(-1)).toMatchObject({ type: "fault" });
  });
});
