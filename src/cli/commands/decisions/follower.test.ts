import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Follower, OVERLAP } from "./follower.ts";

const record = (at: number) => ({ id: `dec_${String(at).padStart(9, "0")}`, at });

describe("Follower", () => {
  test("hands out each record once, also a slow one that arrived before those already seen", () => {
    const follower = new Follower();
    expect(follower.cursor).toBeUndefined();
    expect(follower.take([record(10), record(30)], 40)).toEqual([record(10), record(30)]);
    expect(follower.cursor).toBe(record(10).id);
    expect(follower.take([record(20), record(30)], 40)).toEqual([record(20)]);
    expect(follower.take([record(20), record(30)], 40)).toEqual([]);
  });

  test("forgets what no request can be slower than, and never its place", () => {
    const follower = new Follower();
    follower.take([record(1), record(2)], 10);
    follower.take([], 3_600_000);
    expect(follower.cursor).toBe(record(2).id);
  });

  test("whatever ends in whatever order, every record comes once while it is among the overlap", () => {
    // Each arrival ends at most OVERLAP / 2 places late, so it is never behind the cursor.
    const delays = fc.array(fc.nat({ max: OVERLAP / 2 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 60 }), (late, everyNth) => {
        const ended = late.map((delay, arrived) => ({ at: arrived, end: arrived + delay }));
        ended.sort((a, b) => a.end - b.end);
        const written: ReturnType<typeof record>[] = [];
        const follower = new Follower();
        const taken: string[] = [];
        const poll = () => {
          const { cursor = "" } = follower;
          const answer = written.filter(({ id }) => id > cursor).toSorted((a, b) => (a.id < b.id ? -1 : 1));
          taken.push(...follower.take(answer, late.length).map(({ id }) => id));
        };
        for (const [i, { at }] of ended.entries()) {
          written.push(record(at));
          if (i % everyNth === 0) poll();
        }
        poll();
        expect(taken.toSorted()).toEqual(late.map((_delay, at) => record(at).id).toSorted());
      }),
      { numRuns: 50 },
    );
  });
});
