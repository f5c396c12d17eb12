import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StreamEvent } from "../../core/events.ts";
import type { ContentPart, Message, Tool } from "../../core/request.ts";
import { composeAnswer, isToken } from "./answers.ts";
import { accepts } from "./fill-schema.ts";
import type { Question } from "./question.ts";
import { countTokens, splitTokens } from "./tokens.ts";

const SETTINGS = { seed: 1, model: "atlas-large", flaw: null, signature: "sim:" };

function user(...content: readonly (string | ContentPart)[]): Message {
  return {
    role: "user",
    content: content.map((part) => (typeof part === "string" ? { type: "text", text: part } : part)),
  };
}

function question(text: string, rest: Partial<Question> = {}): Question {
  return {
    operation: "chat",
    messages: [user(text)],
    tools: [],
    sampling: {},
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
    ...rest,
  };
}

function ask(one: Question, flaw: "empty" | "not_json" | "schema_violation" | "filtered" | null = null) {
  return composeAnswer(one, { ...SETTINGS, flaw });
}

function textOf(events: readonly StreamEvent[], choice = 0): string {
  return events.map((event) => (event.type === "text" && event.choice === choice ? event.text : "")).join("");
}

function callsOf(events: readonly StreamEvent[]): { name: string; input: unknown }[] {
  return events.flatMap((event) => {
    if (event.type !== "tool_call") return [];
    const pieces = events.map((one) =>
      one.type === "tool_arguments" && one.index === event.index ? one.text : "",
    );
    return [{ name: event.name, input: JSON.parse(pieces.join("")) }];
  });
}

describe("text", () => {
  test("says that it is simulated, by whom, and what was asked", () => {
    const text = textOf(ask(question("How do I reset my password?")).events);
    expect(text).toStartWith("[simulated by atlas-large] You asked about “How do I reset my password?”");
  });

  test("the echo is bounded, whatever was sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 4000 }), (text) => {
        const answer = textOf(ask(question(text)).events);
        expect(answer.length).toBeLessThan(500);
        expect(answer.isWellFormed()).toBe(true);
      }),
    );
  });

  test("the last user message counts", () => {
    const messages = [user("first"), { role: "assistant", content: [] } as const, user("second")];
    expect(textOf(ask(question("", { messages })).events)).toContain("“second”");
  });

  test("an answer that was begun is gone on with, word for word", () => {
    const whole = textOf(ask(question("Where is my parcel?")).events);
    const begun = whole.slice(0, 60);
    const messages: Message[] = [
      user("Where is my parcel?"),
      { role: "assistant", content: [{ type: "text", text: begun }] },
    ];
    expect(begun + textOf(ask(question("", { messages })).events)).toBe(whole);
  });

  test("mentions images and documents it was given", () => {
    const source = { kind: "url", url: "https://example.com/a.png" } as const;
    const messages = [
      user(
        "look",
        { type: "image", source },
        { type: "image", source },
        { type: "document", source, name: "bill.pdf" },
      ),
    ];
    expect(textOf(ask(question("", { messages })).events)).toContain("2 images and the document bill.pdf");
  });

  test("the same question has the same answer; seed and choice vary it", () => {
    expect(ask(question("Hello"))).toEqual(ask(question("Hello")));
    const variants = Array.from({ length: 12 }, (_none, seed) =>
      textOf(ask(question("Hi", { sampling: { seed } })).events),
    );
    expect(new Set(variants).size).toBeGreaterThan(1);
  });

  test("n choices are interleaved, each complete", () => {
    const { events } = ask(question("Hello", { sampling: { choices: 3 } }));
    expect(events.slice(0, 3)).toMatchObject([{ choice: 0 }, { choice: 1 }, { choice: 2 }]);
    expect(events.filter((event) => event.type === "choice_end")).toHaveLength(3);
    for (const choice of [0, 1, 2]) expect(textOf(events, choice)).toStartWith("[simulated");
  });

  test("max_tokens cuts and says length", () => {
    const { events, finish, usage } = ask(question("Hello", { sampling: { maxTokens: 4 } }));
    expect(events.filter(isToken)).toHaveLength(4);
    expect(finish.unified).toBe("length");
    expect(usage.outputTokens).toBe(4);
  });

  test("a stop sequence ends the text before it", () => {
    const { events, finish } = ask(question("Hello", { sampling: { stop: ["never there", "“Hello"] } }));
    expect(textOf(events)).toBe("[simulated by atlas-large] You asked about ");
    expect(finish).toMatchObject({ unified: "stop", stopSequence: "“Hello" });
  });

  test("log probabilities belong to the tokens", () => {
    const { events } = ask(question("Grüße 👋", { sampling: { logprobs: 3 } }));
    for (const event of events) {
      if (event.type !== "text") continue;
      expect(event.logprobs).toMatchObject({
        content: [{ token: event.text, bytes: [...Buffer.from(event.text)] }],
      });
      const [entry] = (
        event.logprobs as { content: { logprob: number; top_logprobs: { logprob: number }[] }[] }
      ).content;
      const top = entry?.top_logprobs.map((one) => one.logprob) ?? [];
      expect(top).toHaveLength(3);
      expect(top).toEqual([...top].sort((a, b) => b - a));
      expect(top.reduce((sum, one) => sum + Math.exp(one), 0)).toBeLessThanOrEqual(1);
    }
  });

  test("usage counts what was sent and said", () => {
    const short = ask(question("Hello"));
    const long = ask(question("Hello ".repeat(100)));
    expect(short.usage.outputTokens).toBe(short.events.filter(isToken).length);
    expect(long.usage.inputTokens - short.usage.inputTokens).toBe(100);
  });
});

describe("JSON", () => {
  const schema = {
    type: "object",
    properties: { sentiment: { enum: ["positive", "negative"] }, reason: { type: "string" } },
    required: ["sentiment", "reason"],
    additionalProperties: false,
  };
  const format = { type: "json_schema", name: "s", schema, strict: true } as const;

  test("json_object answers with an object", () => {
    const text = textOf(ask(question("Give me JSON", { responseFormat: { type: "json" } })).events);
    expect(JSON.parse(text)).toMatchObject({ topic: "Give me JSON", simulated: true });
  });

  test("json_schema answers with a valid value that fits the words", () => {
    const value = JSON.parse(
      textOf(ask(question("That was a negative surprise", { responseFormat: format })).events),
    );
    expect(accepts(schema, value)).toBe(true);
    expect(value.sentiment).toBe("negative");
  });

  test("flaws: not JSON, not the schema", () => {
    const one = question("x", { responseFormat: format });
    expect(() => JSON.parse(textOf(ask(one, "not_json").events))).toThrow();
    expect(accepts(schema, JSON.parse(textOf(ask(one, "schema_violation").events)))).toBe(false);
  });
});

describe("tools", () => {
  const cities = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const weather: Tool = { name: "get_weather", description: "Current weather of a city", parameters: cities };
  const time: Tool = { name: "getLocalTime", description: "The time in a city", parameters: cities };
  const orders: Tool = {
    name: "list_orders",
    description: "Orders of a customer",
    parameters: { type: "object" },
  };
  const tools = [orders, time, weather];

  test.each([
    ["What is the weather in Paris?", ["get_weather"]],
    ["Tell me the time in Tokyo", ["getLocalTime"]],
    ["Weather in Paris and time in Tokyo please", ["get_weather", "getLocalTime"]],
    ["Show my orders", ["list_orders"]],
    ["Write a poem", []],
  ])("%s", (text, expected) => {
    const answer = ask(question(text, { tools }));
    expect(callsOf(answer.events).map((call) => call.name)).toEqual(expected);
    expect(answer.finish.unified).toBe(expected.length > 0 ? "tool_calls" : "stop");
  });

  test("arguments take the caller's names, each call its own", () => {
    const calls = callsOf(ask(question("the weather in Paris and the time in Tokyo", { tools })).events);
    expect(calls.map((call) => call.input)).toEqual([{ city: "Paris" }, { city: "Tokyo" }]);
  });

  test.each<[Partial<Question>, string[]]>([
    [{ toolChoice: { type: "none" } }, []],
    [{ toolChoice: { type: "tool", name: "list_orders" } }, ["list_orders"]],
    [{ toolChoice: { type: "required" } }, ["get_weather", "getLocalTime"]],
    [{ parallelToolCalls: false }, ["get_weather"]],
  ])("honours %j", (rest, expected) => {
    const one = question("weather in Paris and time in Tokyo", { tools: [weather, time, orders], ...rest });
    expect(callsOf(ask(one).events).map((call) => call.name)).toEqual(expected);
  });

  test("required calls something even where nothing fits", () => {
    const one = question("Write a poem", { tools, toolChoice: { type: "required" } });
    expect(callsOf(ask(one).events)).toHaveLength(1);
  });

  test("after a result it answers in text that uses it", () => {
    const messages: Message[] = [
      user("What is the weather in Paris?"),
      { role: "assistant", content: [{ type: "tool_call", id: "c1", name: "get_weather", arguments: "{}" }] },
      {
        role: "tool",
        content: [{ type: "tool_result", callId: "c1", content: [{ type: "text", text: "21 °C" }] }],
      },
    ];
    const answer = ask(question("", { messages, tools }));
    expect(answer.finish.unified).toBe("stop");
    expect(textOf(answer.events)).toContain("21 °C");
  });

  test("a schema violation spoils the arguments", () => {
    const [call] = callsOf(
      ask(question("weather in Paris", { tools: [weather] }), "schema_violation").events,
    );
    expect(accepts(cities, call?.input)).toBe(false);
  });
});

describe("reasoning", () => {
  const thoughtsOf = (events: readonly StreamEvent[]) =>
    events.map((event) => (event.type === "reasoning" ? event.text : "")).join("");
  const think = (reasoning: Partial<Question>["reasoning"], rest: Partial<Question> = {}) =>
    ask(question("Hello", { ...(reasoning && { reasoning }), ...rest }));

  test.each([undefined, {}, { effort: "none" }, { budgetTokens: 0 }] as const)("%j: none", (reasoning) => {
    const { events, usage } = think(reasoning);
    expect(events.some((event) => event.type === "reasoning")).toBe(false);
    expect(usage.reasoningTokens).toBe(0);
  });

  test("comes first, is signed once and counted apart", () => {
    const { events, usage } = think({ effort: "low" });
    const text = events.findIndex((event) => event.type === "text");
    expect(thoughtsOf(events)).toBe("[simulated reasoning] The question is about “Hello”.");
    expect(events[text - 1]).toMatchObject({
      type: "reasoning",
      text: "",
      signature: expect.stringMatching(/^sim:/),
    });
    expect(usage.reasoningTokens).toBe(text - 1);
    expect(usage.outputTokens).toBe(events.filter(isToken).length - usage.reasoningTokens);
  });

  test("grows with the effort, and keeps to its budget and to max_tokens", () => {
    const { length } = thoughtsOf(think({ effort: "minimal" }).events);
    expect(thoughtsOf(think({ effort: "high" }).events).length).toBeGreaterThan(length);
    expect(think({ effort: "high", budgetTokens: 5 }).usage.reasoningTokens).toBe(5);
    const cut = think({ effort: "high" }, { sampling: { maxTokens: 3 } });
    expect(cut.usage).toMatchObject({ reasoningTokens: 3, outputTokens: 0 });
    expect(cut.finish.unified).toBe("length");
  });

  test("comes before a tool's call too", () => {
    const tools: Tool[] = [{ name: "get_weather", parameters: { type: "object" } }];
    const { events } = ask(question("The weather?", { tools, reasoning: { effort: "low" } }));
    const types = [...new Set(events.map((event) => event.type))];
    expect(types.slice(0, 2)).toEqual(["reasoning", "tool_call"]);
  });
});

describe("other flaws", () => {
  test("empty has an end and nothing else", () => {
    expect(ask(question("x"), "empty").events.map((event) => event.type)).toEqual(["choice_end"]);
  });

  test("filtered stops halfway and says why", () => {
    const whole = ask(question("x")).usage.outputTokens;
    const half = ask(question("x"), "filtered");
    expect(half.usage.outputTokens).toBe(Math.ceil(whole / 2));
    expect(half.finish.unified).toBe("content_filter");
  });
});

describe("tokens", () => {
  test("pieces join to the text, are counted alike, and tear no character apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const pieces = splitTokens(text);
        expect(pieces.join("")).toBe(text);
        expect(countTokens(text)).toBe(pieces.length);
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
      }),
    );
  });
});
