import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { FakeClock } from "../../src/core/fake-clock.ts";
import type { Heard } from "./ask.ts";
import { type Ending, judge } from "./judge.ts";

const TEXT = "[simulated by atlas] Your parcel arrives tomorrow, before noon, at the address you gave us.";
const HALF = TEXT.slice(0, 40);

interface Case {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly end?: Heard["end"];
}

const frame = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const words = (content: string) =>
  frame({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = (reason: string) => frame({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const STOP = finish("stop");
const DONE = frame("[DONE]");
const ERROR = frame({ error: { message: "Simulated: the model failed.", code: "server_error" } });
const whole = (content: unknown, reason = "stop") =>
  JSON.stringify({ choices: [{ index: 0, message: { content }, finish_reason: reason }] });
const refusal = (message = "Come back later.") =>
  JSON.stringify({ error: { message, type: "server_error", code: "busy" } });

const DEGRADED = { "x-pointsman-degraded": "template" };

const STREAMS: readonly (readonly [string, Case, Ending])[] = [
  ["a whole one", { body: words(HALF) + words(TEXT.slice(40)) + STOP + DONE }, "answered"],
  [
    "a whole one with other line ends",
    { body: (words(TEXT) + STOP + DONE).replaceAll("\n", "\r\n") },
    "answered",
  ],
  ["a whole one without [DONE]", { body: words(TEXT) + STOP }, "answered"],
  ["a whole one, and frames after its end", { body: words(TEXT) + STOP + DONE + words("!") }, "answered"],
  ["half of one, said to be complete", { body: words(HALF) + STOP + DONE }, "truncated"],
  ["half of one and [DONE]", { body: words(HALF) + DONE }, "truncated"],
  ["half of one and a clean close", { body: words(HALF) }, "truncated"],
  ["half of one and an event without its end", { body: words(HALF) + words("x").trimEnd() }, "truncated"],
  ["nothing and a clean close", { body: "" }, "truncated"],
  ["a JSON body where a stream was asked for", { body: whole(TEXT) }, "truncated"],
  ["one that repeats itself at the join", { body: words(HALF) + words(TEXT) + STOP + DONE }, "wrong"],
  ["half of one and an error frame", { body: words(HALF) + ERROR }, "refused"],
  ["an error frame and [DONE]", { body: ERROR + DONE }, "refused"],
  ["half of one and a lost connection", { body: words(HALF), end: "lost" }, "broken"],
  ["half of one and half a frame", { body: words(HALF) + frame('{"choices": [') + DONE }, "broken"],
  ["a page of HTML in a frame", { body: frame("<html>") }, "broken"],
  ["half of one and silence", { body: words(HALF), end: "patience" }, "hung"],
  ["the gateway's own words", { body: words("We rest.") + STOP + DONE, headers: DEGRADED }, "degraded"],
  ["half of the gateway's own words", { body: words("We"), headers: DEGRADED }, "truncated"],
  ["a refusal", { status: 503, body: refusal() }, "refused"],
  ["a refusal that is cut", { status: 503, body: refusal(), end: "lost" }, "broken"],
];

const WHOLE: readonly (readonly [string, Case, Ending])[] = [
  ["a whole one", { body: whole(TEXT) }, "answered"],
  ["half of one", { body: whole(HALF) }, "truncated"],
  ["an empty one", { body: whole("") }, "truncated"],
  ["other words with the same end", { body: whole(`Well. ${TEXT}`) }, "wrong"],
  ["half of its JSON", { body: whole(TEXT).slice(0, 50) }, "broken"],
  ["half of its bytes", { body: whole(TEXT).slice(0, 50), end: "lost" }, "broken"],
  ["HTML", { body: "<html><body>" }, "broken"],
  ["JSON that is no answer", { body: "{}" }, "broken"],
  ["an error that claims to be a success", { body: refusal() }, "broken"],
  ["the gateway's own words", { body: whole("We rest."), headers: DEGRADED }, "degraded"],
  ["a refusal", { status: 429, body: refusal() }, "refused"],
  ["a refusal without an error in it", { status: 500, body: '{"status":"failure"}' }, "refused"],
];

function heardOf({ status = 200, headers = {}, body, end = "whole" }: Case): Heard {
  return { response: { status, headers, body: Buffer.from(body), whole: end === "whole" }, end };
}

const verdictOf = (heard: Heard, stream: boolean) => judge(heard, { stream, text: TEXT }, new FakeClock());

/** Whether an application that uses the official SDK gets an answer, and not an exception, for the same bytes. */
async function sdkSucceeds({ status = 200, body, end = "whole" }: Case, stream: boolean): Promise<boolean> {
  const fetch = async () => {
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => void (body !== "" && controller.enqueue(new TextEncoder().encode(body))),
      pull: (controller) => (end === "whole" ? controller.close() : controller.error(new Error("lost"))),
    });
    const type = stream && status === 200 ? "text/event-stream" : "application/json";
    return new Response(source, { status, headers: { "content-type": type } });
  };
  const client = new OpenAI({
    apiKey: "k",
    baseURL: "http://gateway/v1",
    maxRetries: 0,
    fetch,
    logLevel: "off",
  });
  const messages = [{ role: "user" as const, content: "Where is it?" }];
  try {
    if (!stream) {
      const answer = await client.chat.completions.create({ model: "m", messages });
      return typeof answer.choices[0]?.message.content === "string";
    }
    for await (const chunk of await client.chat.completions.create({ model: "m", messages, stream: true })) {
      void chunk.choices[0]?.delta.content;
    }
    return true;
  } catch {
    return false;
  }
}

const SUCCESS: readonly Ending[] = ["answered", "degraded", "truncated", "wrong"];

describe.each([["stream", true, STREAMS] as const, ["whole answer", false, WHOLE] as const])(
  "a %s",
  (_, stream, cases) => {
    test.each(cases)("%s", async (_name, given, ending) => {
      expect((await verdictOf(heardOf(given), stream)).ending).toBe(ending);
    });

    test.each(cases.filter(([, { end }]) => end !== "patience"))(
      "the SDK agrees on whether it is a success: %s",
      async (_name, given, ending) => {
        expect(await sdkSucceeds(given, stream)).toBe(SUCCESS.includes(ending));
      },
    );
  },
);

test("an error frame after a claimed finish does not undo the claim", async () => {
  const verdict = await verdictOf(heardOf({ body: words(HALF) + STOP + ERROR }), true);
  expect(verdict).toMatchObject({ ending: "truncated", detail: "finish before the error server_error" });
  const after = await verdictOf(heardOf({ body: words(TEXT) + STOP + ERROR }), true);
  expect(after.ending).toBe("refused");
});

test("no response at all is broken", async () => {
  expect(await verdictOf({ response: null, end: "lost" }, true)).toMatchObject({
    ending: "broken",
    detail: "connection_lost",
  });
});

test("the provider's own words in an error are told apart from the gateway's", async () => {
  const raw = async (given: Case, stream: boolean) => (await verdictOf(heardOf(given), stream)).raw;
  expect(await raw({ body: words(HALF) + ERROR }, true)).toBe(true);
  expect(await raw({ status: 503, body: refusal("Simulated: atlas answers 503.") }, false)).toBe(true);
  expect(await raw({ status: 503, body: refusal() }, false)).toBe(false);
  expect(await raw({ body: words(TEXT) + STOP + DONE }, true)).toBe(false);
});
