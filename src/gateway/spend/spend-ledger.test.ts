import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../core/fake-clock.ts";
import { SPEND_SUMS, type SpendSum } from "../../core/spend.ts";
import { createSpendLedger } from "./spend-ledger.ts";

const NOON = Date.UTC(2026, 1, 27, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function setUp(start = NOON, maxSums?: number) {
  const clock = new FakeClock(start);
  const full: number[] = [];
  const ledger = createSpendLedger({
    since: start,
    onFull: (max) => full.push(max),
    ...(maxSums !== undefined && { maxSums }),
  });
  const ends = (
    cost: number | null,
    change: { tenant?: string; keyId?: string; useCase?: string; at?: number },
  ) => ledger.count({ at: clock.now(), tenant: "acme", keyId: "k1", useCase: "chat", cost, ...change });
  const sums = (tenant = "acme", keyId = "k1", useCase = "chat") =>
    SPEND_SUMS.map((sum) => ledger.spent(sum, { tenant, keyId, useCase }, clock.now()));
  return { clock, ledger, ends, sums, full };
}

describe("sums", () => {
  test("are the tenant's, the key's, and the tenant's on the use case", () => {
    const { ends, sums } = setUp();
    ends(1, {});
    ends(10, { keyId: "k2" });
    ends(100, { useCase: "mail" });
    ends(1000, { tenant: "globex", keyId: "g1" });
    expect(sums()).toEqual([111, 111, 101, 101, 11, 11]);
    expect(sums("acme", "k2", "mail")).toEqual([111, 111, 10, 10, 100, 100]);
    expect(sums("globex", "g1")).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
    expect(sums("nobody", "nothing", "none")).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("an unknown cost is no money, and neither is none", () => {
    const { ends, sums } = setUp();
    ends(null, {});
    ends(0, {});
    expect(sums()).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("a day begins anew at midnight UTC, a month with its first day", async () => {
    const { clock, ends, sums } = setUp();
    ends(1, {});
    await clock.advance(12 * HOUR - 1);
    expect(sums()).toEqual([1, 1, 1, 1, 1, 1]);
    await clock.advance(1);
    expect(sums()).toEqual([0, 1, 0, 1, 0, 1]);
    ends(10, {});
    expect(sums()).toEqual([10, 11, 10, 11, 10, 11]);
    // 27 February 2026 is followed by one more day.
    await clock.advance(DAY);
    expect(sums()).toEqual([0, 0, 0, 0, 0, 0]);
    ends(5, {});
    expect(sums()).toEqual([5, 5, 5, 5, 5, 5]);
  });

  test("a request counts when it arrived, however late it ends", async () => {
    const { clock, ends, sums } = setUp();
    const before = clock.now();
    await clock.advance(13 * HOUR);
    ends(7, { at: before });
    expect(sums()).toEqual([0, 7, 0, 7, 0, 7]);
    await clock.advance(DAY);
    ends(9, { at: before });
    expect(sums()).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("asking for somebody keeps nothing of them, and there is an end to who is kept", async () => {
    const { clock, ends, sums, full } = setUp(NOON, 5);
    for (let i = 0; i < 100; i++) sums(`stranger-${i}`, `key-${i}`);
    ends(1, {});
    ends(1, { keyId: "k2" });
    expect(full).toEqual([]);
    ends(1, { tenant: "globex", keyId: "g1" });
    ends(1, { tenant: "initech", keyId: "i1" });
    expect(full).toEqual([5]);
    expect(sums("initech", "i1")).toEqual([0, 0, 0, 0, 0, 0]);
    ends(1, {});
    expect(sums()).toEqual([3, 3, 2, 2, 3, 3]);
    await clock.advance(3 * DAY);
    ends(1, { tenant: "initech", keyId: "i1" });
    expect(sums("initech", "i1")).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("are those of adding up all that arrived in the period", () => {
    const tenant = fc.constantFrom("a", "b");
    const name = fc.constantFrom("x", "y", "z");
    const request = fc.record({
      wait: fc.integer({ min: 0, max: 40 * HOUR }),
      took: fc.integer({ min: 0, max: 2 * HOUR }),
      tenant,
      keyId: name,
      useCase: name,
      cost: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        let now = NOON;
        const ledger = createSpendLedger({ since: now });
        const all: { at: number; tenant: string; keyId: string; useCase: string; cost: number | null }[] = [];
        for (const { wait, took, ...rest } of requests) {
          now += wait;
          const one = { ...rest, at: now - took };
          all.push(one);
          ledger.count(one);
          const date = (at: number, chars: number) => new Date(at).toISOString().slice(0, chars);
          const spent = (sum: SpendSum, is: (other: (typeof all)[number]) => boolean) =>
            expect(ledger.spent(sum, one, now)).toBe(
              all
                .filter(is)
                .filter(
                  ({ at }) =>
                    date(at, sum.endsWith("today") ? 10 : 7) === date(now, sum.endsWith("today") ? 10 : 7),
                )
                .reduce((total, { cost }) => total + (cost ?? 0), 0),
            );
          for (const period of ["today", "month"] as const) {
            spent(`tenant_${period}`, (other) => other.tenant === one.tenant);
            spent(`key_${period}`, (other) => other.keyId === one.keyId);
            spent(
              `use_case_${period}`,
              (other) => other.tenant === one.tenant && other.useCase === one.useCase,
            );
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
