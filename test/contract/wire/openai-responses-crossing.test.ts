/** Between the two OpenAI dialects: a request on one wire asked on the other, and the answer told back. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamEvent } from "../../../src/core/events.ts";
import { crossingLosses } from "../../../src/providers/crossing.ts";
import { loadEveryWire } from "../../../src/providers/wire-registry.ts";
import { openaiChat } from "../../../src/wires/openai-chat.ts";
import { openaiResponses } from "../../../src/wires/openai-responses.ts";
import type { Wire } from "../../../src/wires/wire.ts";
import { CONTEXT, readBytes, renderFrames, type Summary, summarise, toBytes } from "./streams.ts";
import { ABLE, parsed } from "./wire-contract.ts";

type AnyWire = Wire<unknown, unknown>;
const chat = openaiChat as AnyWire;
const responses = openaiResponses as AnyWire;
// Requests come in on wires that are loaded.
await loadEveryWire();
const FIXTURES = join(import.meta.dir, "../../fixtures");

function fixture(wire: AnyWire, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(FIXTURES, wire.id, file), "utf8"));
}

/** Results of tools as text: a tool's message of the chat wire has no pictures. */
function withPlainResults(body: Record<string, unknown>): Record<string, unknown> {
  const input = body.input;
  if (!Array.isArray(input)) return body;
  const plain = input.map((item) => (Array.isArray(item.output) ? { ...item, output: "A photo." } : item));
  return { ...body, input: plain };
}

/** `body` of one wire as the other would send it on. */
function cross(body: unknown, from: AnyWire, to: AnyWire) {
  const lowered = to.lower(parsed(from, body), ABLE);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return { body: JSON.parse(JSON.stringify(lowered.value.body)), warnings: lowered.value.warnings };
}

/** What both dialects can say of a request. */
function contractOf(wire: AnyWire, body: unknown) {
  const request = parsed(wire, body);
  const {
    messages,
    tools,
    toolChoice,
    parallelToolCalls,
    sampling,
    responseFormat,
    reasoning,
    user,
    stream,
  } = request;
  const said = messages.map(({ role, content }) => ({
    role,
    content: content.filter((part) => part.type !== "reasoning"),
  }));
  return {
    messages: said,
    tools,
    toolChoice,
    parallelToolCalls,
    sampling,
    responseFormat,
    reasoning,
    user,
    stream,
  };
}

describe("a request", () => {
  test.each([["text"], ["controls"], ["tools"], ["json-schema"], ["json-object"], ["contract"]])(
    "%s of the Responses wire says the same on the chat wire, and back",
    (name) => {
      const body = withPlainResults(fixture(responses, `request-${name}.json`));
      const there = cross(body, responses, chat);
      // The chat wire has no field for reasoning that is handed back.
      const lost = name === "tools" ? ["reasoning"] : [];
      expect(there.warnings.map((warning) => warning.control)).toEqual(lost);
      expect(contractOf(chat, there.body)).toEqual(contractOf(responses, body));
      const back = cross(there.body, chat, responses);
      expect(back.warnings).toEqual([]);
      expect(contractOf(responses, back.body)).toEqual(contractOf(responses, body));
    },
  );

  test.each([["text"], ["tools"], ["images"], ["json-schema"], ["contract"]])(
    "%s of the chat wire says the same on the Responses wire, and back",
    (name) => {
      const body = fixture(chat, `request-${name}.json`);
      const there = cross(body, chat, responses);
      expect(there.body.store).toBe(false);
      const back = cross(there.body, responses, chat);
      // A tool that does not say how strict it is, is not: said aloud on one wire, by silence on the other.
      const tools = (of: ReturnType<typeof contractOf>) => ({
        ...of,
        tools: of.tools.map((tool) => ({ ...tool, strict: tool.strict ?? false })),
      });
      expect(tools(contractOf(chat, back.body))).toEqual(tools(contractOf(chat, body)));
    },
  );

  test("controls that the Responses wire lacks are said, one by one", () => {
    const { body, warnings } = cross(fixture(chat, "request-controls.json"), chat, responses);
    const controls = warnings.map((warning) => warning.control);
    expect(controls).toEqual(["stop", "seed", "n", "frequency_penalty", "presence_penalty"]);
    for (const control of controls) expect(body).not.toHaveProperty(control);
  });

  test("what both dialects have and the contract does not is carried, without a word", () => {
    const shared = { service_tier: "flex", prompt_cache_key: "k", prompt_cache_retention: "24h" };
    for (const [from, to, asked] of [
      [responses, chat, { input: "Hi" }],
      [chat, responses, { messages: [{ role: "user", content: "Hi" }] }],
    ] as const) {
      const body = { model: "m", ...asked, ...shared };
      expect(cross(body, from, to).body).toMatchObject(shared);
      expect(crossingLosses(parsed(from, body), to)).toEqual([]);
    }
  });

  test("items, tools and options that only the Responses wire has are said too", () => {
    const request = parsed(responses, {
      model: "m",
      input: [
        { role: "user", content: "Look it up." },
        { type: "web_search_call", id: "ws_1", status: "completed" },
        { role: "assistant", content: "Done." },
        { role: "user", content: "Hi" },
      ],
      tools: [{ type: "web_search" }],
      text: { verbosity: "low" },
    });
    const losses = crossingLosses(request, chat);
    expect(losses).toMatchObject([
      { control: "text.verbosity" },
      { control: "tools[0]" },
      { control: "messages[1].content", message: expect.stringContaining("`web_search_call`") },
    ]);
    expect(crossingLosses({ ...request, strict: true }, chat)).toMatchObject({ code: "unsupported_control" });
    expect(crossingLosses(request, responses)).toEqual([]);
  });
});

/**
 * What both dialects can tell of an answer: neither counts a separator between two parts of reasoning apart, and not
 * both say what one used that broke.
 */
function comparable(summary: Summary) {
  const { fault, ...told } = summary;
  const broken = fault !== null;
  return broken ? { ...told, usage: null, broken } : { ...told, broken };
}

function streams(wire: AnyWire): readonly (readonly [string, readonly StreamEvent[]])[] {
  const files = readdirSync(join(FIXTURES, wire.id)).filter((file) => file.endsWith(".sse"));
  return files.map((file) => [
    file,
    readBytes(wire, [new Uint8Array(readFileSync(join(FIXTURES, wire.id, file)))]),
  ]);
}

function streamed(events: readonly StreamEvent[], wire: AnyWire): readonly StreamEvent[] {
  return readBytes(wire, [toBytes(wire, renderFrames(wire, events))]);
}

function whole(events: readonly StreamEvent[], wire: AnyWire): readonly StreamEvent[] {
  return wire.readAnswer(JSON.parse(JSON.stringify(wire.renderAnswer(events, CONTEXT))));
}

describe("an answer", () => {
  // Two choices and broken calls are what the other wire cannot say.
  const fromChat = streams(chat).filter(([file]) => file !== "two-choices.sse");

  test.each([...fromChat])("%s of the chat wire reads the same as a Responses stream", (_, events) => {
    const told = summarise(events);
    expect(comparable(summarise(streamed(events, responses)))).toEqual(comparable(told));
    if (told.finish !== null) expect(summarise(whole(events, responses))).toEqual(told);
  });

  // A tool of the provider's own is nothing that the chat wire could tell.
  const fromResponses = streams(responses).filter(([file]) => file !== "custom-tool.sse");

  test.each([...fromResponses])("%s of the Responses wire reads the same as a chat stream", (_, events) => {
    const told = summarise(events);
    expect(comparable(summarise(streamed(events, chat)))).toEqual(comparable(told));
    if (told.finish !== null) expect(summarise(whole(events, chat))).toEqual(told);
  });
});
