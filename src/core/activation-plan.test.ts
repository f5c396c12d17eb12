import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ActivationPlan, endOf, stageAt } from "./activation-plan.ts";

const plan = (change: Partial<ActivationPlan> = {}): ActivationPlan => ({
  id: "stg_1",
  version: "p@2",
  previousVersion: "p@1",
  at: 0,
  startsAt: 1_000,
  stepPercent: 40,
  stepEveryMs: 100,
  actor: "ops",
  note: null,
  ...change,
});

describe("the stage of a plan", () => {
  test.each([
    [999, { phase: "waiting", step: 0, share: 0, next: { at: 1_000, share: 40 } }],
    [1_000, { phase: "stepping", step: 1, share: 40, next: { at: 1_100, share: 80 } }],
    [1_199, { phase: "stepping", step: 2, share: 80, next: { at: 1_200, share: 100 } }],
    [1_200, { phase: "complete", step: 3, share: 100, next: null }],
    [9_999, { phase: "complete", step: 3, share: 100, next: null }],
  ])("at %d", (now, expected) => {
    expect(stageAt(plan(), now)).toMatchObject({ steps: 3, ...expected });
  });

  test("everything with the first step", () => {
    const at = plan({ stepPercent: 100 });
    expect(endOf(at)).toBe(1_000);
    expect(stageAt(at, 1_000)).toEqual({ phase: "complete", step: 1, steps: 1, share: 100, next: null });
  });

  test("never falls, reaches 100 at its end and not before, and says itself when it changes next", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (stepPercent, stepEveryMs) => {
          const one = plan({ stepPercent, stepEveryMs });
          let now = 0;
          let share = -1;
          for (let guard = 0; guard < 1_100; guard++) {
            const stage = stageAt(one, now);
            expect(stage.share).toBeGreaterThan(share);
            share = stage.share;
            if (stage.next === null) break;
            expect(stage.share).toBeLessThan(100);
            expect(stageAt(one, stage.next.at - 1).share).toBe(stage.share);
            expect(stageAt(one, stage.next.at).share).toBe(stage.next.share);
            now = stage.next.at;
          }
          expect(share).toBe(100);
          expect(now).toBe(endOf(one));
        },
      ),
      // 413 steps of it are 100 but for what rounding hides.
      { examples: [[0.24213062953995157, 1]] },
    );
  });
});
