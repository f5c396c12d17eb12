/** What every store driver must say of the cost of requests. */
import { describe, expect, test } from "bun:test";
import type { Decision } from "../../../src/core/decision.ts";
import { idsFrom } from "../../../src/core/ids.ts";
import { SPENT_PAGE, type SpentQuery, type SpentSum } from "../../../src/store/decision-store.ts";
import type { Store } from "../../../src/store/ports.ts";
import { aDecision, recordsOf } from "./decision-fixture.ts";

export function spentContract(store: () => Store): void {
  describe("what was spent", () => {
    const T0 = Date.UTC(2026, 2, 1);
    const arrived = (second: number, n: number, change: Partial<Decision> = {}): Decision => {
      const at = T0 + second * 1000;
      return aDecision(n, { id: `${idsFrom("dec", at)}${String(n).padStart(10, "0")}`, at, ...change });
    };
    const write = (...decisions: readonly Decision[]) => store().decisions.append(recordsOf(decisions));
    const sorted = (sums: readonly SpentSum[]) =>
      sums.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const spent = async (query: Partial<SpentQuery> = {}) => {
      const page = await store().decisions.spent({ since: T0, until: T0 + 3_600_000, ...query });
      return { ...page, sums: sorted(page.sums) };
    };

    test("is nothing in an empty store", async () => {
      expect(await spent()).toEqual({ sums: [], cursor: null });
    });

    test("is summed by tenant, key and use case; an unknown cost and none are in no sum", async () => {
      await write(
        arrived(1, 1, { cost: 3 }),
        arrived(2, 2, { cost: 4 }),
        arrived(3, 3, { cost: 5, keyId: "other" }),
        arrived(4, 4, { cost: 6, tenant: "Müller's \u0000 🚂", useCase: "問い合わせ" }),
        arrived(5, 5, { cost: 7, useCase: null }),
        arrived(6, 6, { cost: null }),
        arrived(7, 7, { cost: 0, keyId: "idle" }),
        arrived(8, 8, { cost: 900_000_000_000_001, tenant: "rich" }),
        arrived(9, 9, { cost: 900_000_000_000_001, tenant: "rich" }),
      );
      const who = { tenant: "acme", keyId: "demo", useCase: "support-chat" };
      expect(await spent()).toEqual({
        cursor: null,
        sums: sorted([
          { ...who, cost: 7 },
          { ...who, keyId: "other", cost: 5 },
          { ...who, tenant: "Müller's \u0000 🚂", useCase: "問い合わせ", cost: 6 },
          { ...who, useCase: null, cost: 7 },
          { ...who, tenant: "rich", cost: 1_800_000_000_000_002 },
        ]),
      });
    });

    test("`since` is in, `until` is not, whatever ended first", async () => {
      await write(arrived(30, 3, { cost: 100 }), arrived(10, 1, { cost: 1 }), arrived(20, 2, { cost: 10 }));
      const costs = async (query: Partial<SpentQuery>) => (await spent(query)).sums.map(({ cost }) => cost);
      expect(await costs({ since: T0 + 10_000, until: T0 + 30_000 })).toEqual([11]);
      expect(await costs({ since: T0 + 10_001, until: T0 + 30_001 })).toEqual([110]);
      expect(await costs({ since: T0 + 31_000 })).toEqual([]);
    });

    test("comes in pages, the latest first, each record in one of them", async () => {
      const count = SPENT_PAGE + 1;
      for (let n = 0; n < count; n += 500) {
        const size = Math.min(500, count - n);
        await write(
          ...Array.from({ length: size }, (_, i) => arrived((n + i) / 10, n + i, { cost: n + i + 1 })),
        );
      }
      const first = await spent();
      expect(first.sums).toHaveLength(1);
      // All but the very first.
      expect(first.sums[0]?.cost).toBe((count * (count + 1)) / 2 - 1);
      if (first.cursor === null) throw new Error("there is no cursor");
      const second = await spent({ before: first.cursor });
      expect(second.sums.map(({ cost }) => cost)).toEqual([1]);
      expect(second.cursor).toBeNull();
    });
  });
}
