import { expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import { CAPABILITIES } from "../core/contract.ts";
import type { Effort, ModelRequest, ReasoningControl, Section } from "../core/request.ts";
import { openaiChat } from "./openai-chat.ts";
import { fitEffort } from "./openai-effort.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { LowerTarget } from "./wire.ts";

function target(modelId: string, imitates = false): LowerTarget {
  const capabilities = new Set(CAPABILITIES);
  return { modelId, imitates, maxOutputTokens: 1000, capabilities, unsupported: new Set() };
}

function asks(reasoning: ReasoningControl, rewritten: readonly Section[] = []): ModelRequest {
  const origin = { wire: "anthropic-messages", body: {}, rewritten: new Set(rewritten) } as const;
  return bareRequest({ reasoning, origin });
}

function fit(reasoning: ReasoningControl, to: LowerTarget): readonly [Effort | null, boolean] {
  const { effort, warning } = fitEffort(reasoning, asks(reasoning), to);
  return [effort, warning !== null];
}

test.each([
  ["gpt-5", ["minimal", "minimal", "low", "medium", "high", "high"]],
  ["gpt-5-mini-2025-08-07", ["minimal", "minimal", "low", "medium", "high", "high"]],
  ["gpt-5.1", ["none", "low", "low", "medium", "high", "high"]],
  ["gpt-5.1-codex-mini", ["low", "low", "low", "medium", "high", "high"]],
  ["gpt-5.1-codex-max", ["low", "low", "low", "medium", "high", "xhigh"]],
  ["gpt-5.4-nano", ["none", "low", "low", "medium", "high", "xhigh"]],
  ["gpt-5-pro", ["high", "high", "high", "high", "high", "high"]],
  ["gpt-5.2-pro", ["medium", "medium", "medium", "medium", "high", "xhigh"]],
  ["gpt-5.2-chat-latest", ["medium", "medium", "medium", "medium", "medium", "medium"]],
  ["o4-mini", [null, "low", "low", "medium", "high", "high"]],
  ["prod-7", [null, "low", "low", "medium", "high", "high"]],
] as const)("%s is asked for what it takes, and a caller told of another word", (modelId, sent) => {
  const words = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
  for (const [index, effort] of words.entries()) {
    expect(fit({ effort }, target(modelId))).toEqual([sent[index] ?? null, sent[index] !== effort]);
  }
});

test("a budget is an effort that the model takes, and no thinking is told where there is some", () => {
  expect(fit({ budgetTokens: 1024 }, target("gpt-5.1"))).toEqual(["low", false]);
  expect(fit({ budgetTokens: 31_999 }, target("gpt-5"))).toEqual(["high", false]);
  expect(fit({ budgetTokens: 0 }, target("gpt-5"))).toEqual(["minimal", true]);
});

test("the model behind a deployment's name counts, and no name at a server that imitates the API", () => {
  expect(fit({ effort: "minimal" }, { ...target("prod-7"), baseModel: "gpt-5" })).toEqual(["minimal", false]);
  expect(fit({ effort: "minimal" }, target("gpt-5", true))).toEqual(["low", true]);
});

test("both dialects send it, and an arm's effort as it stands", () => {
  const lowered = (request: ModelRequest, modelId: string) =>
    [openaiChat, openaiResponses].map((wire) => {
      const result = wire.lower(request, target(modelId));
      if (!result.ok) throw new Error(result.fault.message);
      const { body, warnings } = result.value;
      return [body.reasoning_effort ?? body.reasoning, body.include, warnings.length];
    });
  const encrypted = ["reasoning.encrypted_content"];
  expect(lowered(asks({ effort: "xhigh" }), "gpt-5")).toEqual([
    ["high", undefined, 1],
    [{ effort: "high" }, encrypted, 1],
  ]);
  expect(lowered(asks({ effort: "none" }), "prod-7")).toEqual([
    [undefined, undefined, 1],
    [undefined, undefined, 1],
  ]);
  expect(lowered(asks({ effort: "none" }, ["reasoning"]), "prod-7")).toEqual([
    ["none", undefined, 0],
    [{ effort: "none" }, undefined, 0],
  ]);
});
