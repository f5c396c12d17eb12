import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import { beyondModelFault, capOutput, cappedFault, cappedWarning, ceilingWarning } from "./cap-output.ts";
import { changedRequest } from "./change-request.ts";

const MODEL = { maxOutputTokens: 4096 };
const ASSUMED = { maxOutputTokens: 4096, maxOutputAssumed: true } as const;

const asking = (maxTokens: number | undefined, more: Partial<ModelRequest> = {}): ModelRequest => ({
  ...FAKE_REQUEST,
  ...more,
  sampling: { temperature: 0.5, ...(maxTokens !== undefined && { maxTokens }) },
});

describe("the limits of an answer", () => {
  test.each<[number | undefined, number | null, typeof MODEL, number | undefined]>([
    [undefined, 100, MODEL, 100],
    [undefined, 5000, MODEL, 4096],
    [50, 100, MODEL, 50],
    [100, 100, MODEL, 100],
    [500, 100, MODEL, 100],
    [9000, 5000, MODEL, 4096],
    [9000, null, MODEL, 4096],
    [4096, null, MODEL, 4096],
    [undefined, null, MODEL, undefined],
    // What nobody stated is sent where nobody asks for more, and cuts nothing.
    [undefined, 5000, ASSUMED, 4096],
    [9000, null, ASSUMED, 9000],
    [9000, 5000, ASSUMED, 5000],
  ])("%p asked, %p allowed, %p possible: %p is sent", (asked, cap, model, sent) => {
    const request = asking(asked);
    const capped = capOutput(request, cap, model);
    expect(capped.sampling.maxTokens).toBe(sent);
    expect(capped.sampling.temperature).toBe(0.5);
    if (sent === asked) expect(capped).toBe(request);
    else expect([...capped.origin.rewritten]).toContain("sampling");
    expect([...request.origin.rewritten]).not.toContain("sampling");
  });

  test("is told of where it lowers what was asked for, and there alone; a refusal under strict", () => {
    expect(cappedWarning(asking(500), 100, MODEL)).toMatchObject({ control: "max_tokens" });
    expect(cappedWarning(asking(undefined), 100, MODEL)).toBeNull();
    expect(cappedWarning(asking(100), 100, MODEL)).toBeNull();
    expect(cappedFault(asking(500), 100)).toBeNull();
    expect(cappedFault(asking(500, { strict: true }), 100)).toMatchObject({
      kind: "invalid",
      code: "unsupported_control",
      param: "max_tokens",
    });
  });

  test("of a model: told of as the model's, refused under strict before it is called, nothing where it is assumed", () => {
    const warning = cappedWarning(asking(9000), 16_000, MODEL);
    expect(warning?.message).toContain("the chosen model can produce: an answer has 4096 tokens");
    expect(cappedWarning(asking(9000), null, ASSUMED)).toBeNull();
    expect(beyondModelFault(asking(9000), MODEL)).toBeNull();
    expect(beyondModelFault(asking(9000, { strict: true }), ASSUMED)).toBeNull();
    expect(beyondModelFault(asking(4096, { strict: true }), MODEL)).toBeNull();
    expect(beyondModelFault(asking(9000, { strict: true }), MODEL)).toMatchObject({
      kind: "invalid",
      code: "unsupported_control",
      unsent: true,
    });
  });

  test("of a ceiling, where nobody states one: told of where the model could produce more, or nobody knows", () => {
    const told = [ceilingWarning(4095, MODEL), ceilingWarning(4096, MODEL), ceilingWarning(null, MODEL)];
    expect(told.map((warning) => warning?.control ?? null)).toEqual(["max_tokens", null, null]);
    expect(ceilingWarning(4096, ASSUMED)?.message).toContain("4096 tokens at the most");
  });

  test.each(["embed", "count_tokens"] as const)("is nothing to %s", (operation) => {
    const request = asking(500, { operation });
    expect(capOutput(request, 100, MODEL)).toBe(request);
    expect(cappedWarning(request, 100, MODEL)).toBeNull();
  });
});

test("an arm's limit is lowered in silence: it is not the caller's, strict or not", () => {
  const change = { prompt: null, sampling: { maxTokens: 9000 }, reasoning: null };
  const armed = changedRequest(asking(50, { strict: true }), change);
  expect(beyondModelFault(armed, MODEL)).toBeNull();
  expect(cappedWarning(armed, 100, MODEL)).toBeNull();
  expect(capOutput(armed, 100, MODEL).sampling.maxTokens).toBe(100);
  const colder = changedRequest(asking(9000, { strict: true }), { ...change, sampling: { temperature: 0 } });
  expect(beyondModelFault(colder, MODEL)?.code).toBe("unsupported_control");
});
