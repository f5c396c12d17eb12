import { describe, expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import type { ContentPart, Message, ModelRequest } from "../core/request.ts";
import { templateLosses } from "./template-losses.ts";
import { loadEveryWire, loadedWire } from "./wire-registry.ts";

const PROMPT = new Set(["prompt"]);
const HELLO: readonly Message[] = [{ role: "user", content: [{ type: "text", text: "Hello" }] }];
const TOOL = { name: "f", parameters: { type: "object" } };
const PNG = { kind: "base64", mediaType: "image/png", data: "AAAA" } as const;

function losses(change: Partial<ModelRequest>, mentioned: ReadonlySet<string> = PROMPT) {
  return templateLosses(bareRequest({ messages: HELLO, ...change }), mentioned);
}

function lost(change: Partial<ModelRequest>, mentioned: ReadonlySet<string> = PROMPT): readonly string[] {
  return losses(change, mentioned).warnings.map(({ control }) => control);
}

function said(...content: readonly ContentPart[]): readonly Message[] {
  return [{ role: "user", content }];
}

describe("controls", () => {
  test("a plain request loses nothing", () => {
    expect(losses({})).toEqual({ warnings: [], fault: null });
  });

  test.each<[string, Partial<ModelRequest>]>([
    ["max_tokens", { sampling: { maxTokens: 7 } }],
    ["temperature", { sampling: { temperature: 0.1 } }],
    ["top_p", { sampling: { topP: 0.5 } }],
    ["stop", { sampling: { stop: ["x"] } }],
  ])("%s is lost where the template does not mention it", (control, change) => {
    expect(lost(change)).toEqual([control]);
    expect(lost(change, new Set(["prompt", control]))).toEqual([]);
  });

  test.each<[readonly string[], Partial<ModelRequest>]>([
    [["top_k"], { sampling: { topK: 3 } }],
    [["seed"], { sampling: { seed: 3 } }],
    [["n"], { sampling: { choices: 2 } }],
    [[], { sampling: { choices: 1 } }],
    [["frequency_penalty", "presence_penalty"], { sampling: { frequencyPenalty: 1, presencePenalty: 1 } }],
    [["logprobs"], { sampling: { logprobs: 0 } }],
    [["response_format"], { responseFormat: { type: "json" } }],
    [["reasoning_effort"], { reasoning: { effort: "low" } }],
    [[], { reasoning: { effort: "none" } }],
    [["tools"], { tools: [TOOL] }],
    [["tools", "tool_choice"], { tools: [TOOL], toolChoice: { type: "required" } }],
    [["tools", "tool_choice"], { tools: [TOOL], toolChoice: { type: "tool", name: "f" } }],
    [[], { tools: [TOOL], toolChoice: { type: "none" } }],
  ])("%j has no place at all", (controls, change) => {
    expect(lost(change)).toEqual([...controls]);
  });

  test("what crosses between OpenAI's dialects has no place in a template of one of them", async () => {
    await loadEveryWire();
    const body = { model: "m", input: "Hi", service_tier: "flex", truncation: "auto" };
    const request = loadedWire("openai-responses").parseRequest(body, { contract: {}, strict: false });
    if (!request.ok) throw new Error(request.fault.message);
    // The other name is told with what crosses to no wire.
    expect(lost(request.value)).toEqual(["service_tier"]);
  });

  test("they are named as their caller knows them", () => {
    const origin = { wire: "anthropic-messages", body: {}, rewritten: new Set<never>() } as const;
    expect(lost({ sampling: { stop: ["x"] }, origin })).toEqual(["stop_sequences"]);
  });
});

describe("content", () => {
  test.each<[string, ContentPart]>([
    ["an image", { type: "image", source: PNG }],
    ["a document", { type: "document", source: { ...PNG, mediaType: "application/pdf" } }],
    [
      "an image that a tool showed",
      { type: "tool_result", callId: "c", content: [{ type: "image", source: PNG }] },
    ],
  ])("%s is refused", (_what, part) => {
    expect(losses({ messages: [...HELLO, ...said(part)] }).fault).toMatchObject({
      kind: "invalid",
      code: "unsupported_content",
      param: "messages[1].content",
    });
  });

  test("a document that is text is text", () => {
    const source = { kind: "text", mediaType: "text/plain", text: "Terms." } as const;
    expect(losses({ messages: said({ type: "document", source }) })).toEqual({ warnings: [], fault: null });
  });

  test("reasoning that somebody signed, and marks for a cache, are told of", () => {
    const reasoning = { type: "reasoning", text: "Hm.", signature: "s" } as const;
    expect(lost({ messages: said(reasoning) })).toEqual(["reasoning"]);
    expect(lost({ messages: said({ type: "reasoning", text: "Hm." }) })).toEqual([]);
    expect(lost({ messages: said({ type: "text", text: "Hello", cache: {} }) })).toEqual(["cache_control"]);
  });

  test("turns of a role that the template does not mention are told of", () => {
    const messages: readonly Message[] = [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      ...HELLO,
      { role: "assistant", content: [{ type: "text", text: "Hi." }] },
    ];
    expect(lost({ messages }, new Set(["messages"]))).toEqual([]);
    expect(lost({ messages }, new Set(["user"]))).toEqual(["messages"]);
    expect(lost({ messages }, new Set(["user", "system"]))).toEqual(["messages"]);
    expect(lost({ messages: messages.slice(0, 2) }, new Set(["user", "system"]))).toEqual([]);
  });
});
