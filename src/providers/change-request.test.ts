import { describe, expect, test } from "bun:test";
import type { RequestChange } from "../core/plan.ts";
import type { ModelRequest, ReasoningControl, WireId } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import type { JsonObject } from "../wires/wire.ts";
import { changedRequest } from "./change-request.ts";
import { loadWire } from "./wire-registry.ts";

const HINTS = { contract: {}, strict: false, target: "chat" };
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

test("an arm's reasoning is a section of its own, and the body stays the caller's", () => {
  const changed = changedRequest(FAKE_REQUEST, { ...NOTHING, reasoning: { effort: "low" } });
  expect(changed.reasoning).toEqual({ effort: "low" });
  expect([...changed.origin.rewritten]).toEqual(["reasoning"]);
  expect(changed.origin.body).toBe(FAKE_REQUEST.origin.body);
});

test("what asks for vectors, or is not changed, stays the very same", () => {
  const vectors: ModelRequest = { ...FAKE_REQUEST, operation: "embed", embedding: { inputs: ["a"] } };
  expect(changedRequest(vectors, { ...NOTHING, prompt: PROMPT })).toBe(vectors);
  expect(changedRequest(FAKE_REQUEST, null)).toBe(FAKE_REQUEST);
});

describe("reasoning is said in the body of the caller's dialect, for a provider that speaks it", () => {
  const CHAT = { model: "m", messages: [{ role: "user", content: "Hello" }] };
  const THOUGHTS = { thinkingConfig: { includeThoughts: false, thinkingBudget: 500 } };
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
    const { sent } = await lowered(id, modelId, body, { effort: "low" });
    const wire = await loadWire(id);
    // What a provider of the same wire is sent says what the arm wants when it is read again.
    const again = wire.parseRequest(
      { ...body, ...sent, ...(id === "native" && { use_case: "chat" }) },
      HINTS,
    );
    if (!again.ok) throw new Error(again.fault.message);
    const { effort, budgetTokens } = again.value.reasoning ?? {};
    expect(effort === "low" || budgetTokens === 2048).toBe(true);
    expect(effort).not.toBe("high");
  });

  const OWN_WORDS: readonly (readonly [WireId, string, Record<string, unknown>, Record<string, unknown>])[] =
    [
      [
        "openai-responses",
        "gpt-5",
        { model: "m", input: "Hello", reasoning: { effort: "high", summary: "auto" } },
        { reasoning: { effort: "none", summary: "auto" } },
      ],
      [
        "gemini",
        "gemini-3-pro-preview",
        { contents: [{ parts: [{ text: "Hello" }] }], generationConfig: THOUGHTS },
        { generationConfig: { thinkingConfig: { includeThoughts: false, thinkingLevel: "LOW" } } },
      ],
      [
        "anthropic-messages",
        "claude-opus-4-8",
        { ...CHAT, max_tokens: 9, thinking: { type: "adaptive", display: "omitted" } },
        { thinking: { type: "disabled" } },
      ],
      [
        "bedrock-converse",
        "openai.gpt-oss-120b-1:0",
        {
          messages: [{ role: "user", content: [{ text: "Hello" }] }],
          additionalModelRequestFields: { reasoning_effort: "high", a: 1 },
        },
        { additionalModelRequestFields: { reasoning_effort: "low", a: 1 } },
      ],
    ];
  test.each(OWN_WORDS)("the least of it, and the caller's other words beside it: %s", async (...asked) => {
    const [id, modelId, body, expected] = asked;
    expect((await lowered(id, modelId, body, { effort: "none" })).sent).toMatchObject(expected);
  });
});

describe("an arm's reasoning fits what else Claude is sent", () => {
  const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
  const HELLO = { messages: [{ role: "user", content: "Hello" }] };
  const INVOKE = { ...HELLO, anthropic_version: "bedrock-2023-05-31" };
  const CONVERSE = { messages: [{ role: "user", content: [{ text: "Hello" }] }] };
  const TOOL = { name: "f", input_schema: { type: "object" } };
  const FORCED = { tools: [TOOL], tool_choice: { type: "any" } };
  const SPEC = { toolSpec: { name: "f", inputSchema: { json: { type: "object" } } } };
  const FITTING = { type: "enabled", budget_tokens: 1125 };

  test.each<[WireId, Record<string, unknown>, Record<string, unknown>, string]>([
    [
      "anthropic-messages",
      { ...HELLO, model: "m", max_tokens: 1500, temperature: 0.2 },
      { max_tokens: 1500, temperature: undefined, thinking: FITTING },
      "temperature",
    ],
    [
      "bedrock-invoke",
      { ...INVOKE, max_tokens: 1500, temperature: 0.2 },
      { max_tokens: 1500, temperature: undefined, thinking: FITTING },
      "temperature",
    ],
    [
      "bedrock-converse",
      { ...CONVERSE, inferenceConfig: { maxTokens: 1500, temperature: 0.2 } },
      { inferenceConfig: { maxTokens: 1500 }, additionalModelRequestFields: { thinking: FITTING } },
      "inferenceConfig.temperature",
    ],
    [
      "anthropic-messages",
      { ...HELLO, ...FORCED, model: "m", max_tokens: 30_000, thinking: { type: "adaptive" } },
      { ...FORCED, thinking: undefined },
      "thinking",
    ],
    ["bedrock-invoke", { ...INVOKE, ...FORCED, max_tokens: 30_000 }, { thinking: undefined }, "thinking"],
    [
      "bedrock-converse",
      { ...CONVERSE, toolConfig: { tools: [SPEC], toolChoice: { any: {} } } },
      { additionalModelRequestFields: undefined },
      "reasoning_effort",
    ],
  ])("%s", async (id, body, expected, control) => {
    const { sent, controls } = await lowered(id, SONNET, body, { effort: "high" });
    for (const [field, value] of Object.entries(expected)) expect(sent[field]).toEqual(value);
    expect(controls).toEqual([control]);
  });
});

/** What a provider of the caller's own wire is sent, and of which controls the caller is warned. */
async function lowered(
  id: WireId,
  modelId: string,
  body: Record<string, unknown>,
  reasoning: ReasoningControl,
): Promise<{ readonly sent: JsonObject; readonly controls: readonly string[] }> {
  const wire = await loadWire(id);
  const parsed = wire.parseRequest(body, HINTS);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const result = wire.lower(changedRequest(parsed.value, { ...NOTHING, reasoning }), {
    modelId,
    capabilities: new Set(["reasoning", "tools", "parallel_tools"] as const),
    maxOutputTokens: 64_000,
    unsupported: new Set<string>(),
  });
  if (!result.ok) throw new Error(result.fault.message);
  return { sent: result.value.body, controls: result.value.warnings.map(({ control }) => control) };
}
