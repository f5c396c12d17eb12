import { describe, expect, test } from "bun:test";
import type { FinishReason, StreamEvent } from "../core/events.ts";
import { fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import type { StreamReply } from "../providers/send.ts";
import { continuationOf, type JoinMode, joinStream } from "./join-stream.ts";

const STOP: FinishReason = { unified: "stop", raw: "stop" };
const END: readonly StreamEvent[] = [
  { type: "choice_end", choice: 0, reason: STOP },
  { type: "finish", reason: STOP, usage: null },
];

function said(text: string): StreamEvent {
  return { type: "text", choice: 0, text };
}

/** A stream whose events come one at a time, the first of them as its head. */
function replyOf(events: readonly StreamEvent[]): StreamReply {
  let next = 1;
  const rest = { next: async () => events.slice(next, ++next), cancel: () => {} };
  return { kind: "stream", head: events.slice(0, 1), rest, warnings: [] };
}

/** All events that the caller is told after `told`. */
async function joined(told: string, mode: JoinMode, events: readonly StreamEvent[]): Promise<StreamEvent[]> {
  const result = await joinStream(replyOf(events), told, mode, () => {});
  if (!result.ok) return [{ type: "fault", fault: result.fault }];
  const out = [...result.value.head];
  while (out.at(-1)?.type !== "finish" && out.at(-1)?.type !== "fault") {
    out.push(...((await result.value.rest?.next()) ?? []));
  }
  return out;
}

describe("what comes after the join", () => {
  test("is told once, where all is said anew", async () => {
    const events = await joined("Title:\n\n", "fresh", [
      { type: "start" },
      said("Title:"),
      said("\n\n"),
      said("Text"),
      ...END,
    ]);
    expect(events).toEqual([said("Text"), ...END]);
  });

  test("keeps its white space, where it is gone on with", async () => {
    const events = await joined("def f():\n", "prefill", [said("\n"), said("    if x:\n"), ...END]);
    expect(events).toEqual([said("    if x:\n"), ...END]);
    const untrimmed = await joined("def f():", "prefill", [said("\n    if x:\n"), ...END]);
    expect(untrimmed).toEqual([said("\n    if x:\n"), ...END]);
  });

  test("comes before the end, even if it is white space that was waited with", async () => {
    expect(await joined("One.", "fresh", [said("One."), said("\n"), ...END])).toEqual([said("\n"), ...END]);
    expect(await joined("One. ", "fresh", [said("One."), said("\n"), ...END])).toEqual([said("\n"), ...END]);
    expect(await joined("One. ", "prefill", [said("\n"), ...END])).toEqual([said("\n"), ...END]);
  });

  test("may be nothing: the end alone", async () => {
    expect(await joined("One. ", "fresh", [said("One."), ...END])).toEqual([...END]);
    expect(await joined("One. ", "prefill", [...END])).toEqual([...END]);
  });

  test("may break in its turn", async () => {
    const broken: StreamEvent = { type: "fault", fault: fault("outage", "stream_cut", "It broke off.") };
    expect(await joined("One.", "fresh", [said("One. Two"), broken])).toEqual([said(" Two"), broken]);
    expect(await joined("One.", "fresh", [said("On"), broken])).toEqual([broken]);
  });
});

test("an answer that says something else is a fault of its own", async () => {
  const [only] = await joined("One.", "fresh", [said("Two."), ...END]);
  expect(only).toMatchObject({ type: "fault", fault: { code: "answer_not_aligned" } });
});

describe("the request for the rest", () => {
  const requestOf = (maxTokens?: number): ModelRequest => ({
    ...FAKE_REQUEST,
    sampling: maxTokens === undefined ? {} : { maxTokens },
  });

  test("begins with what was told, without the white space at its end", () => {
    const { messages, origin } = continuationOf(requestOf(), "One. \n", "prefill");
    expect(messages.at(-1)).toEqual({ role: "assistant", content: [{ type: "text", text: "One." }] });
    expect(origin.rewritten.has("messages")).toBe(true);
  });

  test("has the tokens that the told text leaves, and one at least", () => {
    const told = "word ".repeat(80);
    expect(continuationOf(requestOf(150), told, "prefill").sampling.maxTokens).toBe(50);
    expect(continuationOf(requestOf(150), told, "prefill").origin.rewritten.has("sampling")).toBe(true);
    expect(continuationOf(requestOf(60), told, "prefill").sampling.maxTokens).toBe(1);
    expect(continuationOf(requestOf(), told, "prefill").sampling.maxTokens).toBeUndefined();
  });

  test("is the caller's own where all is said anew", () => {
    const request = requestOf(150);
    expect(continuationOf(request, "word ".repeat(80), "fresh")).toBe(request);
  });
});
