import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../core/events.ts";
import { isTerminal } from "../core/events.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { anthropicMessages } from "../wires/anthropic-messages.ts";
import { gemini } from "../wires/gemini.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { openEventStream } from "./event-stream.ts";
import { Watchdog } from "./watchdog.ts";
import type { AnyWire } from "./wire-registry.ts";

const LOST = Symbol("the connection is lost");
const SILENT = Symbol("nothing comes any more");

/** What a provider sends, piece by piece; at the end of it the body is over. */
type Piece = string | typeof LOST | typeof SILENT;

interface Asked {
  readonly wire?: unknown;
  readonly choices?: number;
  /** How long the silence lasts, in milliseconds. */
  readonly silentMs?: number;
}

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async function read(
  pieces: readonly Piece[],
  { wire = openaiChat, choices = 1, silentMs = 31_000 }: Asked = {},
) {
  const clock = new FakeClock();
  const timeouts = { connect: 100, firstToken: 500, idle: 30_000, total: 60_000 };
  const limits = { timeouts, committedTotalMs: 60_000, callerSignal: null, canConnect: null };
  const watchdog = new Watchdog(clock, limits, true);
  watchdog.answered();
  let sent = 0;
  const body = {
    read(): Promise<{ done: boolean; value?: Uint8Array }> {
      const piece = pieces[sent++];
      if (piece === undefined) return Promise.resolve({ done: true });
      if (piece === LOST) return Promise.reject(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
      if (typeof piece === "string") {
        return Promise.resolve({ done: false, value: new TextEncoder().encode(piece) });
      }
      return new Promise((resolve, reject) => {
        watchdog.follow({ abort: () => reject(new Error("aborted")) });
        const goOn = () => void body.read().then(resolve, reject);
        clock.after(silentMs, goOn);
      });
    },
    cancel: () => Promise.resolve(),
  };
  const { framing } = wire as AnyWire;
  const stream = openEventStream(wire as AnyWire, framing, body as never, watchdog, choices, TRACEPARENT);
  const events: StreamEvent[] = [];
  const startedAt = clock.now();
  for (let last: StreamEvent | undefined; !(last && isTerminal(last)); last = events[events.length - 1]) {
    const next = stream.next();
    if (pieces[sent - 1] === SILENT) await clock.advance(silentMs);
    events.push(...(await next));
  }
  return { events, last: events[events.length - 1], ms: clock.now() - startedAt };
}

const said = (choice: number, content: string) =>
  `data: ${JSON.stringify({ choices: [{ index: choice, delta: { content } }] })}\n\n`;
const ended = (choice: number) =>
  `data: ${JSON.stringify({ choices: [{ index: choice, delta: {}, finish_reason: "stop" }] })}\n\n`;
const failure = `data: ${JSON.stringify({ error: { message: "The engine died.", code: 500 } })}\n\n`;
const DONE = "data: [DONE]\n\n";

describe("an answer that is all there", () => {
  const whole = [said(0, "Hello"), ended(0)];

  test.each([
    ["ends without its mark", []],
    ["loses its connection", [LOST]],
    ["falls silent", [SILENT]],
    ["is followed by an error", [failure]],
    ["is followed by no JSON", ["data: {\n\n"]],
  ] as const)("is complete where its stream %s", async (_, rest) => {
    const { events, last } = await read([...whole, ...rest]);
    expect(last).toMatchObject({ type: "finish", reason: { unified: "stop" } });
    expect(events.filter(({ type }) => type === "choice_end")).toHaveLength(1);
  });

  test("is of another wire, too, where its end was told before the stream broke", async () => {
    const frames = [
      {
        type: "message_start",
        message: { id: "m", role: "assistant", content: [], usage: { input_tokens: 3 } },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    ].map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
    const { last } = await read([...frames, LOST], { wire: anthropicMessages });
    expect(last).toMatchObject({ type: "finish", usage: { outputTokens: 2 } });
  });
});

describe("a server that gives a reason with every piece", () => {
  const piece = (delta: unknown, reason: string | null = "stop", index = 0) =>
    `data: ${JSON.stringify({ choices: [{ index, delta, finish_reason: reason }] })}\n\n`;
  const words = ["One ", "two ", "three."].map((content) => piece({ content }));
  const parts = (part: unknown) =>
    `data: ${JSON.stringify({ candidates: [{ content: { parts: [part] }, finishReason: "STOP" }] })}\n\n`;
  const textOf = (events: readonly StreamEvent[]) =>
    events.map((event) => (event.type === "text" ? event.text : "")).join("");
  const endsOf = (events: readonly StreamEvent[]) => events.filter(({ type }) => type === "choice_end");

  test("may pause after the first of them, and is not waited for long once it has no more words", async () => {
    const [first = "", ...others] = words;
    const { events } = await read([first, SILENT, ...others, DONE], { silentMs: 5_000 });
    expect(textOf(events)).toBe("One two three.");
    const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })}\n\n`;
    const { last, ms } = await read([first, usage, SILENT, ...others, DONE], { silentMs: 5_000 });
    expect(last).toMatchObject({ type: "finish", usage: { outputTokens: 2 } });
    expect(ms).toBeLessThan(10_000);
  });

  test.each([[[DONE]], [[]]])("ends with the last of them: %j", async (rest) => {
    for (const pieces of [words, [words.join("")], [piece({ role: "assistant", content: "" }), ...words]]) {
      const { events, last } = await read([...pieces, ...rest]);
      expect(textOf(events)).toBe("One two three.");
      expect(endsOf(events)).toHaveLength(1);
      expect(events.indexOf(endsOf(events)[0] as StreamEvent)).toBe(events.length - 2);
      expect(last).toMatchObject({ type: "finish", reason: { unified: "stop" } });
    }
  });

  const lastOf = async (pieces: readonly string[], wire: unknown = openaiChat) => {
    const { events, last } = await read(pieces, { wire });
    expect(endsOf(events)).toHaveLength(1);
    expect(endsOf(events)[0]).toMatchObject({ reason: last?.type === "finish" ? last.reason : null });
    return last;
  };

  test("ends with the last of them where that comes without words", async () => {
    const length = { type: "finish", reason: { unified: "length", raw: "length" } };
    expect(await lastOf([...words, piece({}, "length"), DONE])).toMatchObject(length);
    expect(await lastOf([...words, piece({}, "length")])).toMatchObject(length);
    expect(await lastOf([piece({ content: "One" }), piece({}, "length"), DONE])).toMatchObject(length);
    expect(await lastOf([...words, piece({}, "stop"), DONE])).toMatchObject({ reason: { raw: "stop" } });
    const taken = [piece({ content: "One " }, null), piece({}), piece({ content: "two" }, null)];
    expect((await read([...taken, piece({}, "length"), DONE])).last).toMatchObject(length);
    expect((await read([...words, piece({}, "error"), DONE])).last).toMatchObject({ type: "fault" });
    const cut = `data: ${JSON.stringify({ candidates: [{ finishReason: "MAX_TOKENS" }] })}\n\n`;
    const gave = { reason: { unified: "length", raw: "MAX_TOKENS" } };
    expect(await lastOf([parts({ text: "One " }), parts({ text: "two" }), cut], gemini)).toMatchObject(gave);
    expect(await lastOf([parts({ text: "One" }), cut], gemini)).toMatchObject(gave);
  });

  test("does not go back on a filter's verdict", async () => {
    const filtered = [piece({ content: "One" }, "content_filter")];
    for (const later of [piece({}), piece({ content: "two" }), piece({ content: "two" }, "length")]) {
      const verdict = { reason: { unified: "content_filter", raw: "content_filter" } };
      expect(await lastOf([...filtered, later, DONE])).toMatchObject(verdict);
    }
    const results = { content_filter_results: { hate: { filtered: true, severity: "high" } } };
    const late = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: null, ...results }] })}\n\n`;
    const { last } = await read([...words, late, piece({}, "length"), DONE]);
    expect(last).toMatchObject({ reason: { unified: "content_filter" } });
  });

  test("is told what came with an end in passing, with the one that replaces it", async () => {
    const choice = { index: 0, delta: { refusal: "No" }, finish_reason: "stop", stop_reason: 7 };
    for (const later of ["length", "content_filter"]) {
      const { events } = await read([
        `data: ${JSON.stringify({ choices: [choice] })}\n\n`,
        piece({}, later),
        DONE,
      ]);
      expect(endsOf(events)).toMatchObject([{ extra: { fields: { choice: { stop_reason: 7 } } } }]);
    }
  });

  test("without words that says stop is not gone back on", async () => {
    const bare = [piece({ content: "One" }, null), piece({}), piece({}, "length"), DONE];
    expect(await lastOf(bare)).toMatchObject({ reason: { unified: "stop" } });
  });

  test("together with half a call, and is cut, has not ended", async () => {
    const call = (args: string) => ({
      tool_calls: [{ index: 0, id: "a", function: { name: "w", arguments: args } }],
    });
    for (const rest of [[], [LOST]] as const) {
      expect((await read([piece(call('{"a":')), ...rest])).last).toMatchObject({ type: "fault" });
      const whole = await read([piece(call('{"a":1}')), ...rest]);
      expect(whole.last).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
      const stated = await read([piece(call('{"a":'), "length"), ...rest]);
      expect(stated.last).toMatchObject({ type: "finish", reason: { unified: "length" } });
    }
  });

  test("of Gemini's wire, too, and ends with the call that came after it", async () => {
    const call = { functionCall: { name: "w", args: { a: 1 } } };
    const { events, last } = await read([parts({ text: "Let me " }), parts({ text: "look." }), parts(call)], {
      wire: gemini,
    });
    expect(textOf(events)).toBe("Let me look.");
    expect(events.filter(({ type }) => type === "tool_call")).toHaveLength(1);
    expect(endsOf(events)).toHaveLength(1);
    expect(last).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
  });

  test("has a call whose arguments come after the first of them", async () => {
    const call = (more: unknown) => piece({ tool_calls: [{ index: 0, ...(more as object) }] });
    const { events, last } = await read([
      call({ id: "c", function: { name: "f", arguments: "" } }),
      call({ function: { arguments: '{"a":' } }),
      call({ function: { arguments: "1}" } }),
      DONE,
    ]);
    const told = events.map((event) => (event.type === "tool_arguments" ? event.text : "")).join("");
    expect(told).toBe('{"a":1}');
    expect(last).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
  });

  test("and breaks off has not answered", async () => {
    for (const end of [LOST, failure, SILENT] as const) {
      for (const second of [words[1] ?? "", said(0, "two ")]) {
        const { events, last } = await read([words[0] ?? "", second, end]);
        expect(endsOf(events)).toEqual([]);
        expect(last).toMatchObject({ type: "fault" });
      }
    }
  });

  test("ends each of several choices once", async () => {
    const both = [0, 1, 0, 1].map((index) => piece({ content: "x" }, "stop", index));
    const { events, last } = await read([...both, DONE], { choices: 2 });
    expect(endsOf(events)).toMatchObject([{ choice: 0 }, { choice: 1 }]);
    expect(last).toMatchObject({ type: "finish" });
  });
});

test("content after an end that came by itself takes it back, too", async () => {
  const { events, last } = await read([said(0, "Hello"), ended(0), said(0, " there"), DONE]);
  expect(events.map((event) => (event.type === "text" ? event.text : "")).join("")).toBe("Hello there");
  expect(events.at(-2)).toMatchObject({ type: "choice_end", reason: { unified: "stop" } });
  expect(last).toMatchObject({ type: "finish" });
});

test("what lacks its end is no answer, however its stream breaks", async () => {
  for (const rest of [[], [LOST], [SILENT], [failure]] as const) {
    const { last } = await read([said(0, "Hel"), ...rest]);
    expect(last).toMatchObject({ type: "fault" });
  }
});

describe("a server that was asked to stream and answers whole, whatever type it states", () => {
  const answer = (content: string) =>
    JSON.stringify({ choices: [{ index: 0, message: { content }, finish_reason: "stop" }] });

  test("is read as its wire reads whole answers", async () => {
    for (const pieces of [[answer("Hello")], ["\r\n", ...answer("Hello"), "\n"]]) {
      const { events } = await read(pieces);
      expect(events.map(({ type }) => type)).toEqual(["start", "text", "choice_end", "finish"]);
    }
  });

  test("has its error read as what it is", async () => {
    const error = { message: "You exceeded your current quota", code: "insufficient_quota" };
    const { last } = await read([JSON.stringify({ error })]);
    expect(last).toMatchObject({ type: "fault", fault: { code: "quota_exhausted" } });
  });

  test("and breaks off, or says something else, has not answered", async () => {
    const half = answer("Hello").slice(0, -9);
    expect((await read([half])).last).toMatchObject({ fault: { kind: "malformed", code: "bad_answer" } });
    expect((await read([half, LOST])).last).toMatchObject({ fault: { kind: "outage" } });
    expect((await read(['{"choices":[]}'])).last).toMatchObject({ fault: { kind: "malformed" } });
  });
});

test("of two choices that were asked for one is no answer, but where the provider says that it is", async () => {
  for (const rest of [[], [LOST], [failure]] as const) {
    const { last } = await read([said(0, "Hello"), ended(0), ...rest], { choices: 2 });
    expect(last).toMatchObject({ type: "fault" });
  }
  const filtered = `data: ${JSON.stringify({ choices: [{ index: 0, finish_reason: "content_filter" }] })}\n\n`;
  const twice = await read([said(0, "Hello"), ended(0), filtered, LOST], { choices: 2 });
  expect(twice.last).toMatchObject({ type: "fault" });
  const { last } = await read([said(0, "Hello"), ended(0), DONE], { choices: 2 });
  expect(last).toMatchObject({ type: "finish" });
  const both: readonly Piece[] = [said(0, "A"), said(1, "B"), ended(1), ended(0), LOST];
  expect((await read(both, { choices: 2 })).last).toMatchObject({ type: "finish" });
});

test("two calls that a stream gives one id get one each", async () => {
  const call = (index: number) => {
    const tool_calls = [{ index, id: "call_a", function: { name: "a", arguments: "{}" } }];
    return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls } }] })}\n\n`;
  };
  const { events } = await read([call(0), call(1), ended(0), DONE]);
  const ids = events.flatMap((event) => (event.type === "tool_call" ? [event.id] : []));
  expect(ids).toEqual(["call_a", "call_a_2"]);
});

test("so do those of an answer that came whole", async () => {
  const call = { id: "call_a", type: "function", function: { name: "a", arguments: "{}" } };
  const message = { role: "assistant", content: null, tool_calls: [call, call] };
  const { events } = await read([JSON.stringify({ choices: [{ message, finish_reason: "tool_calls" }] })]);
  const ids = events.flatMap((event) => (event.type === "tool_call" ? [event.id] : []));
  expect(ids).toEqual(["call_a", "call_a_2"]);
});
