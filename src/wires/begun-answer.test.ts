import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../core/contract.ts";
import { type ModelRequest, withMessages } from "../core/request.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { openaiChat } from "./openai-chat.ts";
import type { LowerTarget, Wire } from "./wire.ts";

const MODELS = ["anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-4-6-v1"];
const BEGUN = { role: "assistant", content: [{ type: "text", text: "It is" }] } as const;

type Lowers = Pick<Wire<unknown, unknown>, "lower">;

function parsed<Read, Render>(
  wire: Wire<Read, Render>,
  body: Readonly<Record<string, unknown>>,
): ModelRequest {
  const result = wire.parseRequest(body, { contract: {}, strict: false, target: "m" });
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** What is sent of thinking, and the controls that are warned of. */
function lower(request: ModelRequest, to: Lowers, modelId: string): readonly [unknown, readonly string[]] {
  const capabilities = new Set(CAPABILITIES);
  const target: LowerTarget = { modelId, maxOutputTokens: 9000, capabilities, unsupported: new Set() };
  const lowered = to.lower(request, target);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  const { body, warnings } = lowered.value;
  const fields = body.additionalModelRequestFields as { readonly thinking?: unknown } | undefined;
  return [body.thinking ?? fields?.thinking, warnings.map(({ control }) => control)];
}

const goOn = (request: ModelRequest) => withMessages(request, [...request.messages, BEGUN]);

const THINKING = { type: "enabled", budget_tokens: 2000 };
const CHAT = {
  model: "m",
  reasoning_effort: "high",
  max_tokens: 3000,
  messages: [{ role: "user", content: "q" }],
};
const MESSAGES = { ...CHAT, reasoning_effort: undefined, thinking: THINKING };
const CONVERSE = {
  messages: [{ role: "user", content: [{ text: "q" }] }],
  inferenceConfig: { maxTokens: 3000 },
  additionalModelRequestFields: { thinking: THINKING },
};

describe.each(MODELS)("thinking of %s", (model) => {
  test.each([
    ["Chat to Messages", parsed(openaiChat, CHAT), anthropicMessages],
    ["Chat to Converse", parsed(openaiChat, CHAT), bedrockConverse],
    ["Messages", parsed(anthropicMessages, MESSAGES), anthropicMessages],
    ["Converse", parsed(bedrockConverse, CONVERSE), bedrockConverse],
  ] as const)(
    "is not asked for again where a told text is gone on with, and nobody told: %s",
    (_, request, to) => {
      expect(JSON.stringify(lower(request, to, model))).toMatch(/^\[\{"type":"(enabled|adaptive)".*\[\]\]$/);
      expect(lower(goOn(request), to, model)).toEqual([undefined, []]);
    },
  );

  test("gives way to an answer that a caller of another dialect has begun, with a warning", () => {
    const messages = [...CHAT.messages, { role: "assistant", content: "It is" }];
    for (const to of [anthropicMessages, bedrockConverse]) {
      const sent = lower(parsed(openaiChat, { ...CHAT, messages }), to, model);
      expect(sent).toEqual([undefined, ["reasoning_effort"]]);
    }
  });
});

test("what a caller of the dialect itself has begun is its own to keep consistent", () => {
  const [model = ""] = MODELS;
  const own = { ...MESSAGES, messages: [...MESSAGES.messages, { role: "assistant", content: "It is" }] };
  expect(lower(parsed(anthropicMessages, own), anthropicMessages, model)).toEqual([THINKING, []]);
  const turns = [...CONVERSE.messages, { role: "assistant", content: [{ text: "It is" }] }];
  const converse = parsed(bedrockConverse, { ...CONVERSE, messages: turns });
  expect(lower(converse, bedrockConverse, model)).toEqual([THINKING, []]);
});

test("a model that imitates the dialect thinks as it was asked to", () => {
  const request = goOn(parsed(anthropicMessages, MESSAGES));
  expect(lower(request, anthropicMessages, "kimi-k2")).toEqual([THINKING, []]);
});
