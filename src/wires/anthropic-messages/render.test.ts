import { describe, expect, test } from "bun:test";
import { NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { CONTEXT, END, type Json, read, render, START, text, whole } from "./fake-frames.ts";

describe("rendering", () => {
  const finish = { unified: "stop", raw: null } as const;
  const counted = {
    inputTokens: 10,
    cacheReadTokens: 5,
    cacheWriteTokens: 2,
    outputTokens: 3,
    reasoningTokens: 4,
  };
  const said: readonly StreamEvent[] = [
    { type: "start", id: "chatcmpl-9" },
    { type: "text", choice: 0, text: "Hi" },
    { type: "choice_end", choice: 0, reason: finish },
    { type: "finish", reason: finish, usage: counted },
  ];

  test("ids are the provider's in this wire's dress, else made of the request's", () => {
    expect(whole(said).id).toBe("msg_chatcmpl-9");
    expect(whole(said.slice(1)).id).toBe("msg_req_7");
    expect(render(read(START, text(0, "Hi"), END))[0]).toMatchObject({ message: { id: "msg_1" } });
  });

  test("the beginning states what the provider has counted, else the estimate", () => {
    const usageOf = (events: readonly StreamEvent[]) => {
      const first = render(events)[0]?.message as { usage: Json } | undefined;
      return first?.usage;
    };
    expect(usageOf(said)).toMatchObject({ input_tokens: 17, output_tokens: 0 });
    const early: StreamEvent = { type: "usage", usage: counted };
    expect(usageOf([...said.slice(0, 1), early, ...said.slice(1)])).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 2,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 4 },
    });
  });

  test("what clients' types promise is there, and what a provider said of it stands", () => {
    const unsaid = {
      cache_creation: null,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: null,
      speed: null,
    };
    const plain: Usage = { ...NO_USAGE, inputTokens: 3, outputTokens: 2 };
    const told = (usage: Usage): readonly StreamEvent[] => [
      ...said.slice(0, 3),
      { type: "finish", reason: finish, usage },
    ];
    expect(whole(told(plain))).toMatchObject({ container: null, diagnostics: null, usage: unsaid });
    const frames = render(told(plain));
    expect(frames[0]).toMatchObject({ message: { diagnostics: null, usage: unsaid } });
    const { output_tokens_details, server_tool_use } = unsaid;
    const end = frames.find(({ type }) => type === "message_delta");
    expect(end?.usage).toEqual({
      input_tokens: 3,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 2,
      output_tokens_details,
      server_tool_use,
    });
    const raw = { input_tokens: 3, output_tokens: 2, service_tier: "priority" };
    expect(whole(told({ ...plain, raw })).usage).toMatchObject({ service_tier: "priority", speed: null });
  });

  test("another API's usage block is not passed for ours", () => {
    const raw = { input_tokens: 17, output_tokens: 7, total_tokens: 24, input_tokens_details: {} };
    const usage = whole([
      ...said.slice(0, 3),
      { type: "finish", reason: finish, usage: { ...counted, raw } },
    ]);
    expect(usage.usage).not.toHaveProperty("total_tokens");
  });

  test("an answer without content is still a whole message", () => {
    const events: StreamEvent[] = [
      { type: "start" },
      { type: "choice_end", choice: 0, reason: { unified: "content_filter", raw: "content_filter" } },
      { type: "finish", reason: { unified: "content_filter", raw: "content_filter" }, usage: null },
    ];
    expect(render(events).map((frame) => frame.type)).toEqual([
      "message_start",
      "message_delta",
      "message_stop",
    ]);
    expect(whole(events)).toMatchObject({ content: [], stop_reason: "refusal" });
  });

  test("labels go into the message and its last frame, and into a whole answer", () => {
    const labels = { rung: "degraded", simulated: true };
    const context = { ...CONTEXT, labels };
    const frames = render(said, context);
    expect(frames[0]).toMatchObject({ message: { pointsman: labels } });
    expect(frames.at(-2)?.pointsman).toEqual(labels);
    expect(whole(said, context).pointsman).toEqual(labels);
    expect(JSON.stringify([render(said), whole(said)])).not.toContain("pointsman");
  });

  test("a signature ends its block, and reasoning without one is a block too", () => {
    const events: StreamEvent[] = [
      { type: "reasoning", choice: 0, text: "a" },
      { type: "reasoning", choice: 0, text: "b", signature: "s" },
      { type: "reasoning", choice: 0, text: "c" },
      { type: "reasoning", choice: 0, text: "", redacted: "r" },
      ...said.slice(1),
    ];
    expect(whole(events).content).toEqual([
      { type: "thinking", thinking: "ab", signature: "s" },
      { type: "thinking", thinking: "c", signature: "" },
      { type: "redacted_thinking", data: "r" },
      { type: "text", text: "Hi", citations: null },
    ]);
    const types = render(events).map((frame) => frame.type);
    expect(types.filter((type) => type === "content_block_start")).toHaveLength(4);
    expect(types.filter((type) => type === "content_block_stop")).toHaveLength(4);
  });

  test("a fault is the last frame, without an end mark", () => {
    const broken = fault("timeout", "idle_timeout", "The model went silent.");
    expect(render([...said.slice(0, 2), { type: "fault", fault: broken }, ...said.slice(2)]).at(-1)).toEqual({
      type: "error",
      error: {
        type: "timeout_error",
        message: "The model went silent.",
        code: "idle_timeout",
        param: null,
        details: { error_code: "idle_timeout" },
      },
      request_id: "req_7",
    });
  });

  test("a count is all of the input, or the estimate where nobody counted", () => {
    const request = { operation: "count_tokens" } as ModelRequest;
    const context = { ...CONTEXT, request };
    expect(whole([{ type: "finish", reason: finish, usage: counted }], context)).toEqual({
      input_tokens: 17,
    });
    expect(whole([{ type: "usage", usage: { ...counted, inputTokens: 20 } }], context)).toEqual({
      input_tokens: 27,
    });
    const counting = { ...context, estimatedInputTokens: 3 };
    expect(whole([{ type: "finish", reason: finish, usage: null }], counting)).toEqual({ input_tokens: 3 });
  });

  test.each([
    ["throttled", 1500, { "x-should-retry": "false", "retry-after": "2", "retry-after-ms": "1500" }],
    ["rate_limited", 200, { "retry-after": "1", "retry-after-ms": "200" }],
    ["invalid", undefined, {}],
  ] as const)("a fault (%s) tells when to try again", (kind, retryAfterMs, headers) => {
    const made = fault(kind, "c", "Why.", retryAfterMs === undefined ? {} : { retryAfterMs });
    expect(anthropicMessages.renderFault(made, "req_1").headers).toEqual(headers);
  });
});
