import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { openaiChat } from "../openai-chat.ts";
import {
  begin,
  close,
  delta,
  END,
  end,
  json,
  read,
  render,
  renderWith,
  START,
  STOP,
  text,
  tool,
  whole,
} from "./fake-frames.ts";

describe("fields that the contract does not model", () => {
  const citation = { type: "char_location", cited_text: "x", document_index: 0 };
  const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "p" } };
  const found = { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [{ url: "a" }] };
  const stream = [
    { ...START, message: { ...START.message, container: { id: "c" }, diagnostics: null } },
    begin(0, { type: "text", text: "" }),
    text(0, "It says "),
    close(0),
    begin(1, { type: "text", text: "", citations: [] }),
    text(1, "green"),
    delta(1, { type: "citations_delta", citation }),
    close(1),
    begin(2, { ...search, input: {} }),
    json(2, '{"query"'),
    json(2, ':"p"}'),
    close(2),
    begin(3, found),
    close(3),
    begin(4, { type: "tool_use", id: "t", name: "f", input: {}, caller: { type: "direct" } }),
    close(4),
    {
      ...end("tool_use", { context_management: { applied_edits: [] } }),
      delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: { type: "x" } },
    },
    STOP,
  ];

  test("survive in a stream, each in its block or its frame", () => {
    const frames = render(read(...stream));
    const blocks = frames.filter((frame) => frame.type === "content_block_start");
    expect(blocks.map((frame) => frame.content_block)).toEqual([
      { type: "text", text: "" },
      { type: "text", text: "", citations: [] },
      { ...search, input: {} },
      found,
      { type: "tool_use", id: "t", name: "f", input: {}, caller: { type: "direct" } },
    ]);
    expect(blocks.map((frame) => frame.index)).toEqual([0, 1, 2, 3, 4]);
    expect(frames).toContainEqual(delta(1, { type: "citations_delta", citation }));
    expect(frames).toContainEqual(json(2, '{"query":"p"}'));
    expect(frames[0]).toMatchObject({
      message: { container: { id: "c" }, usage: { service_tier: "priority", inference_geo: "eu" } },
    });
    expect(frames.at(-2)).toMatchObject({
      type: "message_delta",
      context_management: { applied_edits: [] },
      delta: { stop_reason: "tool_use", stop_details: { type: "x" } },
      usage: { input_tokens: 9, output_tokens: 4, service_tier: "priority" },
    });
  });

  test("survive when a stream becomes a whole answer, and back", () => {
    const answer = whole(read(...stream));
    expect(answer).toMatchObject({
      container: { id: "c" },
      stop_details: { type: "x" },
      context_management: { applied_edits: [] },
      content: [
        { type: "text", text: "It says ", citations: null },
        { type: "text", text: "green", citations: [citation] },
        search,
        found,
        { type: "tool_use", id: "t", input: {}, caller: { type: "direct" } },
      ],
    });
    expect(whole(anthropicMessages.readAnswer(answer))).toEqual(answer);
  });

  test("a citation that comes before its text belongs to its own block", () => {
    const events = read(
      START,
      begin(0, { type: "text", text: "" }),
      text(0, "a"),
      close(0),
      begin(1, { type: "text", text: "" }),
      delta(1, { type: "citations_delta", citation }),
      text(1, "b"),
      END,
    );
    expect(whole(events).content).toEqual([
      { type: "text", text: "a", citations: null },
      { type: "text", text: "b", citations: [citation] },
    ]);
    expect(render(events)).toContainEqual(delta(1, { type: "citations_delta", citation }));
  });

  test("another wire's are not rendered, and another wire does not render ours", () => {
    const extra = { wire: "openai-chat", fields: { message: { a: 1 }, block: { b: 2 }, delta: { c: 3 } } };
    const events: StreamEvent[] = [
      { type: "start", extra },
      { type: "text", choice: 0, text: "Hi", extra },
      { type: "opaque", choice: 0, extra },
      { type: "choice_end", choice: 0, reason: { unified: "stop", raw: "stop" }, extra },
      { type: "finish", reason: { unified: "stop", raw: "stop" }, usage: null },
    ];
    expect(JSON.stringify([render(events), whole(events)])).not.toMatch(/"[abc]":/);
    const chunks = JSON.stringify(renderWith(openaiChat, read(...stream)));
    expect(chunks).toContain("It says ");
    expect(chunks).not.toMatch(/citation|web_search|container|stop_details/);
  });
});

describe("reading", () => {
  test("the beginning alone commits to nothing", () => {
    const [, events] = anthropicMessages.step(anthropicMessages.readStart(), { data: JSON.stringify(START) });
    expect(events.map((event) => event.type)).toEqual(["start", "usage"]);
  });

  test("a count that a later frame leaves out stays, and one it repeats is replaced", () => {
    const usage = { output_tokens: 20, cache_read_input_tokens: null, server_tool_use: { n: 1 } };
    const first = {
      ...START.message,
      usage: { input_tokens: 9, cache_read_input_tokens: 5, output_tokens: 1 },
    };
    const events = read({ ...START, message: first }, begin(0, { type: "text", text: "Hi" }), {
      ...END,
      usage,
    });
    expect(events.at(-1)).toMatchObject({
      type: "finish",
      usage: { inputTokens: 9, cacheReadTokens: 5, outputTokens: 20, raw: { server_tool_use: { n: 1 } } },
    });
  });

  test("a stop sequence is told", () => {
    const stopped = {
      ...END,
      delta: { stop_reason: "stop_sequence", stop_sequence: "END" },
    };
    const reason = { unified: "stop", raw: "stop_sequence", stopSequence: "END" } as const;
    const events = read(START, begin(0, { type: "text", text: "Hi" }), stopped, STOP);
    expect(events.slice(-2)).toMatchObject([
      { type: "choice_end", reason },
      { type: "finish", reason },
    ]);
    expect(whole(events)).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    const elsewhere = { unified: "stop", raw: "stop", stopSequence: "END" } as const;
    expect(whole([{ type: "finish", reason: elsewhere, usage: null }]).stop_reason).toBe("stop_sequence");
  });

  test("arguments that come late for an earlier call still reach it", () => {
    const events = read(
      START,
      tool(0, "a"),
      json(0, '{"x"'),
      tool(1, "b"),
      json(0, ":1}"),
      json(1, "{}"),
      END,
    );
    const late = events.filter((event) => event.type === "tool_arguments");
    expect(late.map((event) => [event.index, event.text])).toEqual([
      [0, '{"x"'],
      [0, ":1}"],
      [1, "{}"],
    ]);
    expect(whole(events).content).toMatchObject([
      { id: "a", input: { x: 1 } },
      { id: "b", input: {} },
    ]);
    expect(render(events)).toContainEqual(json(0, ":1}"));
  });

  test("text that a type to come brings is gathered whole", () => {
    const events = read(
      START,
      begin(0, { type: "new_block", body: "a", nested: {} }),
      delta(0, { type: "new_delta", body: "b", count: 1 }),
      delta(0, { type: "new_delta", body: "c", count: 2 }),
      close(0),
      END,
    );
    expect(events[2]).toMatchObject({
      type: "opaque",
      extra: {
        wire: "anthropic-messages",
        fields: { type: "new_block", body: "abc", nested: {}, count: 2 },
      },
    });
  });

  test("input of a provider's tool that is no JSON is kept as text", () => {
    const block = { type: "server_tool_use", id: "s", name: "x", input: {} };
    const events = read(START, begin(0, block), json(0, "{cut"), close(0), END);
    expect(events[2]).toMatchObject({ extra: { fields: { ...block, input: "{cut" } } });
    expect(render(events)).toContainEqual(json(0, "{cut"));
  });

  test.each([
    ["nothing", [], "malformed", "empty_answer"],
    ["an end mark alone", [STOP], "malformed", "empty_answer"],
    ["a beginning alone", [START], "outage", "stream_cut"],
    ["a beginning and an end mark", [START, STOP], "malformed", "empty_answer"],
    ["thinking cut off", [START, begin(0, { type: "thinking", thinking: "Hm" })], "outage", "stream_cut"],
    ["no JSON", ["data"], "malformed", "bad_chunk"],
    ["a list", ["[]"], "malformed", "bad_chunk"],
    ["a beginning without a message", [{ type: "message_start" }], "malformed", "bad_chunk"],
    ["a block without a type", [START, begin(0, {})], "malformed", "bad_chunk"],
    [
      "a block without an index",
      [{ type: "content_block_start", content_block: {} }],
      "malformed",
      "bad_chunk",
    ],
    ["a call without a name", [START, begin(0, { type: "tool_use", id: "c" })], "malformed", "bad_chunk"],
    ["text that is a number", [START, delta(0, { type: "text_delta", text: 7 })], "malformed", "bad_chunk"],
    ["arguments without a call", [START, json(0, "{}")], "malformed", "bad_chunk"],
    ["a delta of another block", [START, tool(0, "a"), text(3, "x")], "malformed", "bad_chunk"],
    [
      "a signature that is a number",
      [START, begin(0, { type: "thinking", signature: 7 })],
      "malformed",
      "bad_chunk",
    ],
    ["an error without a type", [{ error: { message: "model crashed" } }], "outage", "provider_error"],
    ["an error of an unknown type", [{ type: "error", error: { type: "new" } }], "outage", "provider_error"],
    [
      "an overflow found late",
      [{ type: "error", error: { type: "invalid_request_error", message: "prompt is too long: 9 tokens" } }],
      "context_overflow",
      "context_length_exceeded",
    ],
    [
      "credentials that expired",
      [{ type: "error", error: { type: "authentication_error", message: "expired" } }],
      "provider_auth",
      "provider_credentials_refused",
    ],
    ["a timeout", [{ type: "error", error: { type: "timeout_error" } }], "timeout", "provider_timeout"],
  ] as const)("%s", (_, chunks, kind, code) => {
    expect(read(...chunks).at(-1)).toMatchObject({ type: "fault", fault: { kind, code } });
  });

  test("an end mark without a reason completes what was said, with no reason known", () => {
    const reason = { unified: "other", raw: null };
    expect(read(text(0, "Hi"), STOP).slice(-2)).toMatchObject([
      { type: "choice_end", reason },
      { type: "finish", reason },
    ]);
  });

  test("a provider's text is bounded, its key and its words kept inside, its request id kept", () => {
    const message = `invalid x-api-key: sk-ant-api03-abcd1234efgh5678 ${"x".repeat(2000)}`;
    const body = { type: "error", error: { type: "authentication_error", message }, request_id: "req_b" };
    const read = anthropicMessages.readError(401, new Headers({ "request-id": "req_h" }), body, 0);
    expect(read.cause).toMatchObject({
      status: 401,
      code: "authentication_error",
      providerRequestId: "req_h",
    });
    expect(read.cause?.detail?.length).toBe(500);
    expect(read.cause?.detail).not.toContain("1234");
    expect(anthropicMessages.readError(401, new Headers(), body, 0).cause?.providerRequestId).toBe("req_b");
  });
});
