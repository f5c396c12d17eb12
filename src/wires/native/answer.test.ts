import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import { native } from "../native.ts";
import type { RenderContext } from "../wire.ts";

const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: false,
  estimatedInputTokens: 0,
  request: null,
};
const STOP = { unified: "stop", raw: "stop" } as const;
const USAGE = {
  inputTokens: 10,
  cacheReadTokens: 5,
  cacheWriteTokens: 1,
  outputTokens: 3,
  reasoningTokens: 4,
};

function render(events: readonly StreamEvent[], context = CONTEXT) {
  let state = native.renderStart(context);
  const frames: (readonly [string | undefined, Record<string, unknown>])[] = [];
  for (const event of events) {
    const [next, more] = native.renderEvent(event, state);
    state = next;
    for (const { event: name, data } of more) frames.push([name, JSON.parse(data)]);
  }
  return frames;
}

const text = (piece: string, choice = 0) => ({ type: "text" as const, choice, text: piece });
const end = (choice = 0) => ({ type: "choice_end" as const, choice, reason: STOP });
const finish: StreamEvent = { type: "finish", reason: STOP, usage: USAGE };

describe("a whole answer", () => {
  test("of text alone is short", () => {
    const parsed = native.parseRequest(
      { use_case: "support-chat", input: "Hi" },
      { contract: {}, strict: false },
    );
    const context = { ...CONTEXT, request: parsed.ok ? parsed.value : null };
    expect(
      native.renderAnswer(
        [{ type: "start", id: "x1", created: 5 }, text("Hel"), text("lo"), end(), finish],
        context,
      ),
    ).toEqual({
      id: "x1",
      created: 5,
      model: "large",
      use_case: "support-chat",
      output: [{ choice: 0, text: "Hello", finish: STOP }],
      usage: {
        input_tokens: 10,
        cache_read_tokens: 5,
        cache_write_tokens: 1,
        output_tokens: 3,
        reasoning_tokens: 4,
      },
    });
  });

  test("of more has parsed calls, and the content that goes back to the model as it came", () => {
    const answer = native.renderAnswer(
      [
        { type: "reasoning", choice: 0, text: "Hm." },
        { type: "reasoning", choice: 0, text: "", signature: "c2ln" },
        { type: "reasoning", choice: 0, text: "So." },
        text("Wait."),
        { type: "tool_call", choice: 0, index: 0, id: "c0", name: "f" },
        { type: "tool_arguments", choice: 0, index: 0, text: '{ "a":' },
        { type: "tool_arguments", choice: 0, index: 0, text: " 1.0 }" },
        { type: "tool_call", choice: 0, index: 1, id: "c1", name: "g" },
        { type: "tool_arguments", choice: 0, index: 1, text: '{"order":12345678901234567890}' },
        end(),
        finish,
      ],
      CONTEXT,
    );
    const content = [
      { type: "reasoning", text: "Hm.", signature: "c2ln" },
      { type: "reasoning", text: "So." },
      { type: "text", text: "Wait." },
      { type: "tool_call", id: "c0", name: "f", arguments: '{ "a": 1.0 }' },
      { type: "tool_call", id: "c1", name: "g", arguments: '{"order":12345678901234567890}' },
    ];
    expect(answer.output).toEqual([
      {
        choice: 0,
        text: "Wait.",
        reasoning: "Hm.So.",
        tool_calls: [
          { id: "c0", name: "f", arguments: { a: 1 } },
          // As a number it would be another order.
          { id: "c1", name: "g", arguments: '{"order":12345678901234567890}' },
        ],
        content,
        finish: STOP,
      },
    ]);
    const again = native.parseRequest(
      { use_case: "m", messages: [{ role: "assistant", content }] },
      { contract: {}, strict: false },
    );
    expect(again).toMatchObject({ ok: true, value: { messages: [{ content }] } });
  });

  test("of vectors has them in the order of their inputs", () => {
    const answer = native.renderAnswer(
      [{ type: "embedding", index: 1, vector: [1] }, { type: "embedding", index: 0, vector: [0] }, finish],
      CONTEXT,
    );
    expect(answer).toMatchObject({ output: [], embeddings: [[0], [1]] });
  });

  test("says what was not honoured, and how else it is labelled", () => {
    const warnings = [{ control: "seed", message: "Not sent." }];
    const labels = { simulated: true, warnings };
    const events: readonly StreamEvent[] = [text("Hi"), end(), finish];
    expect(native.renderAnswer(events, { ...CONTEXT, labels })).toMatchObject({
      warnings,
      pointsman: { simulated: true },
    });
    expect(native.renderAnswer(events, { ...CONTEXT, labels: { warnings } })).not.toHaveProperty("pointsman");
    const frames = render(events, { ...CONTEXT, labels });
    expect(frames[0]).toMatchObject(["start", { warnings, pointsman: { simulated: true } }]);
    expect(frames.at(-1)).toMatchObject(["finish", { warnings }]);
  });
});

describe("a stream", () => {
  test("is one frame an event, named as its type, and begins with who answers", () => {
    expect(render([text("Hi"), end(), { type: "usage", usage: USAGE }, finish, text("more")])).toEqual([
      ["start", { type: "start", id: "req_7", created: 1_758_000_000, model: "large" }],
      ["text", { type: "text", choice: 0, text: "Hi" }],
      ["choice_end", { type: "choice_end", choice: 0, reason: STOP }],
      ["usage", { type: "usage", usage: expect.objectContaining({ cache_read_tokens: 5 }) }],
      ["finish", { type: "finish", reason: STOP, usage: expect.objectContaining({ reasoning_tokens: 4 }) }],
    ]);
  });

  test("ends with a fault as it is refused with one", () => {
    const broken = fault("throttled", "provider_throttled", "Too much.", {
      retryAfterMs: 1200.4,
      cause: { detail: "sk" },
    });
    const body = {
      error: {
        kind: "throttled",
        code: "provider_throttled",
        message: "Too much.",
        param: null,
        retry_after_ms: 1201,
      },
      request_id: "req_7",
    };
    expect(render([text("Hi"), { type: "fault", fault: broken }, finish]).at(-1)).toEqual([
      "fault",
      { type: "fault", ...body },
    ]);
    expect(native.renderFault(broken, "req_7")).toEqual({
      status: 429,
      headers: { "x-should-retry": "false", "retry-after": "2", "retry-after-ms": "1201" },
      body,
    });
  });

  test("an unknown target is the use case's fault, by this dialect's name", () => {
    const unknown = fault("not_found", "model_not_found", "There is no such use case.", { param: "model" });
    expect(native.renderFault(unknown, "req_7").body).toMatchObject({ error: { param: "use_case" } });
  });

  test("an end without content is kept back until it is known not to be an empty answer", () => {
    const step = (events: readonly StreamEvent[]) => {
      let state = native.readStart();
      return render(events).map(([, body]) => {
        const [next, read] = native.step(state, { data: JSON.stringify(body) });
        state = next;
        return read.map((event) => event.type);
      });
    };
    expect(step([{ type: "start" }, end(0), text("Hi", 1), end(1), finish])).toEqual([
      ["start"],
      [],
      ["choice_end", "text"],
      ["choice_end"],
      ["finish"],
    ]);
    expect(step([{ type: "start" }, end(0), finish])).toEqual([["start"], [], ["fault"]]);
  });

  test("carries what other dialects need, from one gateway to the next", () => {
    const extra = { wire: "openai-chat", fields: { chunk: { system_fingerprint: "fp" } } };
    const events: readonly StreamEvent[] = [
      { type: "start", id: "x", created: 5, extra },
      { type: "opaque", choice: 0, extra },
      { ...text("Hi"), extra, logprobs: { content: [] } },
      { type: "reasoning", choice: 0, text: "", redacted: "ZW5j" },
      { type: "embedding", index: 0, vector: [1, 2] },
      { ...end(), extra },
      { type: "finish", reason: { ...STOP, stopSequence: "END" }, usage: null },
    ];
    let state = native.readStart();
    const back = render(events).flatMap(([, body]) => {
      const [next, read] = native.step(state, { data: JSON.stringify(body) });
      state = next;
      return read;
    });
    expect(back).toEqual([...events]);
  });
});
