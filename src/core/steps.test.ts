import { expect, test } from "bun:test";
import { runInSlices, runSteps, type Steps } from "./steps.ts";

function* count(to: number, onStep: () => void = () => {}): Steps<number> {
  for (let i = 0; i < to; i++) {
    onStep();
    yield;
  }
  return to;
}

test("all at once", () => {
  expect(runSteps(count(5))).toBe(5);
});

test("pauses whenever a slice is used up, and gives the same result", async () => {
  let now = 0;
  let pauses = 0;
  const result = await runInSlices(
    count(10, () => {
      now += 1;
    }),
    {
      now: () => now,
      pause: async () => {
        pauses++;
      },
      sliceMs: 2,
    },
  );
  expect({ result, pauses }).toEqual({ result: 10, pauses: 5 });
});

test("what a step throws is thrown", async () => {
  const fail = () => {
    throw new Error("broken");
  };
  const pauses = { now: () => 0, pause: async () => {}, sliceMs: 1 };
  expect(runInSlices(count(1, fail), pauses)).rejects.toThrow("broken");
});
