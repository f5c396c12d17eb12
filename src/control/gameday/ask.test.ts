import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { type AskPorts, ask } from "./ask.ts";
import { learnAnswers } from "./expected-answers.ts";
import { DRILL, prepared } from "./fake-drill.ts";
import type { Question } from "./plan-load.ts";
import { readAnswer } from "./read-answer.ts";

const WHOLE = "Your parcel arrives tomorrow, before noon, at the address you gave us.";
const QUESTION = "Where is my parcel?";
const drill = prepared(DRILL.replace("use_case: chat", `use_cases: { chat: { prompts: ["${QUESTION}"] } }`));
const [useCase] = drill.useCases;
if (!useCase) throw new Error("The drill has a use case.");

type Respond = (signal: AbortSignal | null) => Response | Promise<Response>;

/** What a caller sees of `respond`, asked for a stream or not. */
async function see(respond: Respond, stream = true, clock = new FakeClock()) {
  const answerOf = (content: string) =>
    Response.json({ choices: [{ message: { content }, finish_reason: "stop" }] });
  const learnt = Object.assign(async () => answerOf(WHOLE), { preconnect: () => undefined });
  const expected = await learnAnswers(drill, { url: "http://sim", fetch: learnt, clock });
  const fetch = Object.assign(async (_: unknown, init?: RequestInit) => respond(init?.signal ?? null), {
    preconnect: () => undefined,
  });
  const ports: AskPorts = { fetch, clock, url: "http://gateway", key: "k", expected, active: new Set() };
  const question: Question = { useCase: useCase as Question["useCase"], prompt: 0, stream, body: "{}" };
  const seen = ask(ports, question, clock.now());
  return { seen, ports, clock };
}

const HEADERS = {
  "content-type": "text/event-stream",
  "x-pointsman-rung": "primary",
  "x-pointsman-attempts": "1",
};

function stream(text: string, end: readonly string[], headers: Record<string, string> = {}): Response {
  const chunks = [text.slice(0, 20), text.slice(20)].map((content) =>
    JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }] }),
  );
  const body = [...chunks, ...end].map((data) => `data: ${data}\n\n`).join("");
  return new Response(body, { headers: { ...HEADERS, ...headers } });
}

const STOP = JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] });
const ERROR = JSON.stringify({ error: { code: "idle_timeout", message: "The model went silent." } });
const END = [STOP, "[DONE]"];

/** A stream that breaks after these frames. */
function broken(frames: readonly string[]): Response {
  const left = frames.map((data) => `data: ${data}\n\n`);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.error(new Error("reset"));
      else controller.enqueue(new TextEncoder().encode(next));
    },
  });
  return new Response(body, { headers: HEADERS });
}

describe("what became of a stream", () => {
  test.each<[string, Respond, string, string | null]>([
    ["a whole one is answered", () => stream(WHOLE, END), "answered", null],
    ["one cut in the middle, said to be complete", () => stream(WHOLE.slice(0, 40), END), "truncated", null],
    ["an empty one, said to be complete", () => stream("", END), "truncated", null],
    ["other words with the same end", () => stream(`You ${WHOLE}`, END), "wrong", null],
    ["one without its end mark", () => stream(WHOLE, [STOP]), "dropped", null],
    ["one without a finish reason", () => stream(WHOLE, ["[DONE]"]), "dropped", null],
    ["one that says that it broke", () => stream(WHOLE.slice(0, 40), [ERROR]), "interrupted", "idle_timeout"],
    ["one whose connection breaks", () => broken([]), "dropped", "connection_lost"],
    ["one that says so and then breaks", () => broken([ERROR]), "interrupted", "idle_timeout"],
    ["one that goes on after its end", () => stream(WHOLE, [...END, STOP]), "dropped", "frame_after_end"],
    ["one with a frame that is no JSON", () => stream(WHOLE, ["{"]), "dropped", "unreadable_frame"],
    [
      "the policy's words",
      () => stream("We are resting.", END, { "x-pointsman-degraded": "template" }),
      "degraded",
      null,
    ],
    [
      "half of the policy's words",
      () => stream("We are", [], { "x-pointsman-degraded": "template" }),
      "dropped",
      null,
    ],
  ])("%s", async (_, respond, ending, code) => {
    const { seen } = await see(respond);
    expect(await seen).toMatchObject({ ending, code, rung: "primary", attempts: 1 });
  });
});

describe("what became of a whole answer", () => {
  const whole = (content: string, finish = "stop") =>
    Response.json({ choices: [{ message: { content }, finish_reason: finish }] });
  const refused = (headers: Record<string, string>) =>
    Response.json({ error: { code: "all_attempts_failed" } }, { status: 503, headers });

  test.each<[string, Respond, string]>([
    ["a whole one", () => whole(WHOLE), "answered"],
    ["one that a limit of tokens ended", () => whole("Your parcel", "length"), "answered"],
    ["one that a filter ended", () => whole("Your parcel", "content_filter"), "interrupted"],
    ["half of one", () => whole("Your parcel"), "truncated"],
    ["no JSON", () => new Response("<html>", { headers: { "content-type": "text/html" } }), "dropped"],
    ["an error with seconds to wait", () => refused({ "retry-after": "7" }), "refused"],
    ["an error with a date to wait for", () => refused({ "retry-after": "Sun, 01 Mar 2026" }), "failed"],
    ["an error without either", () => refused({}), "failed"],
    ["no connection at all", () => Promise.reject(new Error("refused")), "dropped"],
  ])("%s", async (_, respond, ending) => {
    const { seen } = await see(respond, false);
    expect((await seen).ending).toBe(ending as never);
  });
});

describe("a caller's patience", () => {
  const silent: Respond = (signal) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));

  test("ends 5 s after the deadline, and the request hangs", async () => {
    const { seen, clock, ports } = await see(silent);
    await clock.advance(94_000);
    expect(ports.active.size).toBe(1);
    await clock.advance(1_100);
    expect(await seen).toMatchObject({ ending: "hung", late: true });
    expect(ports.active.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("what is given up with the drill does not hang", async () => {
    const { seen, ports } = await see(silent);
    for (const request of ports.active) request.abort();
    expect((await seen).ending).toBe("cancelled");
  });
});

test("a drill does not begin where nobody can say what a complete answer is", () => {
  const nothing = Object.assign(async () => new Response("{}", { status: 429 }), {
    preconnect: () => undefined,
  });
  const learning = learnAnswers(drill, { url: "http://sim", fetch: nothing, clock: new FakeClock() });
  expect(learning).rejects.toThrow("large-us gave no answer to compare with (status 429)");
});

test("vectors are read, and are complete where a deployment makes the same", async () => {
  const vectors = (...numbers: readonly number[]) => Response.json({ data: [{ embedding: numbers }] });
  const asked: string[] = [];
  const fetch = Object.assign(
    async (url: string | URL | Request) => {
      asked.push(String(url));
      return vectors(0.25, -1);
    },
    { preconnect: () => undefined },
  );
  const find = { ...useCase, asks: "embed" as const };
  const clock = new FakeClock();
  const expected = await learnAnswers({ ...drill, useCases: [find] }, { url: "http://sim", fetch, clock });
  expect(asked[0]).toBe("http://sim/large-us/v1/embeddings");
  const seen = [vectors(0.25, -1), vectors(0.25, 1), vectors()].map(async (response) => {
    const { text, finish } = await readAnswer(response, clock);
    return [finish, expected.judge(find, 0, text)];
  });
  expect(await Promise.all(seen)).toEqual([
    ["stop", "complete"],
    ["stop", "wrong"],
    [null, "wrong"],
  ]);
});

test("an answer with a schema is complete where it keeps it", async () => {
  const schema = "{ type: object, properties: { total: { type: number } }, required: [total] }";
  const own = prepared(DRILL.replace("use_case: chat", `use_cases: { chat: { schema: ${schema} } }`));
  const fetch = Object.assign(async () => Response.error(), { preconnect: () => undefined });
  const expected = await learnAnswers(own, { url: "http://sim", fetch, clock: new FakeClock() });
  const [asked] = own.useCases;
  if (!asked) throw new Error("The drill has a use case.");
  const verdicts = ['{"total": 3}', '{"total": "3"}', '{"total": 3', "Sure! Here it is"].map((text) =>
    expected.judge(asked, 0, text),
  );
  expect(verdicts).toEqual(["complete", "wrong", "truncated", "wrong"]);
});
