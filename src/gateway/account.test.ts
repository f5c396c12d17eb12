import { expect, test } from "bun:test";
import { NO_USAGE, type StreamEvent } from "../core/events.ts";
import { createUsageMeter } from "./account.ts";

const REASON = { unified: "stop", raw: "stop" } as const;
const text = (length: number): StreamEvent => ({ type: "text", choice: 0, text: "word ".repeat(length / 5) });

function usageOf(...events: readonly StreamEvent[]) {
  const meter = createUsageMeter();
  for (const event of events) meter.see(event);
  return meter.usage(77);
}

test("a total that was stated at the beginning is no account of what came after it", () => {
  const early = { ...NO_USAGE, inputTokens: 7, outputTokens: 1, raw: { output_tokens: 1 } };
  const broken = usageOf({ type: "usage", usage: early }, text(2000));
  expect(broken).toEqual({ ...NO_USAGE, inputTokens: 7, outputTokens: 501 });
});

test("the provider's own figures stand where it said nothing after them", () => {
  const final = { ...NO_USAGE, inputTokens: 7, outputTokens: 400, raw: { output_tokens: 400 } };
  expect(usageOf(text(2000), { type: "usage", usage: final })).toEqual(final);
  expect(usageOf(text(2000), { type: "finish", reason: REASON, usage: final })).toEqual(final);
  const running = { ...final, outputTokens: 100 };
  expect(usageOf(text(400), { type: "usage", usage: running }, text(400)).outputTokens).toBe(200);
});

test("without any figure all of it is estimated", () => {
  const estimated = { ...NO_USAGE, inputTokens: 77, outputTokens: 10 };
  expect(usageOf(text(40), { type: "finish", reason: REASON, usage: null })).toEqual(estimated);
});
