import { describe, expect, test } from "bun:test";
import { NO_USAGE, type StreamEvent } from "../../core/events.ts";
import { readUsage as readGemini } from "../gemini/usage.ts";
import { openaiChat } from "../openai-chat.ts";
import { readUsage as readResponses } from "../openai-responses/usage.ts";
import { readUsage, renderUsage } from "./usage.ts";

const cached = (tokens: number) => ({ prompt_tokens_details: { cached_tokens: tokens } });

describe("what a total says besides the prompt and the completion", () => {
  test.each([
    // As Google's compatible endpoint states it for a model that thinks.
    ["is reasoning", { prompt_tokens: 9, completion_tokens: 1, total_tokens: 103 }, 9, 1, 93],
    [
      "is reasoning beside what the cache held",
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 103, ...cached(4) },
      5,
      1,
      93,
    ],
    [
      "is what the cache held, where a server counts that beside the prompt",
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 50, ...cached(40) },
      0,
      1,
      0,
    ],
    [
      "is the completion that is not counted",
      { prompt_tokens: 9, completion_tokens: null, total_tokens: 14 },
      9,
      5,
      0,
    ],
    ["is nothing where it is less", { prompt_tokens: 9, completion_tokens: 3, total_tokens: 3 }, 9, 3, 0],
    ["is nothing where it is not stated", { prompt_tokens: 9, completion_tokens: 3 }, 9, 3, 0],
    ["is not the prompt", { completion_tokens: 3, total_tokens: 12 }, 0, 3, 0],
  ])("%s", (_, raw, inputTokens, outputTokens, reasoningTokens) => {
    expect(readUsage(raw)).toMatchObject({ inputTokens, outputTokens, reasoningTokens });
  });

  test("is Gemini's candidates where they are not counted", () => {
    const raw = { promptTokenCount: 8, thoughtsTokenCount: 3, totalTokenCount: 15 };
    expect(readGemini(raw)).toMatchObject({ inputTokens: 8, outputTokens: 4, reasoningTokens: 3 });
    expect(readGemini({ promptTokenCount: 8 })).toMatchObject({ inputTokens: 8, outputTokens: 0 });
  });
});

describe("reasoning that is more than the completion", () => {
  test("is counted beside it, whatever the total leaves out", () => {
    const completion_tokens_details = { reasoning_tokens: 209_152 };
    const raw = {
      prompt_tokens: 95,
      completion_tokens: 11_395,
      total_tokens: 11_490,
      completion_tokens_details,
    };
    expect(readUsage(raw)).toMatchObject({ outputTokens: 11_395, reasoningTokens: 209_152 });
  });

  test("is counted beside it in Responses, too", () => {
    const output_tokens_details = { reasoning_tokens: 50 };
    const raw = { input_tokens: 9, output_tokens: 20, total_tokens: 29, output_tokens_details };
    expect(readResponses(raw)).toMatchObject({ outputTokens: 20, reasoningTokens: 50 });
    expect(readResponses({ ...raw, output_tokens: 60 })).toMatchObject({
      outputTokens: 10,
      reasoningTokens: 50,
    });
  });
});

test("callers of the same wire are told the provider's own figures", () => {
  const raw = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 215, cost: 0.1 };
  const usage = readUsage(raw);
  expect(usage && renderUsage(usage)).toMatchObject({
    ...raw,
    completion_tokens_details: { reasoning_tokens: 200 },
  });
  const summed = { ...NO_USAGE, inputTokens: 10, outputTokens: 5, reasoningTokens: 200 };
  expect(renderUsage(summed)).toMatchObject({ prompt_tokens: 10, completion_tokens: 205, total_tokens: 215 });
});

test("usage inside the last choice of a stream, as Moonshot sends it, is usage", () => {
  const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
  const choices = [
    { index: 0, delta: { content: "Hi" }, finish_reason: null },
    { index: 0, delta: {}, finish_reason: "stop", usage },
  ];
  let state = openaiChat.readStart();
  const events: StreamEvent[] = [];
  for (const data of [...choices.map((choice) => JSON.stringify({ id: "c", choices: [choice] })), "[DONE]"]) {
    const [next, more] = openaiChat.step(state, { data });
    state = next;
    events.push(...more);
  }
  expect(events.at(-1)).toMatchObject({ type: "finish", usage: { inputTokens: 9, outputTokens: 4 } });
});
