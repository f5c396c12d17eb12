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

test("an answer for which nothing was counted is estimated, as far as it was not", () => {
  const nothing = { ...NO_USAGE, raw: { completion_tokens: 0 } };
  const end: StreamEvent = { type: "choice_end", choice: 0, reason: REASON };
  const estimated = { ...NO_USAGE, inputTokens: 77, outputTokens: 10 };
  expect(usageOf(text(40), end, { type: "finish", reason: REASON, usage: nothing })).toEqual(estimated);
  const input = { ...nothing, cacheReadTokens: 5 };
  const half = { ...NO_USAGE, cacheReadTokens: 5, outputTokens: 10 };
  expect(usageOf(text(40), { type: "usage", usage: input }, end)).toEqual(half);
});

test("nothing was used for what a filter wrote, nor where nothing was written", () => {
  const nothing = { ...NO_USAGE, raw: { outputTokens: 0 } };
  const reason = { unified: "content_filter", raw: "guardrail_intervened" } as const;
  const blocked: StreamEvent = { type: "choice_end", choice: 0, reason };
  expect(usageOf(text(40), blocked, { type: "usage", usage: nothing })).toEqual(nothing);
  const embedded = { ...NO_USAGE, inputTokens: 7 };
  expect(usageOf({ type: "finish", reason: REASON, usage: embedded })).toEqual(embedded);
});
