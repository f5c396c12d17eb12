import { describe, expect, test } from "bun:test";
import type { ModelRequest, WireId } from "../core/request.ts";
import { crossingLosses } from "./crossing.ts";
import { loadEveryWire, loadedWire } from "./wire-registry.ts";

await loadEveryWire();

function parsed(wire: WireId, body: unknown): ModelRequest {
  const result = loadedWire(wire).parseRequest(body, {
    contract: {},
    strict: false,
    target: "support-chat",
    stream: false,
  });
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

const losses = (request: ModelRequest, to: WireId) => crossingLosses(request, loadedWire(to));
const ANY_MODEL = {
  modelId: "m",
  maxOutputTokens: 100,
  capabilities: new Set<never>(),
  unsupported: new Set<never>(),
};
const OBJECT = { s3Location: { uri: "s3://bucket/a.png" } };
const REFUSED = { kind: "invalid", code: "unsupported_content" };

describe("content that its own provider alone can read is refused", () => {
  const image = { image: { format: "png", source: OBJECT } };
  const document = { document: { format: "pdf", name: "d", source: OBJECT } };
  const shown = { toolResult: { toolUseId: "a", content: [image] } };

  test.each([
    ["an image", image],
    ["a document", document],
    ["what a tool showed", shown],
  ])("%s in S3", (_, block) => {
    const request = parsed("bedrock-converse", {
      messages: [{ role: "user", content: [{ text: "What is it?" }, block] }],
    });
    for (const to of ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const) {
      expect(losses(request, to)).toMatchObject({ ...REFUSED, param: "messages[0].content" });
    }
    expect(losses(request, "bedrock-converse")).toEqual([]);
  });

  test("what a request refers to in place of sending it", () => {
    const contents = [{ role: "user", parts: [{ text: "Summarise chapter 3." }] }];
    for (const field of ["cachedContent", "cached_content"]) {
      const request = parsed("gemini", { contents, [field]: "cachedContents/abc" });
      expect(losses(request, "anthropic-messages")).toMatchObject({ ...REFUSED, param: "cachedContent" });
      expect(losses(request, "gemini")).toEqual([]);
    }
  });

  test("a message that would have nothing left", () => {
    const audio = { inlineData: { mimeType: "audio/wav", data: "AAAA" } };
    const alone = parsed("gemini", { contents: [{ role: "user", parts: [audio] }] });
    expect(losses(alone, "openai-chat")).toMatchObject({
      ...REFUSED,
      message: expect.stringContaining("`inlineData` exists on gemini only"),
    });
    const earlier = parsed("gemini", {
      contents: [
        { role: "user", parts: [audio] },
        { role: "user", parts: [{ text: "And now?" }] },
      ],
    });
    expect(losses(earlier, "openai-chat")).toMatchObject([{ control: "messages[0].content" }]);
    const lowered = loadedWire("openai-chat").lower(earlier, ANY_MODEL);
    expect(lowered.ok && lowered.value.body.messages).toEqual([{ role: "user", content: "And now?" }]);
    const beside = parsed("gemini", { contents: [{ role: "user", parts: [{ text: "Listen." }, audio] }] });
    expect(losses(beside, "openai-chat")).toMatchObject([{ control: "messages[0].content" }]);
  });

  test("a reference to an item, and never one to what this gateway named", () => {
    const input = (id: string) => [
      { role: "user", content: "Hi" },
      { type: "item_reference", id },
      { role: "assistant", content: "Yes?" },
    ];
    const request = parsed("openai-responses", { model: "m", input: input("msg_1") });
    expect(losses(request, "openai-chat")).toMatchObject({
      ...REFUSED,
      message: expect.stringContaining("Send the item itself"),
    });
    expect(losses(request, "openai-responses")).toEqual([]);
    const own = () => parsed("openai-responses", { model: "m", input: input("msg_pm_7_0") });
    expect(own).toThrow("Send the item itself");
  });
});

test("what a tool showed and no other provider can read is told of", () => {
  const video = { video: { format: "mp4", source: OBJECT } };
  const request = parsed("bedrock-converse", {
    messages: [
      { role: "user", content: [{ toolResult: { toolUseId: "a", content: [{ text: "Here." }, video] } }] },
    ],
  });
  expect(losses(request, "openai-chat")).toMatchObject([{ message: expect.stringContaining("`video`") }]);
});

test("any number of fields beyond the contract is told of by some", () => {
  const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field_${index}`, 1]));
  const messages = [{ role: "user", content: "Hi" }];
  const crowded = parsed("anthropic-messages", { model: "m", max_tokens: 9, ...fields, messages });
  expect(losses(crowded, "openai-chat")).toHaveLength(16);
});

test("of what both OpenAI dialects have, a server that imitates them gets nothing that it may refuse", () => {
  const said = { model: "m", input: "Hi", prompt_cache_key: "k" };
  const lower = (tier: string, imitates: boolean) => {
    const request = parsed("openai-responses", { ...said, service_tier: tier });
    const lowered = loadedWire("openai-chat").lower(request, { ...ANY_MODEL, imitates });
    if (!lowered.ok) throw new Error(lowered.fault.message);
    const { service_tier, prompt_cache_key } = lowered.value.body;
    return [service_tier, prompt_cache_key, lowered.value.warnings.map(({ control }) => control)];
  };
  expect(lower("flex", false)).toEqual(["flex", "k", []]);
  expect(lower("auto", false)).toEqual([undefined, "k", []]);
  expect(lower("flex", true)).toEqual([undefined, undefined, ["service_tier"]]);
  expect(lower("auto", true)).toEqual([undefined, undefined, []]);
});
