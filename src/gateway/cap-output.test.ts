import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import { capOutput, cappedFault, cappedWarning } from "./cap-output.ts";

const asking = (maxTokens: number | undefined, more: Partial<ModelRequest> = {}): ModelRequest => ({
  ...FAKE_REQUEST,
  ...more,
  sampling: { temperature: 0.5, ...(maxTokens !== undefined && { maxTokens }) },
});

describe("the cap of a use case", () => {
  test.each<[number | undefined, number | null, number, number | undefined]>([
    [undefined, 100, 4096, 100],
    [undefined, 5000, 4096, 4096],
    [50, 100, 4096, 50],
    [100, 100, 4096, 100],
    [500, 100, 4096, 100],
    [9000, 5000, 4096, 4096],
    [9000, null, 4096, 9000],
    [undefined, null, 4096, undefined],
  ])("%p asked, %p allowed, %p possible: %p is sent", (asked, cap, modelMax, sent) => {
    const request = asking(asked);
    const capped = capOutput(request, cap, modelMax);
    expect(capped.sampling.maxTokens).toBe(sent);
    expect(capped.sampling.temperature).toBe(0.5);
    if (sent === asked) expect(capped).toBe(request);
    else expect([...capped.origin.rewritten]).toContain("sampling");
    expect([...request.origin.rewritten]).not.toContain("sampling");
  });

  test("is told of where it lowers what was asked for, and there alone; a refusal under strict", () => {
    expect(cappedWarning(asking(500), 100)).toMatchObject({ control: "max_tokens" });
    expect(cappedWarning(asking(undefined), 100)).toBeNull();
    expect(cappedWarning(asking(100), 100)).toBeNull();
    expect(cappedFault(asking(500), 100)).toBeNull();
    expect(cappedFault(asking(500, { strict: true }), 100)).toMatchObject({
      kind: "invalid",
      code: "unsupported_control",
      param: "max_tokens",
    });
  });

  test.each(["embed", "count_tokens"] as const)("is nothing to %s", (operation) => {
    const request = asking(500, { operation });
    expect(capOutput(request, 100, 4096)).toBe(request);
    expect(cappedWarning(request, 100)).toBeNull();
  });
});
