import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import type { RenderContext } from "../wire.ts";
import { HINTS, parse } from "./fake-request.ts";

const CONTEXT: RenderContext = {
  requestId: "req_7",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 0,
  request: null,
};
const USAGE = {
  inputTokens: 10,
  cacheReadTokens: 5,
  cacheWriteTokens: 2,
  outputTokens: 3,
  reasoningTokens: 4,
};

type Sent = readonly [event: string, body: Readonly<Record<string, unknown>>];

function read(...sent: readonly Sent[]): readonly StreamEvent[] {
  let state = bedrockConverse.readStart();
  const events: StreamEvent[] = [];
  for (const [event, body] of sent) {
    const [next, more] = bedrockConverse.step(state, { event, data: JSON.stringify(body) });
    state = next;
    events.push(...more);
  }
  return [...events, ...bedrockConverse.flush(state)];
}

function render(events: readonly StreamEvent[], context = CONTEXT): readonly Sent[] {
  let state = bedrockConverse.renderStart(context);
  const sent: Sent[] = [];
  for (const event of events) {
    const [next, frames] = bedrockConverse.renderEvent(event, state);
    state = next;
    for (const frame of frames) sent.push([frame.event ?? "", JSON.parse(frame.data)]);
  }
  return sent;
}

const START: Sent = ["messageStart", { role: "assistant" }];
const USED = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
const END: readonly Sent[] = [
  ["messageStop", { stopReason: "end_turn" }],
  ["metadata", { usage: USED, metrics: { latencyMs: 9 } }],
];

function ended(raw: string | null, ...content: readonly StreamEvent[]): readonly StreamEvent[] {
  const reason = { unified: "stop" as const, raw };
  return [
    { type: "start" },
    ...content,
    { type: "choice_end", choice: 0, reason },
    { type: "finish", reason, usage: USAGE },
  ];
}

describe("what the contract does not model", () => {
  const citation = { title: "Doc", location: { documentPage: { start: 1, end: 2 } } };
  const trace = { guardrail: { actionReason: "none" } };
  const stream: readonly Sent[] = [
    START,
    ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Green." }, p: "abc" }],
    ["contentBlockDelta", { contentBlockIndex: 0, delta: { citation } }],
    ["contentBlockStop", { contentBlockIndex: 0 }],
    ["contentBlockStart", { contentBlockIndex: 1, start: { image: { format: "png" } } }],
    ["contentBlockDelta", { contentBlockIndex: 1, delta: { image: { source: { bytes: "AA==" } } } }],
    ["contentBlockStop", { contentBlockIndex: 1 }],
    ["messageStop", { stopReason: "guardrail_intervened", additionalModelResponseFields: { a: 1 } }],
    [
      "metadata",
      {
        usage: { ...USED, cacheDetails: [{ ttl: "1h", inputTokens: 1 }] },
        metrics: { latencyMs: 9 },
        trace,
        serviceTier: { type: "flex" },
      },
    ],
  ];

  test("survives in a stream, in its place", () => {
    const sent = render(read(...stream));
    const withoutPadding = stream.map(([event, { p: _p, ...body }]): Sent => [event, body]);
    const usage = {
      inputTokens: 1,
      outputTokens: 2,
      totalTokens: 3,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 0,
      cacheDetails: [{ ttl: "1h", inputTokens: 1 }],
    };
    const [, metadata] = stream.at(-1) ?? START;
    expect(sent).toEqual([...withoutPadding.slice(0, -1), ["metadata", { ...metadata, usage }]]);
  });

  test("survives in a whole answer", () => {
    const body = {
      output: {
        message: {
          role: "assistant",
          content: [
            { citationsContent: { content: [{ text: "Green." }], citations: [citation] } },
            { image: { format: "png", source: { bytes: "AA==" } } },
            { text: "Done." },
          ],
        },
      },
      stopReason: "guardrail_intervened",
      additionalModelResponseFields: { a: 1 },
      usage: { ...USED, cacheReadInputTokens: 0, cacheWriteInputTokens: 0 },
      metrics: { latencyMs: 9 },
      trace,
    };
    expect(bedrockConverse.renderAnswer(bedrockConverse.readAnswer(body), CONTEXT)).toEqual(body);
  });

  test("another wire's is not rendered", () => {
    const extra = {
      wire: "anthropic-messages",
      fields: { start: { a: 1 }, delta: { b: 2 }, block: { c: 3 } },
    };
    const events = ended(
      "stop",
      { type: "opaque", choice: 0, extra },
      { type: "text", choice: 0, text: "Hi" },
    );
    expect(JSON.stringify([render(events), bedrockConverse.renderAnswer(events, CONTEXT)])).not.toMatch(
      /"[abc]":/,
    );
  });

  test("content that needs no name is passed over", () => {
    const events = read(
      START,
      ["contentBlockStart", { contentBlockIndex: 0, start: {} }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "" } } }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "" } }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hi" } }],
      ...END,
    );
    expect(events.map(({ type }) => type)).toEqual(["start", "text", "choice_end", "usage", "finish"]);
  });
});

describe("reading", () => {
  test("the first frame starts the answer and commits to nothing", () => {
    const [, events] = bedrockConverse.step(bedrockConverse.readStart(), {
      event: "messageStart",
      data: '{"role":"assistant"}',
    });
    expect(events).toEqual([{ type: "start" }]);
  });

  test("the stop sequence is told where the model told it", () => {
    const events = read(
      START,
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hi" } }],
      [
        "messageStop",
        { stopReason: "stop_sequence", additionalModelResponseFields: { stop_sequence: "END" } },
      ],
    );
    expect(events.at(-1)).toEqual({
      type: "finish",
      reason: { unified: "stop", raw: "stop_sequence", stopSequence: "END" },
      usage: null,
    });
  });

  test.each([
    ["nothing", []],
    ["words that nobody knows", [["surprise", {}]]],
  ] as const)("%s is an empty answer", (_, sent) => {
    expect(read(...sent).at(-1)).toMatchObject({ type: "fault", fault: { code: "empty_answer" } });
  });

  test.each<[string, readonly Sent[]]>([
    ["a delta of nothing", [["contentBlockDelta", { contentBlockIndex: 0 }]]],
    [
      "a call without an id",
      [["contentBlockStart", { contentBlockIndex: 0, start: { toolUse: { name: "f" } } }]],
    ],
    [
      "a call without a place",
      [["contentBlockStart", { start: { toolUse: { name: "f", toolUseId: "t" } } }]],
    ],
    [
      "arguments of a wrong type",
      [
        ["contentBlockStart", { contentBlockIndex: 0, start: { toolUse: { name: "f", toolUseId: "t" } } }],
        ["contentBlockDelta", { contentBlockIndex: 0, delta: { toolUse: { input: 7 } } }],
      ],
    ],
    [
      "blocks without end",
      Array.from(
        { length: 257 },
        (_, at): Sent => [
          "contentBlockStart",
          { contentBlockIndex: at, start: { toolUse: { name: "f", toolUseId: `t${at}` } } },
        ],
      ),
    ],
  ])("%s is a broken stream", (_, sent) => {
    expect(read(START, ...sent).at(-1)).toMatchObject({ type: "fault", fault: { code: "bad_chunk" } });
  });

  test("an answer to counting is its number", () => {
    const usage = {
      inputTokens: 17,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    };
    expect(bedrockConverse.readAnswer({ inputTokens: 17 })).toEqual([
      { type: "start" },
      { type: "usage", usage },
      { type: "finish", reason: { unified: "stop", raw: null }, usage },
    ]);
  });
});

describe("rendering", () => {
  test("every frame has its block, and every block its end", () => {
    const events = ended(
      "stop",
      { type: "reasoning", choice: 0, text: "Hm." },
      { type: "reasoning", choice: 0, text: "", signature: "EqoB" },
      { type: "reasoning", choice: 0, text: "", signature: "alone" },
      { type: "reasoning", choice: 0, text: "", redacted: "no base64!" },
      { type: "text", choice: 0, text: "A" },
      { type: "text", choice: 1, text: "another choice" },
      { type: "refusal", choice: 0, text: "B" },
    );
    const delta = (contentBlockIndex: number, body: unknown): Sent => [
      "contentBlockDelta",
      { contentBlockIndex, delta: body },
    ];
    const stop = (contentBlockIndex: number): Sent => ["contentBlockStop", { contentBlockIndex }];
    expect(render(events).slice(0, -1)).toEqual([
      START,
      delta(0, { reasoningContent: { text: "Hm." } }),
      delta(0, { reasoningContent: { signature: "EqoB" } }),
      stop(0),
      delta(1, { reasoningContent: { signature: "alone" } }),
      stop(1),
      delta(2, { reasoningContent: { redactedContent: btoa("no base64!") } }),
      stop(2),
      delta(3, { text: "A" }),
      delta(3, { text: "B" }),
      stop(3),
      ["messageStop", { stopReason: "end_turn" }],
    ]);
    expect(bedrockConverse.renderAnswer(events, CONTEXT)).toMatchObject({
      output: {
        message: {
          content: [
            { reasoningContent: { reasoningText: { text: "Hm.", signature: "EqoB" } } },
            { reasoningContent: { reasoningText: { text: "", signature: "alone" } } },
            { reasoningContent: { redactedContent: btoa("no base64!") } },
            { text: "AB" },
          ],
        },
      },
    });
  });

  test("arguments that come late still find their call", () => {
    const events = ended(
      "stop",
      { type: "tool_call", choice: 0, index: 0, id: "t1", name: "f" },
      { type: "tool_arguments", choice: 0, index: 0, text: '{"a":' },
      { type: "tool_call", choice: 0, index: 1, id: "t2", name: "g" },
      { type: "tool_arguments", choice: 0, index: 0, text: "1}" },
      { type: "tool_arguments", choice: 0, index: 1, text: "oops" },
      { type: "tool_arguments", choice: 0, index: 7, text: "{}" },
    );
    const inputs = render(events).flatMap(([event, body]) => (event === "contentBlockDelta" ? [body] : []));
    expect(inputs).toEqual([
      { contentBlockIndex: 0, delta: { toolUse: { input: '{"a":' } } },
      { contentBlockIndex: 0, delta: { toolUse: { input: "1}" } } },
      { contentBlockIndex: 1, delta: { toolUse: { input: "oops" } } },
    ]);
    expect(bedrockConverse.renderAnswer(events, CONTEXT).output).toMatchObject({
      message: { content: [{ toolUse: { input: { a: 1 } } }, { toolUse: { input: "oops" } }] },
    });
  });

  test("the usage counts every class once", () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 7,
      totalTokens: 24,
      cacheReadInputTokens: 5,
      cacheWriteInputTokens: 2,
    };
    const events = ended("stop", { type: "text", choice: 0, text: "Hi" });
    expect(render(events).at(-1)).toEqual(["metadata", { metrics: { latencyMs: 0 }, usage }]);
    expect(bedrockConverse.renderAnswer(events, CONTEXT).usage).toEqual(usage);
  });

  test("without a usage a stream ends without metadata, and a whole answer counts nothing", () => {
    const events: readonly StreamEvent[] = [
      ...ended("stop", { type: "text", choice: 0, text: "Hi" }).slice(0, -1),
      { type: "finish", reason: { unified: "stop", raw: "stop" }, usage: null },
    ];
    expect(render(events).at(-1)).toEqual(["messageStop", { stopReason: "end_turn" }]);
    expect(bedrockConverse.renderAnswer(events, CONTEXT).usage).toMatchObject({ totalTokens: 0 });
  });

  test("labels go into the first and the last frame, and into a whole answer", () => {
    const labels = { rung: "degraded" };
    const events = ended("stop", { type: "text", choice: 0, text: "Hi" });
    const labelled = render(events, { ...CONTEXT, labels }).map(([, body]) => body.pointsman ?? null);
    expect(labelled).toEqual([labels, null, null, null, labels]);
    expect(bedrockConverse.renderAnswer(events, { ...CONTEXT, labels }).pointsman).toEqual(labels);
  });

  test("which stop sequence it was stands among the model's own fields", () => {
    const reason = { unified: "stop" as const, raw: null, stopSequence: "END" };
    const events: readonly StreamEvent[] = [
      { type: "text", choice: 0, text: "Hi" },
      { type: "choice_end", choice: 0, reason },
      { type: "finish", reason, usage: USAGE },
    ];
    const told = { stopReason: "stop_sequence", additionalModelResponseFields: { stop_sequence: "END" } };
    expect(bedrockConverse.renderAnswer(events, CONTEXT)).toMatchObject(told);
    expect(render(events).at(-2)).toEqual(["messageStop", told]);
  });

  test.each([
    ["stop", "stop", "end_turn"],
    ["stop", "stop_sequence", "stop_sequence"],
    ["length", "model_context_window_exceeded", "model_context_window_exceeded"],
    ["length", "length", "max_tokens"],
    ["content_filter", "guardrail_intervened", "guardrail_intervened"],
    ["refusal", "refusal", "content_filtered"],
    ["other", "malformed_tool_use", "malformed_tool_use"],
    ["other", "constructor", "end_turn"],
    ["tool_calls", "end_turn", "tool_use"],
  ] as const)("%s, which the provider called %s, is %s", (unified, raw, word) => {
    const reason = { unified, raw };
    const events: readonly StreamEvent[] = [
      { type: "choice_end", choice: 0, reason },
      { type: "finish", reason, usage: null },
    ];
    expect(render(events).at(-1)).toEqual(["messageStop", { stopReason: word }]);
  });

  test("the answer to counting is one number", () => {
    const request = parse(
      { input: { converse: { messages: [{ role: "user", content: [{ text: "Hi" }] }] } } },
      { ...HINTS, operation: "count_tokens" },
    );
    const events = ended(null);
    expect(bedrockConverse.renderAnswer(events, { ...CONTEXT, request })).toEqual({ inputTokens: 17 });
  });
});
