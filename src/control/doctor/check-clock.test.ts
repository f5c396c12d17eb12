import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { judgeSkew, measureSkew } from "./check-clock.ts";
import { fakeWorld } from "./fake-patient.ts";

/** `serverAhead`: milliseconds of the endpoint's clock before ours; `there` and `back`: of the way. */
async function measure(serverAhead: number, there = 0, back = 0) {
  const world = fakeWorld();
  const { clock } = world;
  const limit = { clock, withinMs: 10_000, signal: null };
  const fetchDate = async () => {
    await clock.advance(there);
    const date = new Date(clock.now() + serverAhead).toUTCString();
    await clock.advance(back);
    return date;
  };
  return measureSkew("https://h.example.com", { fetchDate }, limit);
}

describe("the skew", () => {
  test("is never told where rounding or the way explains it, and is right to within both", async () => {
    const ms = fc.integer({ min: 0, max: 3000 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -600_000, max: 600_000 }), ms, ms, async (ahead, there, back) => {
        const skew = await measure(ahead, there, back);
        if (!skew.ok) throw new Error("no skew");
        // Ours is ahead by as much as theirs is behind.
        expect(Math.abs(skew.aheadMs)).toBeLessThanOrEqual(Math.abs(ahead));
        expect(Math.abs(skew.aheadMs + ahead)).toBeLessThanOrEqual(1000 + there + back);
      }),
      { numRuns: 200 },
    );
  });

  test("is the machine's clock's, whatever the gateway has", async () => {
    const { clock } = fakeWorld();
    clock.aheadMs = 3_600_000;
    const limit = { clock, withinMs: 10_000, signal: null };
    const fetchDate = async () => new Date(clock.wall()).toUTCString();
    expect(await measureSkew("https://h", { fetchDate }, limit)).toEqual({ ok: true, aheadMs: 0 });
  });

  test.each([[null], ["yesterday"]])("is unknown from %p", async (date) => {
    const { clock } = fakeWorld();
    const limit = { clock, withinMs: 1000, signal: null };
    expect(await measureSkew("https://h", { fetchDate: async () => date }, limit)).toEqual({ ok: false });
    const refused = { fetchDate: () => Promise.reject(new Error("no")) };
    expect(await measureSkew("https://h", refused, limit)).toEqual({ ok: false });
  });
});

describe("a clock", () => {
  const judge = (seconds: number, signed: boolean) =>
    judgeSkew({ ok: true, aheadMs: seconds * 1000 }, signed);

  test.each([
    [0, true, "ok"],
    [60, true, "ok"],
    [-61, true, "warning"],
    [61, false, "warning"],
    [240, true, "warning"],
    [241, true, "failed"],
    [-241, true, "failed"],
    [-3600, false, "warning"],
  ] as const)("%p s off, signed %p: %s", (seconds, signed, status) => {
    expect(judge(seconds, signed).status).toBe(status);
  });

  test("says by how much and which way", () => {
    expect(judge(-301, true).message).toBe(
      "This machine's clock is 5 m 1 s behind the endpoint's. AWS refuses signatures that are five minutes off.",
    );
    expect(judge(75, false).message).toBe("This machine's clock is 1 m 15 s ahead of the endpoint's.");
    expect(judge(2, false).message).toBe("It is 2 s ahead of the endpoint's.");
    expect(judgeSkew({ ok: false }, true).status).toBe("skipped");
  });
});
