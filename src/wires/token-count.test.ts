import { expect, test } from "bun:test";
import { readUsage as readChat } from "./openai-chat/usage.ts";
import { tokenCount } from "./token-count.ts";

test("what is no count of tokens counts as none", () => {
  for (const value of [-1, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "5", null, undefined, {}]) {
    expect(tokenCount(value)).toBe(0);
  }
  expect(tokenCount(4.6)).toBe(5);
});

test("a block that reports nothing, or nonsense, is no report", () => {
  for (const block of [
    null,
    {},
    { prompt_tokens: null, completion_tokens: null },
    { prompt_tokens: "5" },
    { prompt_tokens: 5, completion_tokens: 1e300 },
    { prompt_tokens: -5, completion_tokens: 3 },
  ]) {
    expect(readChat(block)).toBeNull();
  }
  expect(readChat({ prompt_tokens: 5 })).toMatchObject({ inputTokens: 5, outputTokens: 0 });
});
