import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../core/contract.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { traitsOf } from "./model-version.ts";
import { openaiChat } from "./openai-chat.ts";
import type { Lowered, LowerTarget, Wire } from "./wire.ts";

const schema = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false,
};
const SONNET_4 = "anthropic.claude-sonnet-4-20250514-v1:0";
const SONNET_4_5 = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const WORDS = `It must satisfy this JSON Schema: ${JSON.stringify(schema)}`;

function lower<Read, Render>(
  from: Wire<Read, Render>,
  body: unknown,
  to: Pick<Wire<unknown, unknown>, "lower">,
  modelId: string,
): Lowered {
  const parsed = from.parseRequest(body, { contract: {}, strict: false, target: "m" });
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const target: LowerTarget = {
    modelId,
    maxOutputTokens: 1000,
    capabilities: new Set(CAPABILITIES),
    unsupported: new Set(),
  };
  const lowered = to.lower(parsed.value, target);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return lowered.value;
}

const turn = { role: "user", content: "q" };
const CHAT = {
  model: "m",
  messages: [turn],
  tools: [{ type: "function", function: { name: "f", strict: true, parameters: schema } }],
  response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema } },
};
const MESSAGES = {
  model: "m",
  max_tokens: 9,
  messages: [turn],
  tools: [{ name: "f", strict: true, eager_input_streaming: true, input_schema: schema }],
  output_config: { format: { type: "json_schema", schema } },
};
const textFormat = {
  type: "json_schema",
  structure: { jsonSchema: { schema: JSON.stringify(schema), name: "a" } },
};
const CONVERSE = {
  messages: [{ role: "user", content: [{ text: "q" }] }],
  toolConfig: { tools: [{ toolSpec: { name: "f", strict: true, inputSchema: { json: schema } } }] },
  outputConfig: { textFormat },
};

test.each([
  ["claude-sonnet-4-20250514", false],
  ["claude-opus-4@20250514", false],
  ["eu.anthropic.claude-3-7-sonnet-20250219-v1:0", false],
  ["claude-opus-4-1-20250805", true],
  ["claude-haiku-4-5", true],
  ["claude-opus-5", true],
])("whether a schema is enforced, by the name: %s", (name, expected) => {
  expect(traitsOf(name)?.schemas).toBe(expected);
});

describe("a model of Claude that enforces no schema", () => {
  test.each([
    ["a Chat caller", openaiChat, CHAT],
    ["its own dialect's caller", anthropicMessages, MESSAGES],
  ] as const)("is told it in words by Messages: %s", (_, from, said) => {
    const { body, warnings } = lower<unknown, unknown>(from, said, anthropicMessages, SONNET_4);
    expect(body.system).toEndWith(WORDS);
    expect(body).not.toHaveProperty("output_config");
    expect(body.tools).toEqual([
      { name: "f", input_schema: schema, ...(from === anthropicMessages && { eager_input_streaming: true }) },
    ]);
    expect(warnings.map(({ control }) => control)).toEqual(["strict"]);
  });

  test.each([
    ["a Chat caller", openaiChat, CHAT],
    ["its own dialect's caller", bedrockConverse, CONVERSE],
  ] as const)("is told it in words by Converse: %s", (_, from, said) => {
    const { body, warnings } = lower<unknown, unknown>(from, said, bedrockConverse, SONNET_4);
    expect(body.system).toEqual([{ text: expect.stringContaining(WORDS) }]);
    expect(body).not.toHaveProperty("outputConfig");
    expect(body.toolConfig).toEqual({ tools: [{ toolSpec: { name: "f", inputSchema: { json: schema } } }] });
    expect(warnings.map(({ control }) => control)).toEqual(["strict"]);
  });
});

test("one that does is held to it", () => {
  const messages = lower(openaiChat, CHAT, anthropicMessages, SONNET_4_5);
  expect(messages.body).toMatchObject({
    output_config: MESSAGES.output_config,
    tools: [{ name: "f", strict: true }],
  });
  const converse = lower(openaiChat, CHAT, bedrockConverse, SONNET_4_5);
  expect(converse.body).toMatchObject(CONVERSE);
  expect([...messages.warnings, ...converse.warnings]).toEqual([]);
  expect(lower(anthropicMessages, MESSAGES, anthropicMessages, SONNET_4_5).body.tools).toBe(MESSAGES.tools);
});
