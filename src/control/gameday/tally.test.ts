import { describe, expect, test } from "bun:test";
import { checkStop } from "./check-stop.ts";
import type { Ending, Observation } from "./observation.ts";
import type { PreparedStop } from "./prepared-drill.ts";
import { Tally } from "./tally.ts";

function seen(ending: Ending, more: Partial<Observation> = {}): Observation {
  return {
    useCase: "chat",
    ending,
    rung: "primary",
    region: null,
    attempts: 1,
    code: null,
    latencyMs: 100,
    firstTokenMs: null,
    late: false,
    lagMs: 0,
    ...more,
  };
}

test("endings are summed by what they are, the second they were due in, and the use case", () => {
  const tally = new Tally();
  tally.add(seen("answered"), 100, 200);
  tally.add(seen("answered", { rung: "fallback" }), 1100, 1200);
  tally.add(seen("degraded", { rung: "degraded", useCase: "other" }), 1200, 1300);
  tally.add(seen("failed", { rung: null, code: "boom" }), 1300, 2500);
  tally.add(seen("cancelled"), 2000, 2001);
  expect(tally.ended).toBe(4);
  expect(tally.unexplained).toBe(1);
  expect(Object.fromEntries(tally.rungs)).toEqual({ primary: 1, fallback: 1, degraded: 1, none: 1 });
  expect(tally.seconds[1]?.counts).toMatchObject({ primary: 0, fallback: 1, degraded: 1, failed: 1 });
  expect(tally.useCases.get("chat")).toEqual({ ended: 3, available: 2 });
  expect(tally.codes.get("boom")).toBe(1);
});

test("memory stays as it is, however many requests and codes there are", () => {
  const tally = new Tally();
  for (let index = 0; index < 5000; index++) {
    tally.add(seen("failed", { code: `code-${index}` }), index, index);
  }
  expect(tally.codes.size).toBeLessThanOrEqual(33);
  expect(tally.seconds).toHaveLength(5);
});

test("a window has the last whole seconds and nothing older, around the ring", () => {
  const tally = new Tally();
  for (let second = 0; second < 130; second++) {
    tally.add(seen(second < 120 ? "answered" : "failed"), second * 1000, second * 1000);
  }
  expect(tally.window(130, 5)).toMatchObject({ ended: 5, available: 0 });
  expect(tally.window(130, 20)).toMatchObject({ ended: 20, available: 10 });
  expect(tally.window(200, 5).ended).toBe(0);
});

describe("a stop condition", () => {
  const stop = (more: Partial<PreparedStop>): PreparedStop => {
    return { metric: "availability", below: null, above: null, overMs: 2000, ...more };
  };
  const tally = new Tally();
  for (let index = 0; index < 20; index++) {
    tally.add(seen(index % 4 === 0 ? "failed" : "answered", { latencyMs: 400 }), index * 100, index * 100);
  }

  test("tells what it saw", () => {
    expect(checkStop([stop({ below: 0.9 })], tally, 2)).toBe("availability was 0.75 over 2 s, below 0.9");
    expect(checkStop([stop({ metric: "p99_ms", above: 300 })], tally, 2)).toBe(
      "p99_ms was 400 over 2 s, above 300",
    );
    expect(checkStop([stop({ metric: "failures", above: 4 })], tally, 2)).toContain("failures was 5");
  });

  test("waits for its whole window and for enough requests", () => {
    expect(checkStop([stop({ below: 0.9 })], tally, 1)).toBeNull();
    expect(checkStop([stop({ below: 0.9 })], tally, 90)).toBeNull();
  });

  test("does not hold while all is well", () => {
    expect(checkStop([stop({ below: 0.7 }), stop({ metric: "hung", above: 0 })], tally, 2)).toBeNull();
  });
});
