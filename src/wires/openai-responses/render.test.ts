import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
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

function render(events: readonly StreamEvent[], context = CONTEXT): readonly Chunk[] {
  let state = openaiResponses.renderStart(context);
  const chunks: Chunk[] = [];
  for (const event of events) {
    const [next, frames] = openaiResponses.renderEvent(event, state);
    state = next;
    for (const { data } of frames) chunks.push(JSON.parse(data));
  }
  return chunks;
}

function types(chunks: readonly Chunk[]): readonly unknown[] {
  return chunks.map((chunk) => String(chunk.type).replace("response.", ""));
}

function responseOf(chunk: Chunk | undefined): Chunk {
  return chunk?.response as Chunk;
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
const call = (index: number): StreamEvent => ({
  type: "tool_call",
  choice: 0,
  index,
  id: `c${index}`,
  name: "f",
});
const pieceOf = (index: number, piece: string): StreamEvent => ({
  type: "tool_arguments",
  choice: 0,
  index,
  text: piece,
});

describe("the order of a stream", () => {
  test("a message opens, is told, closes, and is repeated whole at the end", () => {
    const chunks = render(said(text("Hel"), text("lo")));
    expect(types(chunks)).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
    expect(responseOf(chunks.at(-1)).output).toEqual([chunks.at(-2)?.item]);
    expect(chunks.at(-2)?.item).toEqual({
      id: "msg_pm_chatcmpl-9_0",
      type: "message",
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: "Hello", annotations: [], logprobs: [] }],
    });
  });

  test("reasoning, text, a refusal and text again: an item a kind, a part a piece of it", () => {
    const chunks = render(
      said(thought("Hm."), text("Well."), { type: "refusal", choice: 0, text: "No." }, text("Sorry.")),
    );
    expect(responseOf(chunks.at(-1)).output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] },
      {
        type: "message",
        content: [
          { type: "output_text", text: "Well." },
          { type: "refusal", refusal: "No." },
          { type: "output_text", text: "Sorry." },
        ],
      },
    ]);
    const indexes = chunks.flatMap((chunk) =>
      chunk.type === "response.content_part.added" ? [chunk.content_index] : [],
    );
    expect(indexes).toEqual([0, 1, 2]);
  });

  test("a call closes when its arguments are whole and another item begins; others wait for the end", () => {
    const chunks = render(
      said(
        call(0),
        pieceOf(0, '{"a":1}'),
        call(1),
        pieceOf(1, '{"b"'),
        call(2),
        pieceOf(1, ":2}"),
        pieceOf(2, "{}"),
      ),
    );
    const done = chunks.flatMap((chunk) =>
      chunk.type === "response.output_item.done" ? [chunk.output_index] : [],
    );
    expect(done).toEqual([0, 1, 2]);
    const second = chunks.findIndex(
      (chunk) => chunk.type === "response.output_item.added" && chunk.output_index === 1,
    );
    expect(types(chunks).slice(second - 2, second)).toEqual([
      "function_call_arguments.done",
      "output_item.done",
    ]);
    expect(responseOf(chunks.at(-1)).output).toMatchObject([
      { call_id: "c0", arguments: '{"a":1}', status: "completed" },
      { call_id: "c1", arguments: '{"b":2}' },
      { call_id: "c2", arguments: "{}" },
    ]);
  });

  test("a second choice, which this wire has no words for, is left out", () => {
    const other = { ...text("Blue"), choice: 1 };
    expect(JSON.stringify(render(said(text("Red"), other)))).not.toContain("Blue");
  });

  test("an answer that does not start still begins with its creation", () => {
    expect(types(render(said(text("Hi")).slice(1))).slice(0, 3)).toEqual([
      "created",
      "in_progress",
      "output_item.added",
    ]);
  });

  test("a fault closes nothing and leaves what came, as incomplete", () => {
    const broken = fault("timeout", "idle_timeout", "The model went silent.");
    const chunks = render([...said(text("Hel")).slice(0, 2), { type: "fault", fault: broken }]);
    expect(types(chunks).slice(-3)).toEqual(["output_text.delta", "failed", "error"]);
    expect(responseOf(chunks.at(-2))).toMatchObject({
      status: "failed",
      error: { code: "server_error", message: "The model went silent." },
      output: [{ type: "message", status: "incomplete", content: [{ text: "Hel" }] }],
      usage: null,
    });
  });
});

describe("the response object", () => {
  const request = openaiResponses.parseRequest(
    {
      model: "m",
      input: "Hi",
      instructions: "Be brief.",
      temperature: 0.2,
      metadata: { order: "17" },
      reasoning: { effort: "low" },
      text: { format: { type: "json_object" } },
      tools: [{ type: "function", name: "f", parameters: {}, strict: true }],
      tool_choice: "auto",
      parallel_tool_calls: false,
      max_output_tokens: 50,
      top_p: null,
      // Whether it was cut, its provider alone can say.
      truncation: "auto",
    },
    { contract: {}, strict: false },
  );
  if (!request.ok) throw new Error(request.fault.message);
  const context = { ...CONTEXT, request: request.value };

  test("tells the caller back what it stated, and a default for the rest", () => {
    const response = openaiResponses.renderAnswer(said(text("{}")), context);
    expect(response).toMatchObject({
      id: "resp_chatcmpl-9",
      object: "response",
      created_at: 5,
      model: "large",
      instructions: "Be brief.",
      temperature: 0.2,
      top_p: null,
      metadata: { order: "17" },
      reasoning: { effort: "low" },
      text: { format: { type: "json_object" } },
      tools: [{ type: "function", name: "f", parameters: {}, strict: true }],
      tool_choice: "auto",
      parallel_tool_calls: false,
      max_output_tokens: 50,
      truncation: "disabled",
      store: false,
    });
  });

  test("what a provider of this wire says of the rest stands, what the caller stated outranks it", () => {
    const upstream = {
      id: "resp_1",
      created_at: 7,
      status: "in_progress",
      temperature: 1,
      top_p: 0.98,
      service_tier: "auto",
      instructions: "What the gateway added.",
      billing: { payer: "x" },
      truncation: "auto",
      output: [],
    };
    const events = read(
      { type: "response.created", response: upstream },
      {
        type: "response.output_text.delta",
        output_index: 0,
        content_index: 0,
        item_id: "msg_1",
        delta: "{}",
      },
      { type: "response.completed", response: { ...upstream, status: "completed", service_tier: "default" } },
    );
    const response = openaiResponses.renderAnswer(events, context);
    expect(response).toMatchObject({
      id: "resp_1",
      created_at: 7,
      temperature: 0.2,
      top_p: 0.98,
      service_tier: "default",
      billing: { payer: "x" },
      truncation: "auto",
      instructions: "Be brief.",
    });
    const chunks = render(events);
    expect(responseOf(chunks[0])).toMatchObject({ service_tier: "auto", instructions: null });
    expect(responseOf(chunks.at(-1))).toMatchObject({ service_tier: "default" });
  });

  test("a token's probability has its bytes and its alternatives, whoever gave it", () => {
    const score = { token: "é", logprob: -0.1, bytes: null };
    const other = { token: "e", logprob: -2, bytes: null };
    const logprobs = {
      content: [
        { ...score, top_logprobs: [other] },
        { ...score, bytes: [1] },
      ],
    };
    const events: readonly StreamEvent[] = [{ type: "text", choice: 0, text: "éé", logprobs }];
    const listed = [
      { ...score, bytes: [0xc3, 0xa9], top_logprobs: [{ ...other, bytes: [0x65] }] },
      { ...score, bytes: [1], top_logprobs: [] },
    ];
    const { output } = openaiResponses.renderAnswer(said(...events), CONTEXT);
    expect(output).toMatchObject([{ content: [{ logprobs: listed }] }]);
    const deltas = render(said(...events)).filter(({ type }) => type === "response.output_text.delta");
    expect(deltas).toMatchObject([{ logprobs: listed }]);
  });

  test("labels go into every response object", () => {
    const labelled = { ...CONTEXT, labels: { simulated: true } };
    const chunks = render(said(text("Hi")), labelled);
    for (const at of [0, 1, -1]) expect(responseOf(chunks.at(at)).pointsman).toEqual({ simulated: true });
    expect(openaiResponses.renderAnswer(said(text("Hi")), labelled).pointsman).toEqual({ simulated: true });
  });

  test.each([
    ["length", null, "incomplete", { reason: "max_output_tokens" }],
    ["content_filter", null, "incomplete", { reason: "content_filter" }],
    ["refusal", null, "incomplete", { reason: "content_filter" }],
    ["other", "max_messages", "incomplete", { reason: "max_messages" }],
    ["other", "pause_turn", "completed", null],
    ["tool_calls", null, "completed", null],
  ] as const)("%s (%s) is %s", (unified, raw, status, details) => {
    const reason = { unified, raw };
    const events: readonly StreamEvent[] = [
      text("Hi"),
      { type: "choice_end", choice: 0, reason },
      { type: "finish", reason, usage: null },
    ];
    const response = openaiResponses.renderAnswer(events, CONTEXT);
    expect(response).toMatchObject({ status, incomplete_details: details, output: [{ status }] });
    expect(render(events).at(-1)?.type).toBe(`response.${status}`);
  });

  test("usage overlaps as the wire's does, and is null where nobody counted", () => {
    const usage = {
      inputTokens: 10,
      cacheReadTokens: 5,
      cacheWriteTokens: 1,
      outputTokens: 3,
      reasoningTokens: 4,
    };
    const finish: StreamEvent = { type: "finish", reason: STOP, usage };
    expect(openaiResponses.renderAnswer([text("Hi"), finish], CONTEXT).usage).toEqual({
      input_tokens: 16,
      input_tokens_details: { cached_tokens: 5, cache_write_tokens: 1 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 23,
    });
    expect(openaiResponses.renderAnswer(said(text("Hi")), CONTEXT).usage).toBeNull();
  });
});
