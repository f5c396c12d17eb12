/** What is written to a prompt cache for an hour: read from whoever says so, told in every dialect that can. */
import { describe, expect, test } from "bun:test";
import { NO_USAGE, sumUsage, type Usage } from "../core/events.ts";
import * as anthropic from "./anthropic-messages/usage.ts";
import * as converse from "./bedrock-converse/usage.ts";
import * as native from "./native/usage.ts";

const MESSAGES = {
  input_tokens: 10,
  output_tokens: 5,
  cache_creation_input_tokens: 1000,
  cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 600 },
};
const CONVERSE = {
  inputTokens: 10,
  outputTokens: 5,
  totalTokens: 1015,
  cacheWriteInputTokens: 1000,
  cacheDetails: [
    { ttl: "5m", inputTokens: 400 },
    { ttl: "1h", inputTokens: 600 },
  ],
};
const NATIVE = { input_tokens: 10, output_tokens: 5, cache_write_tokens: 1000, cache_write_1h_tokens: 600 };
const SPLIT = { cacheWriteTokens: 1000, cacheWrite1hTokens: 600 };
/** As another wire would have read it. */
const USAGE: Usage = { ...NO_USAGE, inputTokens: 10, outputTokens: 5, ...SPLIT };

describe("is a part of what was written", () => {
  test.each([
    ["Anthropic", anthropic.readUsage(MESSAGES)],
    ["Converse", converse.readUsage(CONVERSE)],
    ["native", native.readUsage(NATIVE)],
  ])("%s", (_wire, usage) => expect(usage).toMatchObject(SPLIT));

  test("and no more than all of it", () => {
    const split = { ephemeral_1h_input_tokens: 5000 };
    expect(anthropic.readUsage({ ...MESSAGES, cache_creation: split })?.cacheWrite1hTokens).toBe(1000);
    const details = [{ ttl: "1h", inputTokens: 5000 }];
    expect(converse.readUsage({ ...CONVERSE, cacheDetails: details })?.cacheWrite1hTokens).toBe(1000);
    expect(native.readUsage({ ...NATIVE, cache_write_1h_tokens: 5000 })?.cacheWrite1hTokens).toBe(1000);
  });

  test.each([
    [null],
    [{}],
    [[]],
    ["1h"],
    [{ ephemeral_1h_input_tokens: 0 }],
    [[{ ttl: "5m", inputTokens: 1000 }]],
    [[null]],
  ])("%p says nothing of it", (said) => {
    expect(anthropic.readUsage({ ...MESSAGES, cache_creation: said })).not.toHaveProperty(
      "cacheWrite1hTokens",
    );
    expect(converse.readUsage({ ...CONVERSE, cacheDetails: said })).not.toHaveProperty("cacheWrite1hTokens");
  });
});

test("is told in the dialects that have words for it, whoever said it", () => {
  expect(anthropic.renderUsage(USAGE, 0).cache_creation).toEqual(MESSAGES.cache_creation);
  expect(converse.renderUsage(USAGE).cacheDetails).toEqual([
    { ttl: "1h", inputTokens: 600 },
    { ttl: "5m", inputTokens: 400 },
  ]);
  expect(converse.renderUsage({ ...USAGE, cacheWriteTokens: 600 }).cacheDetails).toEqual([
    { ttl: "1h", inputTokens: 600 },
  ]);
  expect(native.renderUsage(USAGE).cache_write_1h_tokens).toBe(600);
});

test("is told of no block where there was none", () => {
  const none = { ...NO_USAGE, cacheWriteTokens: 1000 };
  expect(anthropic.renderUsage(none, 0).cache_creation).toBeNull();
  expect(converse.renderUsage(none)).not.toHaveProperty("cacheDetails");
  expect(native.renderUsage(none)).not.toHaveProperty("cache_write_1h_tokens");
});

test("is summed with the rest", () => {
  expect(sumUsage(USAGE, USAGE)).toMatchObject({ cacheWriteTokens: 2000, cacheWrite1hTokens: 1200 });
  expect(sumUsage(USAGE, NO_USAGE)).toMatchObject(SPLIT);
  expect(sumUsage(NO_USAGE, NO_USAGE)).toEqual(NO_USAGE);
});
