import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SimulatedDeployment } from "./scenario.ts";
import type { FaultEntry } from "./scenario-faults.ts";
import { type Arrival, activeFault, isActive } from "./schedule.ts";

const EAST: SimulatedDeployment = {
  id: "a",
  region: "us-east-1",
  model: "atlas",
  firstTokenMs: 0,
  jitter: 0,
  tokensPerSecond: 0,
  requestsPerMinute: null,
  tokensPerMinute: null,
};
const NOWHERE: SimulatedDeployment = { ...EAST, id: "b", region: null, model: "b" };

function arrival(deployment: SimulatedDeployment, requestNumber = 0): Arrival {
  return { deployment, wire: "openai-chat", requestNumber };
}

function entry(overrides: Partial<FaultEntry> = {}): FaultEntry {
  return {
    name: "test",
    match: { deployment: null, region: null, model: null, wire: null },
    startMs: 0,
    durationMs: null,
    repeatEveryMs: null,
    probability: 1,
    fault: { kind: "hang" },
    ...overrides,
  };
}

describe("windows", () => {
  test.each([
    [entry({ startMs: 100 }), 99, false],
    [entry({ startMs: 100 }), 100, true],
    [entry({ startMs: 100 }), 1e9, true],
    [entry({ startMs: 100, durationMs: 50 }), 149, true],
    [entry({ startMs: 100, durationMs: 50 }), 150, false],
    [entry({ startMs: 100, durationMs: 50, repeatEveryMs: 200 }), 299, false],
    [entry({ startMs: 100, durationMs: 50, repeatEveryMs: 200 }), 300, true],
    [entry({ startMs: 100, durationMs: 50, repeatEveryMs: 200 }), 99, false],
    [entry({ durationMs: 0 }), 0, false],
  ])("case %#", (fault, elapsed, expected) => {
    expect(isActive(fault, elapsed)).toBe(expected);
  });
});

describe("matching", () => {
  const any = { deployment: null, region: null, model: null, wire: null };
  test.each([
    [any, EAST, true],
    [any, NOWHERE, true],
    [{ ...any, region: ["us-east-1"] }, EAST, true],
    [{ ...any, region: ["us-east-1"] }, NOWHERE, false],
    [{ ...any, region: ["eu", "us-east-1"] }, EAST, true],
    [{ ...any, deployment: ["b"] }, EAST, false],
    [{ ...any, model: ["atlas"] }, EAST, true],
    [{ ...any, model: ["atlas"], region: ["eu"] }, EAST, false],
    [{ ...any, wire: ["openai-chat" as const, "gemini" as const] }, EAST, true],
    [{ ...any, wire: ["gemini" as const] }, EAST, false],
    [{ ...any, wire: ["openai-chat" as const], model: ["other"] }, EAST, false],
  ])("case %#", (match, deployment, expected) => {
    expect(activeFault([entry({ match })], 1, 0, arrival(deployment)) !== null).toBe(expected);
  });

  test("the first that hits wins; one whose draw is lost lets the next have its turn", () => {
    const never = entry({ name: "never", probability: 0 });
    const second = entry({ name: "second" });
    expect(activeFault([never, second, entry()], 1, 0, arrival(EAST))).toBe(second);
  });
});

describe("chance", () => {
  test("follows from seed, fault, deployment and number alone, and keeps its share", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, probability) => {
        const faults = [entry({ probability })];
        const hits = (offset: number) =>
          Array.from(
            { length: 400 },
            (_none, number) => activeFault(faults, seed, offset, arrival(EAST, number)) !== null,
          );
        const first = hits(0);
        expect(hits(12_345)).toEqual(first);
        const share = first.filter(Boolean).length / 400;
        expect(Math.abs(share - probability)).toBeLessThan(0.15);
      }),
      { numRuns: 50 },
    );
  });

  test("another seed and another deployment draw differently", () => {
    const faults = [entry({ probability: 0.5 })];
    const draws = (seed: number, deployment: SimulatedDeployment) =>
      Array.from({ length: 64 }, (_none, number) =>
        activeFault(faults, seed, 0, arrival(deployment, number)) ? 1 : 0,
      ).join("");
    expect(draws(1, EAST)).not.toBe(draws(2, EAST));
    expect(draws(1, EAST)).not.toBe(draws(1, NOWHERE));
  });
});
