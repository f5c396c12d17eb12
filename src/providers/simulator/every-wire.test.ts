/** The same simulator on every wire, read back by the wire's own client side. */
import { describe, expect, test } from "bun:test";
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { FaultKind } from "../../core/faults.ts";
import type { ModelRequest, Tool, WireId } from "../../core/request.ts";
import { endOf, readReply, requestOf, send, textOf } from "./fake-caller.ts";
import { INSTANT, start, turns, until } from "./fake-client.ts";
import type { FaultInput } from "./fault-list.ts";
import { CUT_AFTER_MS } from "./playback.ts";

const CHAT: readonly WireId[] = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "native",
];
const CITIES: Tool = {
  name: "get_weather",
  description: "Current weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const PLACE = {
  type: "json_schema",
  name: "place",
  schema: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
} as const;

/** Wires that say how long to wait. Bedrock does not. */
const SAYS_WAIT: ReadonlySet<WireId> = new Set<WireId>([
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "gemini",
  "native",
]);

/** Where a stream without its last frame is not taken for complete. */
const MISSING_END: Partial<Record<WireId, FaultKind>> = {
  "openai-responses": "outage",
  gemini: "outage",
  native: "outage",
};

async function ask(id: WireId, request: ModelRequest, fault?: FaultInput["fault"], scenario = INSTANT) {
  const { simulator, clock } = await start(scenario);
  if (fault !== undefined) simulator.inject({ fault });
  const response = await send(simulator, id, request);
  return { simulator, clock, response, events: () => readReply(id, response, clock.now()) };
}

function totals(usage: Usage | null) {
  if (usage === null) return null;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return {
    input: inputTokens + cacheReadTokens + cacheWriteTokens,
    output: outputTokens + reasoningTokens,
  };
}

function usageOf(events: readonly StreamEvent[]): Usage | null {
  const end = endOf(events);
  return end.type === "finish" ? end.usage : null;
}

function tokensOf(events: readonly StreamEvent[]): number {
  return events.filter((event) => event.type === "text").length;
}

for (const id of CHAT) {
  describe(id, () => {
    answers(id);
    refuses(id);
    breaks(id);
  });
}

function answers(id: WireId): void {
  test.each([false, true])("answers, and is read back (stream %p)", async (stream) => {
    const { simulator, response, events } = await ask(id, requestOf("Where is Paris?", { stream }));
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-simulated")).toBe("true");
    const read = await events();
    expect(textOf(read)).toStartWith("[simulated by atlas-large] You asked about “Where is Paris?”");
    expect(endOf(read)).toMatchObject({ type: "finish", reason: { unified: "stop" } });
    const { answered, active, inputTokens, outputTokens } = simulator.stats().atlas ?? {};
    expect({ answered, active }).toEqual({ answered: 1, active: 0 });
    expect(totals(usageOf(read))).toEqual({ input: inputTokens ?? 0, output: outputTokens ?? 0 });
  });

  test("says the same streamed and whole, token by token", async () => {
    const whole = await (await ask(id, requestOf("Hello"))).events();
    const streamed = await (await ask(id, requestOf("Hello", { stream: true }))).events();
    expect(textOf(streamed)).toBe(textOf(whole));
    expect(tokensOf(streamed)).toBeGreaterThan(10);
  });

  test.each([false, true])("calls tools (stream %p)", async (stream) => {
    const request = requestOf("What is the weather in Paris?", { stream, tools: [CITIES] });
    const read = await (await ask(id, request)).events();
    expect(endOf(read)).toMatchObject({ type: "finish", reason: { unified: "tool_calls" } });
    expect(read.find((event) => event.type === "tool_call")).toMatchObject({ name: "get_weather" });
    const text = read.map((event) => (event.type === "tool_arguments" ? event.text : "")).join("");
    expect(JSON.parse(text)).toEqual({ city: "Paris" });
  });

  test("stops at max_tokens", async () => {
    const read = await (await ask(id, requestOf("Hello", { sampling: { maxTokens: 4 } }))).events();
    expect(endOf(read)).toMatchObject({ type: "finish", reason: { unified: "length" } });
    expect(totals(usageOf(read))?.output).toBe(4);
  });

  test.each([false, true])("thinks first where it is asked to (stream %p)", async (stream) => {
    const reasoning = { effort: "high" } as const;
    const request = requestOf("Hello", { stream, reasoning, sampling: { maxTokens: 32_000 } });
    const read = await (await ask(id, request)).events();
    const thoughts = read.map((event) => (event.type === "reasoning" ? event.text : "")).join("");
    expect(thoughts).toStartWith("[simulated reasoning] The question is about “Hello”.");
    expect(textOf(read)).toStartWith("[simulated by atlas-large]");
    // Converse counts thinking as output and does not say how much of it there was.
    if (id !== "bedrock-converse") expect(usageOf(read)?.reasoningTokens).toBeGreaterThan(10);
    const signed = read.some((event) => event.type === "reasoning" && event.signature !== undefined);
    expect(signed).toBe(id !== "openai-chat");
  });

  test("answers with the JSON that was asked for", async () => {
    const read = await (await ask(id, requestOf("Where is Paris?", { responseFormat: PLACE }))).events();
    expect(JSON.parse(textOf(read))).toEqual({ city: "Paris" });
  });
}

function refuses(id: WireId): void {
  test.each<[FaultInput["fault"], FaultKind]>([
    [{ status: 400 }, "invalid"],
    [{ status: 401 }, "provider_auth"],
    [{ status: 403 }, "provider_auth"],
    [{ status: 404 }, "provider_not_found"],
    [{ status: 500 }, "outage"],
    [{ status: 502 }, "outage"],
    [{ status: 503 }, "outage"],
    [{ status: 504 }, "timeout"],
    [{ status: 529 }, "outage"],
    [{ status: 429 }, "throttled"],
    ["throttle", "throttled"],
    ["context_overflow", "context_overflow"],
    ["content_filter", "filtered"],
    ["empty_answer", "malformed"],
    ["invalid_json", "malformed"],
    [{ malformed_chunk_at: 2 }, "malformed"],
    [{ error_in_stream_after_tokens: 2 }, "outage"],
    [{ error_in_stream_after_tokens: 2, code: "rate_limit_exceeded" }, "throttled"],
  ])("%j is %s, streamed or not", async (fault, kind) => {
    for (const stream of [false, true]) {
      const read = await (await ask(id, requestOf("Hello", { stream }), fault)).events();
      expect(endOf(read)).toMatchObject({ type: "fault", fault: { kind } });
    }
  });

  test("an answer that the model ended and that holds nothing says both, in a stream", async () => {
    const read = await (await ask(id, requestOf("Hello", { stream: true }), "empty_answer")).events();
    expect(endOf(read)).toMatchObject({ type: "fault", fault: { code: "empty_answer", ended: true } });
  });

  test("says how long to wait, as far as the wire has words for it", async () => {
    const [end] = await (await ask(id, requestOf("Hello"), { throttle: "7s" })).events();
    const wait = end?.type === "fault" ? end.fault.retryAfterMs : null;
    expect(wait).toBe(SAYS_WAIT.has(id) ? 7000 : undefined);
  });

  test("a used-up quota throttles", async () => {
    const scenario = "version: 1\ndeployments: { atlas: { quota: { requests_per_minute: 1 } } }";
    const { simulator, clock, events } = await ask(id, requestOf("Hello"), undefined, scenario);
    await events();
    const read = await readReply(id, await send(simulator, id, requestOf("Hello")), clock.now());
    expect(endOf(read)).toMatchObject({ type: "fault", fault: { kind: "throttled" } });
    const wait = read[0]?.type === "fault" ? read[0].fault.retryAfterMs : null;
    expect(wait).toBe(SAYS_WAIT.has(id) ? 60_000 : undefined);
  });

  test("a request that the wire refuses is invalid", async () => {
    const { simulator, clock } = await start();
    const sound = await send(simulator, id, requestOf("Hello"));
    const response = await fetch(sound.url, { method: "POST", body: '{"messages":7}' });
    const read = await readReply(id, response, clock.now());
    expect(endOf(read)).toMatchObject({ type: "fault", fault: { kind: "invalid" } });
  });

  test("a fault that matches another wire leaves this one alone", async () => {
    const { simulator, clock } = await start();
    const other = id === "gemini" ? "openai-chat" : "gemini";
    simulator.inject({ match: { wire: other }, fault: { status: 500 } });
    const read = await readReply(id, await send(simulator, id, requestOf("Hello")), clock.now());
    expect(endOf(read).type).toBe("finish");
    simulator.inject({ match: { wire: [other, id] }, fault: { status: 500 } });
    expect((await send(simulator, id, requestOf("Hello"))).status).toBe(500);
  });
}

function breaks(id: WireId): void {
  test("error_in_stream_after_tokens: so many tokens come before it", async () => {
    const fault = { error_in_stream_after_tokens: 3 };
    const read = await (await ask(id, requestOf("Hello", { stream: true }), fault)).events();
    expect(tokensOf(read)).toBe(3);
  });

  test("cut_after_tokens: so many tokens, then an outage", async () => {
    const fault = { cut_after_tokens: 3 };
    const { clock, simulator, events } = await ask(id, requestOf("Hello", { stream: true }), fault);
    const reading = events();
    await until(() => clock.pending === 1);
    await clock.advance(CUT_AFTER_MS);
    const read = await reading;
    expect(tokensOf(read)).toBe(3);
    expect(endOf(read)).toMatchObject({ type: "fault", fault: { kind: "outage" } });
    expect(simulator.stats().atlas).toMatchObject({ active: 0, answered: 0 });
  });

  test("stall_after_tokens: tokens, then silence", async () => {
    const fault = { stall_after_tokens: 3 };
    const { response } = await ask(id, requestOf("Hello", { stream: true }), fault);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    expect(await Promise.race([reader?.read(), turns(50)])).toBe("nothing");
  });

  test("reset: no answer at all", async () => {
    const { simulator } = await start();
    simulator.inject({ fault: "reset" });
    await expect(send(simulator, id, requestOf("Hello"))).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("hang: nothing, until the caller leaves", async () => {
    const { simulator } = await start();
    simulator.inject({ fault: "hang" });
    const leaving = new AbortController();
    const answer = send(simulator, id, requestOf("Hello"), leaving.signal);
    await until(() => simulator.stats().atlas?.faults.hang === 1);
    expect(await Promise.race([answer, turns(50)])).toBe("nothing");
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await until(() => simulator.stats().atlas?.active === 0);
  });

  test("missing_done: the last frame does not come, and the wire says what that means", async () => {
    const read = await (await ask(id, requestOf("Hello", { stream: true }), "missing_done")).events();
    expect(textOf(read)).toStartWith("[simulated by atlas-large]");
    const end = endOf(read);
    expect(end.type === "fault" ? end.fault.kind : end.type).toBe(MISSING_END[id] ?? "finish");
  });

  test.each([false, true])("content_filter_finish: half an answer and why (stream %p)", async (stream) => {
    const read = await (await ask(id, requestOf("Hello", { stream }), "content_filter_finish")).events();
    expect(textOf(read)).toStartWith("[simulated by atlas-large]");
    const end = endOf(read);
    if (end.type !== "finish") throw new Error(end.fault.message);
    expect(["content_filter", "refusal"]).toContain(end.reason.unified);
  });

  test("schema_violation: JSON, but not the schema's", async () => {
    const request = requestOf("Where is Paris?", { responseFormat: PLACE });
    const read = await (await ask(id, request, "schema_violation")).events();
    expect(typeof JSON.parse(textOf(read)).city).toBe("undefined");
  });
}
