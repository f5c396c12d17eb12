import { describe, expect, test } from "bun:test";
import { NO_USAGE } from "../../core/events.ts";
import type { CacheHint, Message, Tool } from "../../core/request.ts";
import { createPromptCache } from "./prompt-cache.ts";
import { countInput, type Question } from "./question.ts";

const MINUTE = 60_000;
const GUIDE = "A long guide that every request begins with. ".repeat(20);

function system(text: string, cache?: CacheHint): Message {
  return { role: "system", content: [{ type: "text", text, ...(cache && { cache }) }] };
}

function user(text: string, cache?: CacheHint): Message {
  return { role: "user", content: [{ type: "text", text, ...(cache && { cache }) }] };
}

function question(messages: readonly Message[], tools: readonly Tool[] = []): Question {
  return {
    operation: "chat",
    messages,
    tools,
    sampling: {},
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
  };
}

function createUser() {
  const cache = createPromptCache();
  return (one: Question, now: number) => {
    const usage = cache.use(one, { ...NO_USAGE, inputTokens: countInput(one) }, now);
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
    expect(inputTokens + cacheReadTokens + cacheWriteTokens).toBe(countInput(one));
    const forAnHour = usage.cacheWrite1hTokens;
    return { read: cacheReadTokens, written: cacheWriteTokens, forAnHour, plain: inputTokens };
  };
}

describe("a prompt cache", () => {
  test("is left alone by requests without a hint", () => {
    const use = createUser();
    const one = question([system(GUIDE), user("Hello")]);
    use(one, 0);
    expect(use(one, 1)).toMatchObject({ read: 0, written: 0 });
  });

  test("is written first and read by whoever begins alike", () => {
    const use = createUser();
    const first = use(question([system(GUIDE, {}), user("Hello")]), 0);
    expect(first.read).toBe(0);
    expect(first.written).toBeGreaterThan(100);
    const second = use(question([system(GUIDE, {}), user("Something else")]), MINUTE);
    expect(second).toMatchObject({ read: first.written, written: 0 });
    expect(second.plain).toBeGreaterThan(0);
    expect(use(question([system(`${GUIDE}!`, {}), user("Hello")]), MINUTE).read).toBe(0);
  });

  test("tells apart what is kept for an hour", () => {
    const use = createUser();
    const one = question([system(GUIDE, { ttl: "1h" }), user("Hello", {})]);
    const { written, forAnHour = 0 } = use(one, 0);
    expect(forAnHour).toBeGreaterThan(100);
    expect(forAnHour).toBeLessThan(written);
    expect(use(one, 1)).toMatchObject({ written: 0, forAnHour: undefined });
    expect(use(question([system(`${GUIDE}!`, {})]), 1).forAnHour).toBeUndefined();
  });

  test("grows with a conversation whose hint moves on", () => {
    const use = createUser();
    const first = use(question([system(GUIDE, {}), user("Hello", {})]), 0);
    const messages = [system(GUIDE, {}), user("Hello"), user("And then?", {})];
    const second = use(question(messages), 1);
    expect(second.read).toBe(first.written);
    expect(second.written).toBeGreaterThan(0);
  });

  test.each([
    [{}, 5 * MINUTE],
    [{ ttl: "1h" } as const, 60 * MINUTE],
  ])("forgets what nobody read (%j)", (hint, lifetime) => {
    const use = createUser();
    const one = question([system(GUIDE, hint), user("Hello")]);
    use(one, 0);
    expect(use(one, lifetime - 1).read).toBeGreaterThan(0);
    expect(use(one, 2 * lifetime - 2).read).toBeGreaterThan(0);
    expect(use(one, 3 * lifetime).read).toBe(0);
  });

  test("keeps tools, and hints inside a tool's result", () => {
    const use = createUser();
    const tool: Tool = { name: "search", description: GUIDE, parameters: {}, cache: {} };
    expect(use(question([user("Hello")], [tool]), 0).written).toBeGreaterThan(100);
    expect(use(question([user("Goodbye")], [tool]), 1).read).toBeGreaterThan(100);
    const result: Message = {
      role: "tool",
      content: [{ type: "tool_result", callId: "c", content: [{ type: "text", text: GUIDE, cache: {} }] }],
    };
    expect(use(question([user("Hello"), result]), 0).written).toBeGreaterThan(100);
    expect(use(question([user("Hello"), result]), 1).read).toBeGreaterThan(100);
  });

  test("keeps a bounded number of beginnings, the latest ones", () => {
    const use = createUser();
    for (let at = 0; at < 400; at++) use(question([system(`${GUIDE}${at}`, {})]), at);
    expect(use(question([system(`${GUIDE}0`, {})]), 400).read).toBe(0);
    expect(use(question([system(`${GUIDE}399`, {})]), 400).read).toBeGreaterThan(0);
  });
});
