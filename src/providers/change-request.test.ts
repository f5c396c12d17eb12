import { describe, expect, test } from "bun:test";
import type { RequestChange } from "../core/plan.ts";
import type { ModelRequest, WireId } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import { changedRequest } from "./change-request.ts";
import { loadWire } from "./wire-registry.ts";

const NOTHING: RequestChange = { prompt: null, sampling: null, reasoning: null };
const PROMPT = { id: "p", version: "1", text: "Be brief.", place: "before", tokens: 3 } as const;

const withSystem: ModelRequest = {
  ...FAKE_REQUEST,
  messages: [{ role: "system", content: [{ type: "text", text: "Own." }] }, ...FAKE_REQUEST.messages],
};

const rolesOf = (request: ModelRequest) => request.messages.map(({ role }) => role);

describe("a prompt", () => {
  test("goes before the caller's own", () => {
    const changed = changedRequest(withSystem, { ...NOTHING, prompt: PROMPT });
    expect(rolesOf(changed)).toEqual(["system", "system", "user"]);
    expect(changed.messages[0]?.content).toEqual([{ type: "text", text: "Be brief." }]);
    expect([...changed.origin.rewritten]).toEqual(["messages"]);
  });

  test("or instead of it", () => {
    const changed = changedRequest(withSystem, { ...NOTHING, prompt: { ...PROMPT, place: "instead" } });
    expect(rolesOf(changed)).toEqual(["system", "user"]);
    expect(changed.messages[0]?.content).toEqual([{ type: "text", text: "Be brief." }]);
  });
});

test("parameters replace the caller's and leave the others", () => {
  const asked = { ...FAKE_REQUEST, sampling: { temperature: 0.2, seed: 7 } };
  const changed = changedRequest(asked, { ...NOTHING, sampling: { temperature: 1, maxTokens: 9 } });
  expect(changed.sampling).toEqual({ temperature: 1, seed: 7, maxTokens: 9 });
  expect([...changed.origin.rewritten]).toEqual(["sampling"]);
});

test("what asks for vectors, or is not changed, stays the very same", () => {
  const vectors: ModelRequest = { ...FAKE_REQUEST, operation: "embed", embedding: { inputs: ["a"] } };
  expect(changedRequest(vectors, { ...NOTHING, prompt: PROMPT })).toBe(vectors);
  expect(changedRequest(FAKE_REQUEST, null)).toBe(FAKE_REQUEST);
});

describe("reasoning is said in the body of the caller's dialect, for a provider that speaks it", () => {
  const CHAT = { model: "m", messages: [{ role: "user", content: "Hello" }] };
  const bodies: readonly (readonly [WireId, string, Record<string, unknown>])[] = [
    ["openai-chat", "gpt-5", { ...CHAT, reasoning_effort: "high" }],
    [
      "openai-responses",
      "gpt-5",
      { model: "m", input: "Hello", reasoning: { effort: "high", summary: "auto" } },
    ],
    ["anthropic-messages", "some-model", { ...CHAT, max_tokens: 64_000, thinking: { type: "adaptive" } }],
    [
      "bedrock-converse",
      "us.anthropic.claude-sonnet-4-20250514-v1:0",
      {
        messages: [{ role: "user", content: [{ text: "Hello" }] }],
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 16_384 } },
      },
    ],
    [
      "gemini",
      "gemini-2.5-pro",
      {
        contents: [{ role: "user", parts: [{ text: "Hello" }] }],
        generationConfig: { thinkingConfig: { thinkingBudget: 16_384 } },
      },
    ],
    ["native", "chat", { use_case: "chat", input: "Hello", reasoning: { effort: "high" } }],
  ];

  test.each(bodies)("%s", async (id, modelId, body) => {
    const wire = await loadWire(id);
    const hints = { contract: {}, strict: false, target: "chat" };
    const parsed = wire.parseRequest(body, hints);
    if (!parsed.ok) throw new Error(parsed.fault.message);
    const changed = changedRequest(parsed.value, { ...NOTHING, reasoning: { effort: "low" } });
    const target = {
      modelId,
      capabilities: new Set(["reasoning"] as const),
      maxOutputTokens: 64_000,
      unsupported: new Set<string>(),
    };
    const lowered = wire.lower(changed, target);
    if (!lowered.ok) throw new Error(lowered.fault.message);
    // What a provider of the same wire is sent says what the arm wants when it is read again.
    const sent = { ...body, ...lowered.value.body };
    const again = wire.parseRequest(id === "native" ? { ...sent, use_case: "chat" } : sent, hints);
    if (!again.ok) throw new Error(again.fault.message);
    const { effort, budgetTokens } = again.value.reasoning ?? {};
    expect(effort === "low" || budgetTokens === 2048).toBe(true);
    expect(effort).not.toBe("high");
  });
});
