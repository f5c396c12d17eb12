import { expect, test } from "bun:test";
import { finishOnRecord, heldChars, type StreamEvent } from "./events.ts";

test("a stop sequence, which is the caller's text, is not for the record", () => {
  const reason = { unified: "stop", raw: "stop_sequence" } as const;
  expect(finishOnRecord({ ...reason, stopSequence: "zebra-93b1" })).toEqual(reason);
  expect(finishOnRecord(reason)).toBe(reason);
  expect(finishOnRecord(null)).toBeNull();
});

test("whatever an event says weighs, and one that says nothing weighs something", () => {
  const long = "x".repeat(1000);
  const extra = { wire: "openai-chat", fields: { long } };
  const events: readonly StreamEvent[] = [
    { type: "text", choice: 0, text: long },
    { type: "text", choice: 0, text: "", logprobs: [long] },
    { type: "refusal", choice: 0, text: long },
    { type: "reasoning", choice: 0, text: long },
    { type: "reasoning", choice: 0, text: "", signature: long },
    { type: "reasoning", choice: 0, text: "", redacted: long },
    { type: "tool_call", choice: 0, index: 0, id: "1", name: long },
    { type: "tool_arguments", choice: 0, index: 0, text: long },
    { type: "opaque", choice: 0, extra },
    { type: "start", extra },
  ];
  for (const event of events) expect(heldChars(event)).toBeWithin(1000, 1100);
  expect(heldChars({ type: "text", choice: 0, text: "" })).toBeGreaterThan(0);
});
