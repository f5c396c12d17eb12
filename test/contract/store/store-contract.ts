/** What every store driver must do, whatever it is made of. A driver's test calls it with a way to open one. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Decision } from "../../../src/core/decision.ts";
import { idsFrom } from "../../../src/core/ids.ts";
import type { DecisionQuery } from "../../../src/store/decision-store.ts";
import type { Store } from "../../../src/store/ports.ts";
import { aDecision, anActivation, decisionId, decisions, recordsOf } from "./decision-fixture.ts";
import { spentContract } from "./spent-contract.ts";

/** `open` gives an empty store that holds at least 10,000 decisions. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: store contract`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const seed = (records: readonly Decision[]) => store.decisions.append(recordsOf(records));
    const idsOf = async (query: DecisionQuery) =>
      (await store.decisions.list(query)).decisions.map((decision) => decision.id);

    /** Follows the cursor to its end, and says how many pages it took. */
    async function walk(query: DecisionQuery, direction: "before" | "after") {
      const ids: string[] = [];
      let pages = 0;
      let cursor: string | null = direction === "after" ? (query.after ?? "") : (query.before ?? null);
      for (;;) {
        const page = await store.decisions.list(cursor === null ? query : { ...query, [direction]: cursor });
        pages++;
        for (const decision of page.decisions) ids.push(decision.id);
        cursor = page.cursor;
        if (cursor === null) return { ids, pages };
      }
    }

    describe("decisions", () => {
      test("an empty store lists nothing and has no cursor", async () => {
        expect(await store.decisions.list({ limit: 10 })).toEqual({ decisions: [], cursor: null });
        expect(await store.decisions.get(decisionId(1))).toBeNull();
      });

      test("an empty batch is written", async () => {
        await seed([]);
        expect(await idsOf({ limit: 10 })).toEqual([]);
      });

      test("gives back exactly what was written", async () => {
        const decision = aDecision(1, {
          attempts: [],
          contract: { taskType: "chat", residency: ["eu-*"] },
          cost: null,
          fault: { kind: "outage", code: "connect_refused" },
          finish: null,
          outcome: "failed",
          rule: null,
          useCase: null,
        });
        await seed([decision, aDecision(2)]);
        expect(await store.decisions.get(decisionId(1))).toEqual(decision);
        expect((await store.decisions.list({ limit: 10 })).decisions).toEqual([aDecision(2), decision]);
      });

      const texts = [
        "Grüße, 世界 🚂",
        "line\nbreak\ttab\r",
        'quote " and \\',
        "nul \u0000 end",
        "\ud83d lone",
        "' --",
        "",
      ];
      test.each(texts)("keeps text as it is: %j", async (text) => {
        const decision = aDecision(1, { tenant: text, useCase: text, warnings: [text, "plain"] });
        await seed([aDecision(0), decision, aDecision(2)]);
        expect(await store.decisions.get(decisionId(1))).toEqual(decision);
        expect(await store.decisions.get(decisionId(2))).toEqual(aDecision(2));
      });

      test("finds by a tenant and a use case that are not ASCII", async () => {
        await seed([aDecision(1, { tenant: "Müller & Søn 🚂", useCase: "問い合わせ" }), aDecision(2)]);
        expect(await idsOf({ limit: 5, tenant: "Müller & Søn 🚂" })).toEqual([decisionId(1)]);
        expect(await idsOf({ limit: 5, useCase: "問い合わせ" })).toEqual([decisionId(1)]);
      });

      test("writing a batch again changes nothing, whatever was written since", async () => {
        await seed([aDecision(2), aDecision(1)]);
        await seed([aDecision(3)]);
        await seed([aDecision(2, { status: 500 }), aDecision(1, { status: 500 })]);
        expect(await idsOf({ limit: 10 })).toEqual([3, 1, 2].map(decisionId));
        expect((await store.decisions.get(decisionId(2)))?.status).toBe(200);
      });

      test("orders by when a record was written, so that a follower sees a long request that ends late", async () => {
        await seed([aDecision(5), aDecision(1)]);
        await seed([aDecision(3)]);
        await seed([aDecision(2), aDecision(4)]);
        expect(await idsOf({ limit: 10 })).toEqual([4, 2, 3, 1, 5].map(decisionId));
        expect(await idsOf({ limit: 10, after: decisionId(5) })).toEqual([1, 3, 2, 4].map(decisionId));
        expect(await idsOf({ limit: 10, before: decisionId(3) })).toEqual([1, 5].map(decisionId));
      });

      test("takes batches that are written at once", async () => {
        await Promise.all([0, 1, 2, 3].map((i) => seed(decisions(i * 100, i * 100 + 100))));
        expect((await walk({ limit: 500 }, "before")).ids).toHaveLength(400);
      });

      test("does not change the batch it was given", async () => {
        const batch = [aDecision(2), aDecision(1)];
        await seed(batch);
        expect(batch).toEqual([aDecision(2), aDecision(1)]);
      });
    });

    describe("pages", () => {
      beforeEach(() => seed(decisions(0, 10)));

      test("before: newest first, and the cursor goes on where the page ended", async () => {
        const first = await store.decisions.list({ limit: 4 });
        expect(first.decisions.map((decision) => decision.id)).toEqual([9, 8, 7, 6].map(decisionId));
        expect(first.cursor).toBe(decisionId(6));
        expect(await idsOf({ limit: 4, before: decisionId(6) })).toEqual([5, 4, 3, 2].map(decisionId));
      });

      test("after: oldest first, and the cursor goes on where the page ended", async () => {
        const page = await store.decisions.list({ limit: 3, after: decisionId(4) });
        expect(page.decisions.map((decision) => decision.id)).toEqual([5, 6, 7].map(decisionId));
        expect(page.cursor).toBe(decisionId(7));
        const last = await store.decisions.list({ limit: 3, after: decisionId(7) });
        expect(last.decisions.map((decision) => decision.id)).toEqual([8, 9].map(decisionId));
        expect(last.cursor).toBeNull();
      });

      test("a page that ends exactly at the end has no cursor", async () => {
        expect((await store.decisions.list({ limit: 10 })).cursor).toBeNull();
        expect((await store.decisions.list({ limit: 5, before: decisionId(5) })).cursor).toBeNull();
        expect((await store.decisions.list({ limit: 5, after: decisionId(4) })).cursor).toBeNull();
      });

      test("a cursor need not be the id of a record", async () => {
        expect(await idsOf({ limit: 2, before: `${decisionId(4)}x` })).toEqual([4, 3].map(decisionId));
        expect(await idsOf({ limit: 2, after: `${decisionId(4)}x` })).toEqual([5, 6].map(decisionId));
        expect(await idsOf({ limit: 2, after: "" })).toEqual([0, 1].map(decisionId));
        expect(await idsOf({ limit: 2, before: "" })).toEqual([]);
        expect(await idsOf({ limit: 2, after: "zzz" })).toEqual([]);
      });

      test("where both cursors are given, `before` counts", async () => {
        expect(await idsOf({ limit: 2, before: decisionId(5), after: decisionId(1) })).toEqual(
          [4, 3].map(decisionId),
        );
      });

      test.each([
        [0, 1],
        [-3, 1],
        [Number.NaN, 1],
        [2.9, 2],
      ])("a limit of %p gives %p records", async (limit, count) => {
        expect(await idsOf({ limit })).toHaveLength(count);
      });
    });

    describe("by arrival", () => {
      const T0 = Date.UTC(2026, 2, 1);
      const idAt = (ms: number, n: number) => `${idsFrom("dec", ms)}${String(n).padStart(10, "0")}`;
      const write = async () => {
        // Written in the order in which they ended.
        const arrivals = [30, 10, 50, 20, 40, 10];
        const batch = arrivals.map((s, n) => aDecision(n, { id: idAt(T0 + s * 1000, n), at: T0 + s * 1000 }));
        await store.decisions.append(recordsOf(batch));
      };
      const seconds = async (query: Partial<DecisionQuery>) => {
        const page = await store.decisions.list({ limit: 500, ...query });
        return page.decisions.map(({ at }) => (at - T0) / 1000);
      };

      test("oldest first, whatever ended first; `since` is in, `until` is not", async () => {
        await write();
        expect(await seconds({ since: T0 })).toEqual([10, 10, 20, 30, 40, 50]);
        expect(await seconds({ since: T0 + 20_000, until: T0 + 40_000 })).toEqual([20, 30]);
        expect(await seconds({ until: T0 + 20_000 })).toEqual([10, 10]);
        expect(await seconds({ since: T0 + 60_000 })).toEqual([]);
        expect(await seconds({ since: T0 + 20_000, tenant: "nobody" })).toEqual([]);
      });

      test("pages go on where they ended and miss none", async () => {
        await write();
        const found: number[] = [];
        for (let after: string | undefined; ; ) {
          const page = await store.decisions.list({
            limit: 2,
            since: T0,
            ...(after !== undefined && { after }),
          });
          found.push(...page.decisions.map(({ at }) => (at - T0) / 1000));
          if (page.cursor === null) break;
          after = page.cursor;
        }
        expect(found).toEqual([10, 10, 20, 30, 40, 50]);
      });
    });

    spentContract(() => store);

    describe("filters", () => {
      beforeEach(() =>
        seed([
          aDecision(0, { useCase: "invoices", tenant: "acme", outcome: "answered" }),
          aDecision(1, { useCase: "support", tenant: "acme", outcome: "degraded" }),
          aDecision(2, { useCase: "support", tenant: "globex", outcome: "answered" }),
          aDecision(3, { useCase: null, tenant: "acme", outcome: "failed" }),
          aDecision(4, { useCase: "support", tenant: "acme", outcome: "answered" }),
        ]),
      );

      const cases: [Omit<DecisionQuery, "limit">, number[]][] = [
        [{}, [4, 3, 2, 1, 0]],
        [{ useCase: "support" }, [4, 2, 1]],
        [{ tenant: "acme" }, [4, 3, 1, 0]],
        [{ outcome: "answered" }, [4, 2, 0]],
        [{ useCase: "support", tenant: "acme" }, [4, 1]],
        [{ useCase: "support", tenant: "acme", outcome: "degraded" }, [1]],
        [{ useCase: "nothing" }, []],
        [{ tenant: "acme", before: decisionId(3) }, [1, 0]],
        [{ tenant: "acme", after: decisionId(1) }, [3, 4]],
      ];
      test.each(cases)("%j", async (query, expected) => {
        expect(await idsOf({ limit: 10, ...query })).toEqual(expected.map(decisionId));
      });

      test("a page counts matches, not records looked at", async () => {
        const page = await store.decisions.list({ limit: 2, useCase: "support" });
        expect(page.decisions.map((decision) => decision.id)).toEqual([4, 2].map(decisionId));
        expect(page.cursor).toBe(decisionId(2));
        const rest = await store.decisions.list({ limit: 2, useCase: "support", before: decisionId(2) });
        expect(rest.decisions.map((decision) => decision.id)).toEqual([decisionId(1)]);
        expect(rest.cursor).toBeNull();
      });
    });

    test("10,000 records come back once each, in order, either way, in pages of at most 500", async () => {
      for (let i = 0; i < 10_000; i += 500) await seed(decisions(i, i + 500));
      const ascending = Array.from({ length: 10_000 }, (_, i) => decisionId(i));
      const forward = await walk({ limit: 5_000 }, "after");
      expect(forward.ids).toEqual(ascending);
      expect(forward.pages).toBe(20);
      const backward = await walk({ limit: 333 }, "before");
      expect(backward.ids).toEqual(ascending.toReversed());
      expect(backward.pages).toBe(31);
    });

    describe("activations", () => {
      test("newest first, as they were recorded", async () => {
        expect(await store.activations.list(10)).toEqual([]);
        const refused = anActivation(2, {
          result: "refused",
          version: null,
          findings: ["line 3: ‘ladder’ ✗"],
        });
        for (const activation of [anActivation(0), refused, anActivation(1)]) {
          await store.activations.record(activation);
        }
        expect(await store.activations.list(10)).toEqual([refused, anActivation(1), anActivation(0)]);
        expect(await store.activations.list(2)).toEqual([refused, anActivation(1)]);
      });

      test("two in one millisecond: the later id is the newer", async () => {
        await store.activations.record(anActivation(0, { at: 5 }));
        await store.activations.record(anActivation(1, { at: 5 }));
        expect((await store.activations.list(10)).map((activation) => activation.id)).toEqual([
          anActivation(1).id,
          anActivation(0).id,
        ]);
      });

      test("recording an id again changes nothing", async () => {
        await store.activations.record(anActivation(0));
        await store.activations.record(anActivation(0, { actor: "somebody else" }));
        expect(await store.activations.list(10)).toEqual([anActivation(0)]);
      });
    });

    test("close may be called twice; afterwards everything is refused, nothing hangs", async () => {
      await seed([aDecision(1)]);
      await store.close();
      await store.close();
      const refused = { name: "StoreError", kind: "closed" };
      await expect(store.decisions.append(recordsOf([aDecision(2)]))).rejects.toMatchObject(refused);
      await expect(store.decisions.list({ limit: 1 })).rejects.toMatchObject(refused);
      await expect(store.decisions.get(decisionId(1))).rejects.toMatchObject(refused);
      await expect(store.decisions.spent({ since: 0, until: 1 })).rejects.toMatchObject(refused);
      await expect(store.activations.record(anActivation(1))).rejects.toMatchObject(refused);
      await expect(store.activations.list(1)).rejects.toMatchObject(refused);
    });
  });
}
