import { describe, expect, test } from "bun:test";
import { BODY, foreign, lower, NOVA, parse, target } from "./fake-request.ts";

const asked = (maxReasoningEffort: string) => ({ reasoningConfig: { type: "enabled", maxReasoningEffort } });

describe("the highest effort of Nova", () => {
  test("gives way to a limit of tokens, and the caller is told", () => {
    const sampling = { maxTokens: 2000, temperature: 0.2 };
    expect(lower(foreign({ sampling, reasoning: { budgetTokens: 16_000 } }), target(NOVA))).toEqual({
      body: { ...BODY, inferenceConfig: sampling, additionalModelRequestFields: asked("medium") },
      controls: ["reasoning_effort"],
    });
  });

  test("outranks sampling controls where there is no limit", () => {
    const sampling = { temperature: 0.2, topP: 0.5, topK: 20 };
    expect(lower(foreign({ sampling, reasoning: { effort: "high" } }), target(NOVA))).toEqual({
      body: { ...BODY, additionalModelRequestFields: asked("high") },
      controls: ["temperature", "top_p", "top_k"],
    });
  });

  test("is alone in that", () => {
    const sampling = { maxTokens: 2000, temperature: 0.2 };
    expect(lower(foreign({ sampling, reasoning: { effort: "medium" } }), target(NOVA))).toEqual({
      body: { ...BODY, inferenceConfig: sampling, additionalModelRequestFields: asked("medium") },
      controls: [],
    });
  });

  test("is fitted to a conversation that was written for Claude", () => {
    const written = parse({
      ...BODY,
      inferenceConfig: { maxTokens: 20_000 },
      additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 16_000 } },
    });
    expect(lower(written, target(NOVA))).toMatchObject({
      body: { inferenceConfig: { maxTokens: 20_000 }, additionalModelRequestFields: asked("medium") },
      controls: ["reasoning_effort"],
    });
  });

  test("is fitted to a limit that the gateway lays over it, and else the caller's own to keep consistent", () => {
    const own = parse({ ...BODY, additionalModelRequestFields: asked("high") });
    expect(lower(own, target(NOVA))).toEqual({ body: own.origin.body, controls: [] });
    const origin = { ...own.origin, rewritten: new Set(["sampling"] as const) };
    expect(lower({ ...own, sampling: { maxTokens: 500 }, origin }, target(NOVA))).toEqual({
      body: { ...BODY, inferenceConfig: { maxTokens: 500 }, additionalModelRequestFields: asked("medium") },
      controls: ["reasoning_effort"],
    });
  });
});
