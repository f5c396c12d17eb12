import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { openaiResponses } from "../openai-responses.ts";
import type { RenderContext } from "../wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: false,
  estimatedInputTokens: 0,
  request: null,
};
const STOP = { unified: "stop", raw: "completed" } as const;

type Chunk = Record<string, unknown>;

function read(...chunks: readonly Chunk[]): readonly StreamEvent[] {
  let state = openaiResponses.readStart();
  const events: StreamEvent[] = [];
  for (const chunk of chunks) {
    const [next, more] = openaiResponses.step(state, { data: JSON.stringify(chunk) });
    state = next;
    events.push(...more);
  }
  return [...events, ...openaiResponses.flush(state)];
}

function render(events: readonly StreamEvent[]): readonly Chunk[] {
  let state = openaiResponses.renderStart(CONTEXT);
  const chunks: Chunk[] = [];
  for (const event of events) {
    const [next, frames] = openaiResponses.renderEvent(event, state);
    state = next;
    for (const { data } of frames) chunks.push(JSON.parse(data));
  }
  return chunks;
}

const said = (...events: readonly StreamEvent[]): readonly StreamEvent[] => [
  { type: "start", id: "chatcmpl-9", created: 5 },
  ...events,
  { type: "choice_end", choice: 0, reason: STOP },
  { type: "finish", reason: STOP, usage: null },
];
const text = (piece: string) => ({ type: "text" as const, choice: 0, text: piece });
const thought = (piece: string, seal: { signature?: string; redacted?: string } = {}) => ({
  type: "reasoning" as const,
  choice: 0,
  text: piece,
  ...seal,
});

describe("reasoning that is signed or encrypted", () => {
  test("by another provider: is wrapped on the way out and unwrapped on the way back", () => {
    const events = said(
      thought("Hm."),
      thought("", { signature: "c2ln" }),
      thought("", { redacted: "ZW5j" }),
      text("Hi"),
    );
    const response = openaiResponses.renderAnswer(events, CONTEXT);
    expect(response.output).toMatchObject([
      { type: "reasoning", summary: [{ text: "Hm." }], encrypted_content: "pointsman-signature:c2ln" },
      { type: "reasoning", summary: [], encrypted_content: "pointsman-redacted:ZW5j" },
      { type: "message" },
    ]);
    const again = openaiResponses.readAnswer(response).filter((event) => event.type === "reasoning");
    expect(again).toEqual([
      thought("Hm."),
      thought("", { signature: "c2ln" }),
      thought("", { redacted: "ZW5j" }),
    ]);
  });

  test("by a provider of this wire: is marked inside, so that no other is sent it", () => {
    const item = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
    const message = {
      type: "message",
      id: "msg_1",
      role: "assistant",
      content: [{ type: "output_text", text: "Hi" }],
    };
    const events = openaiResponses.readAnswer({
      object: "response",
      status: "completed",
      output: [item, message],
    });
    expect(events).toContainEqual(thought("", { redacted: "openai-responses:gAAA" }));
    expect(openaiResponses.renderAnswer(events, CONTEXT).output).toMatchObject([item, { id: "msg_1" }]);
  });
});

describe("fields that the contract does not model", () => {
  test("of a delta survive where they were found", () => {
    const events = read(
      {
        type: "response.output_text.delta",
        output_index: 0,
        content_index: 0,
        delta: "Hi",
        obfuscation: "xY",
        hop: 1,
      },
      { type: "response.completed", response: { status: "completed", output: [] } },
    );
    expect(render(events)).toContainEqual(
      expect.objectContaining({ type: "response.output_text.delta", delta: "Hi", obfuscation: "xY", hop: 1 }),
    );
  });

  test("of another wire are not rendered", () => {
    const extra = {
      wire: "openai-chat",
      fields: { chunk: { a: 1 }, delta: { b: 2 }, item: { c: 3 }, response: { d: 4 } },
    };
    const events: readonly StreamEvent[] = [
      { type: "start", extra },
      { type: "text", choice: 0, text: "Hi", extra },
      { type: "opaque", choice: 0, extra },
      { type: "choice_end", choice: 0, reason: STOP, extra },
      { type: "finish", reason: STOP, usage: null },
    ];
    expect(JSON.stringify([render(events), openaiResponses.renderAnswer(events, CONTEXT)])).not.toMatch(
      /"[abcd]":/,
    );
  });
});

describe("reading", () => {
  const added = (item: Chunk, index = 0): Chunk => ({
    type: "response.output_item.added",
    output_index: index,
    item,
  });
  const MESSAGE = { type: "message", id: "msg_1", role: "assistant", content: [] };

  test("a beginning, an empty item and thoughts that stay hidden commit to nothing", () => {
    const events = read(
      { type: "response.created", response: { id: "resp_1", created_at: 7, output: [] } },
      { type: "response.in_progress", response: { id: "resp_1" } },
      added({ type: "reasoning", id: "rs_1", summary: [] }),
      added(MESSAGE, 1),
      {
        type: "response.content_part.added",
        output_index: 1,
        content_index: 0,
        part: { type: "output_text", text: "" },
      },
    );
    expect(events.map((event) => event.type)).toEqual(["start", "fault"]);
  });

  test("what is told in pieces, as a part and as an item is told once", () => {
    const part = { type: "output_text", text: "Hi", annotations: [{ url: "a" }, { url: "b" }] };
    const at = { item_id: "msg_1", output_index: 0, content_index: 0 };
    const item = { ...MESSAGE, content: [part] };
    const events = read(
      added(MESSAGE),
      { type: "response.output_text.delta", ...at, delta: "Hi" },
      { type: "response.output_text.annotation.added", ...at, annotation_index: 0, annotation: { url: "a" } },
      { type: "response.output_text.done", ...at, text: "Hi" },
      { type: "response.content_part.done", ...at, part },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { status: "completed", output: [item] } },
    );
    expect(events.filter((event) => event.type === "text")).toEqual([text("Hi")]);
    expect(render(events).filter((chunk) => String(chunk.type).endsWith("annotation.added"))).toMatchObject([
      { annotation_index: 0, annotation: { url: "a" } },
      { annotation_index: 1, annotation: { url: "b" } },
    ]);
  });

  test("items that share an index are told apart by their ids", () => {
    const f = (id: string) => ({
      type: "function_call",
      id,
      call_id: `call_${id}`,
      name: "f",
      arguments: "{}",
    });
    const events = read(
      added(f("a")),
      { type: "response.output_item.done", output_index: 0, item: f("a") },
      added(f("b")),
      { type: "response.output_item.done", output_index: 0, item: f("b") },
      { type: "response.completed", response: { status: "completed", output: [f("a"), f("b")] } },
    );
    expect(events.flatMap((event) => (event.type === "tool_call" ? [event.id] : []))).toEqual([
      "call_a",
      "call_b",
    ]);
    expect(events.filter((event) => event.type === "tool_arguments")).toHaveLength(2);
  });

  test.each<[string, readonly Chunk[], string, string]>([
    ["nothing", [], "malformed", "empty_answer"],
    ["a list", [[] as unknown as Chunk], "malformed", "bad_chunk"],
    ["a chunk of the chat wire", [{ id: "chatcmpl-1", choices: [] }], "malformed", "bad_chunk"],
    ["a call without a name", [added({ type: "function_call", call_id: "c" })], "malformed", "bad_chunk"],
    ["a creation of nothing", [{ type: "response.created" }], "malformed", "bad_chunk"],
    [
      "text for a call",
      [
        added({ type: "function_call", id: "fc_1", call_id: "c", name: "f" }),
        { type: "response.output_text.delta", output_index: 0, item_id: "fc_1", delta: "Hi" },
      ],
      "malformed",
      "bad_chunk",
    ],
    [
      "text of a wrong type",
      [{ type: "response.output_text.delta", output_index: 0, delta: 7 }],
      "malformed",
      "bad_chunk",
    ],
    [
      "too many items",
      Array.from({ length: 600 }, (_, at) => added({ ...MESSAGE, id: `m${at}` }, at)),
      "malformed",
      "bad_chunk",
    ],
    [
      "a cancelled response",
      [{ type: "response.cancelled", response: { status: "cancelled" } }],
      "outage",
      "provider_error",
    ],
    [
      "an error without a type",
      [{ error: { code: "rate_limit_exceeded", message: "" } }],
      "throttled",
      "provider_throttled",
    ],
    [
      "a failure found in the last frame",
      [
        {
          type: "response.completed",
          response: { status: "failed", error: { code: "server_error" }, output: [] },
        },
      ],
      "outage",
      "provider_error",
    ],
  ])("%s", (_, chunks, kind, code) => {
    expect(read(...chunks).at(-1)).toMatchObject({ type: "fault", fault: { kind, code } });
  });
});
