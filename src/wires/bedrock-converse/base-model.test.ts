/**
 * A model whose name hides what it is, and of which the policy says it: every wire of Bedrock asks it as that model.
 */
import { expect, test } from "bun:test";
import { anthropicMessages } from "../anthropic-messages.ts";
import { bedrockInvoke } from "../bedrock-invoke.ts";
import type { LowerTarget } from "../wire.ts";
import { foreign, HI, lower, NOVA, OPUS_5, SONNET_4_5, target } from "./fake-request.ts";

const PROFILE = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x";
const behind = (baseModel: string): LowerTarget => ({ ...target(PROFILE), baseModel });
const CONTROLS = foreign({
  reasoning: { budgetTokens: 2048 },
  sampling: { topK: 5, temperature: 0.5, stop: ["END"], maxTokens: 4000 },
});

test.each([SONNET_4_5, OPUS_5, NOVA, "mistral.magistral-small-2509"])("%s, for Converse", (model) => {
  expect(lower(CONTROLS, behind(model))).toEqual(lower(CONTROLS, target(model)));
  const path = (to: LowerTarget) => bedrockInvoke.path(CONTROLS, to);
  expect(path(behind(model))).toBe(path(target(PROFILE)));
});

test.each([SONNET_4_5, OPUS_5])("%s, for the Messages API", (model) => {
  const lowered = (to: LowerTarget) => {
    const result = anthropicMessages.lower(CONTROLS, to);
    if (!result.ok) throw new Error(result.fault.message);
    return { ...result.value, body: { ...result.value.body, model: null } };
  };
  expect(lowered(behind(model))).toEqual(lowered(target(model)));
});

test("embeddings, for InvokeModel", () => {
  const request = foreign({ operation: "embed", messages: [HI], embedding: { inputs: ["Where is it?"] } });
  const lowered = (to: LowerTarget) => bedrockInvoke.lower(request, to);
  expect(lowered(behind("cohere.embed-english-v3"))).toEqual(lowered(target("cohere.embed-english-v3")));
  expect(lowered(target(PROFILE))).toMatchObject({ ok: false });
});
