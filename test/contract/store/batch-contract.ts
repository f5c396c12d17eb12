/** What every driver does with batches. A driver's test calls it with a way to open a store. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { FinalStatus } from "../../../src/core/batches.ts";
import type { Store } from "../../../src/store/ports.ts";
import {
  aBatchOrder,
  aCaller,
  addBatch,
  aResult,
  batchId,
  DAY_MS,
  errorIdOf,
  holder,
  outputIdOf,
  startBatch,
} from "./batch-fixture.ts";
import { AT, addFile, fileId, wholeText } from "./file-fixture.ts";

export function batchContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: batches`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const statusOf = async (id: string) => (await store.batches.get("acme", id))?.status;
    const claim = async (owner: string, now = AT, busy: readonly string[] = []) =>
      (await store.batches.claim(holder(owner, now), busy))?.id ?? null;

    describe("making one", () => {
      test("it comes back as it was stated, validating, with nothing done", async () => {
        const { createdAt, expiresAt, ...stated } = aBatchOrder(1, {
          caller: aCaller({ useCases: ["support-chat"], tier: "premium" }),
        });
        await addBatch(store, 1, { caller: stated.caller });
        expect(await store.batches.get("acme", batchId(1))).toEqual({
          ...stated,
          status: "validating",
          model: null,
          issues: [],
          outputFileId: null,
          errorFileId: null,
          counts: { total: 0, completed: 0, failed: 0 },
          usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 },
          times: {
            createdAt,
            expiresAt,
            inProgressAt: null,
            finalizingAt: null,
            completedAt: null,
            failedAt: null,
            expiredAt: null,
            cancellingAt: null,
            cancelledAt: null,
          },
        });
      });

      test("needs a file of the tenant, of purpose batch, that is complete and not expired", async () => {
        await addFile(store.files, 1, ["x"], { tenant: "globex" });
        await addFile(store.files, 2, ["x"], { purpose: "user_data" });
        await addFile(store.files, 3, ["x"], { expiresAt: AT });
        await store.files.begin({ id: fileId(4), tenant: "acme", createdAt: AT });
        for (const n of [1, 2, 3, 4, 5]) {
          expect(await store.batches.create(aBatchOrder(n), 10)).toBe("no_file");
          expect(await store.batches.get("acme", batchId(n))).toBeNull();
        }
      });

      test("is refused when the tenant has too many that are not over", async () => {
        for (const n of [1, 2, 3]) await addFile(store.files, n, ["x"]);
        await addBatch(store, 9, { caller: aCaller({ tenant: "globex" }) });
        expect(await store.batches.create(aBatchOrder(1), 2)).toBe("created");
        expect(await store.batches.create(aBatchOrder(2), 2)).toBe("created");
        expect(await store.batches.create(aBatchOrder(3), 2)).toBe("too_many");
        await store.batches.cancel("acme", batchId(1), AT);
        await claim("me");
        await store.batches.conclude(batchId(1), "me", { status: "cancelled", at: AT });
        expect(await store.batches.create(aBatchOrder(3), 2)).toBe("created");
      });
    });

    test("lists are of one tenant, newest first, and go on after an id", async () => {
      for (const n of [1, 2, 3, 4]) await addBatch(store, n);
      await addBatch(store, 5, { caller: aCaller({ tenant: "globex" }) });
      const list = async (limit: number, after?: string) => {
        const page = await store.batches.list("acme", limit, after);
        return [page.batches.map(({ id }) => id), page.more];
      };
      expect(await list(3)).toEqual([[4, 3, 2].map(batchId), true]);
      expect(await list(3, batchId(2))).toEqual([[batchId(1)], false]);
      expect(await list(4)).toEqual([[4, 3, 2, 1].map(batchId), false]);
      expect(await store.batches.get("acme", batchId(5))).toBeNull();
    });

    describe("holding", () => {
      test("the oldest goes first, and to one owner alone until the lease is over", async () => {
        await addBatch(store, 2);
        await addBatch(store, 1);
        expect(await claim("me")).toBe(batchId(1));
        expect(await claim("you")).toBe(batchId(2));
        expect(await claim("you")).toBeNull();
        expect(await claim("you", AT + 9_999)).toBeNull();
        expect(await claim("you", AT + 10_000)).toBe(batchId(1));
      });

      test("many who ask at once get one each", async () => {
        for (let n = 0; n < 10; n++) await addBatch(store, n);
        const got = await Promise.all(Array.from({ length: 15 }, (_, i) => claim(`owner-${i}`)));
        const ids = got.filter((id) => id !== null);
        expect(new Set(ids).size).toBe(10);
        expect(ids).toHaveLength(10);
      });

      test("renewing holds on to all of one owner's and says how they stand", async () => {
        for (const n of [1, 2, 3]) await addBatch(store, n);
        await claim("me");
        await claim("me");
        await claim("you");
        await store.batches.cancel("acme", batchId(2), AT);
        const renewed = await store.batches.renew(holder("me", AT + 5_000));
        expect(renewed.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
          { id: batchId(1), status: "validating" },
          { id: batchId(2), status: "cancelling" },
        ]);
        expect(await claim("other", AT + 12_000)).toBe(batchId(3));
        expect(await claim("other", AT + 12_000)).toBeNull();
      });

      test("whoever lost it renews nothing and changes nothing", async () => {
        const id = await startBatch(store, 1, "me");
        expect(await claim("you", AT + 10_000)).toBe(id);
        expect(await store.batches.renew(holder("me", AT + 10_000))).toEqual([]);
        expect(await store.batches.finalize(id, "me", AT, false)).toBeNull();
        expect(await store.batches.conclude(id, "me", { status: "failed", at: AT })).toBeNull();
        await store.batches.release(id, "me");
        expect(await claim("other", AT + 10_000)).toBeNull();
        expect(await statusOf(id)).toBe("in_progress");
      });

      test("what is released can be taken at once", async () => {
        const id = await addBatch(store, 1);
        await claim("me");
        await store.batches.release(id, "me");
        expect(await claim("you")).toBe(id);
      });

      test("busy tenants wait, unless all a batch needs is its end", async () => {
        const globex = { caller: aCaller({ tenant: "globex" }) };
        await addBatch(store, 1);
        await addBatch(store, 2);
        await addBatch(store, 3, globex);
        await addBatch(store, 4, { expiresAt: AT });
        await store.batches.cancel("acme", batchId(2), AT);
        expect(await claim("me", AT, ["acme"])).toBe(batchId(2));
        expect(await claim("me", AT, ["acme"])).toBe(batchId(3));
        expect(await claim("me", AT, ["acme"])).toBe(batchId(4));
        expect(await claim("me", AT, ["acme"])).toBeNull();
      });
    });

    describe("its way", () => {
      test("started: it has a total and a model, and shows no files yet", async () => {
        const id = await startBatch(store, 1);
        const batch = await store.batches.get("acme", id);
        expect(batch).toMatchObject({
          status: "in_progress",
          model: "m",
          counts: { total: 5, completed: 0, failed: 0 },
          outputFileId: null,
          errorFileId: null,
        });
        expect(batch?.times.inProgressAt).toBe(AT + 1);
        expect(await store.files.get("acme", outputIdOf(1), AT)).toBeNull();
      });

      test("it starts once, and only while it is validating", async () => {
        const id = await startBatch(store, 1);
        const again = { at: AT, total: 9, model: null, outputFileId: fileId(8), errorFileId: fileId(9) };
        expect(await store.batches.start(id, "me", again)).toBeNull();
        expect((await store.batches.get("acme", id))?.counts.total).toBe(5);
      });

      test("the files of a batch under way are not swept, however old", async () => {
        const id = await startBatch(store, 1);
        await store.batches.record(id, [aResult(1, "kept")]);
        expect(await store.files.sweep(AT + 100 * DAY_MS)).toBe(0);
        expect(await wholeText(store.files, outputIdOf(1))).toBe("kept\n");
      });

      test("results are counted, and each line has one, whoever is first", async () => {
        const id = await startBatch(store, 1);
        const usage = { inputTokens: 7, cachedTokens: 1, outputTokens: 3, reasoningTokens: 2 };
        await store.batches.record(id, [
          aResult(2, "two", { usage }),
          aResult(1, "one", { answered: false }),
        ]);
        await store.batches.record(id, [
          aResult(2, "again", { answered: false, usage }),
          aResult(1, "again"),
        ]);
        await Promise.all([1, 2, 3].map(() => store.batches.record(id, [aResult(3, "three", { usage })])));
        const batch = await store.batches.get("acme", id);
        expect(batch?.counts).toEqual({ total: 5, completed: 2, failed: 1 });
        expect(batch?.usage).toEqual({
          inputTokens: 14,
          cachedTokens: 2,
          outputTokens: 6,
          reasoningTokens: 4,
        });
        expect(await wholeText(store.files, outputIdOf(1))).toBe("two\nthree\n");
        expect(await wholeText(store.files, errorIdOf(1))).toBe("one\n");
        expect(await store.batches.recorded(id, 1, 2)).toEqual([1, 2]);
        expect(await store.batches.recorded(id, 2, 99)).toEqual([2, 3]);
        await store.batches.record(id, []);
      });

      test("a batch that has not started takes no result, and one that is unknown does not either", async () => {
        const id = await addBatch(store, 1);
        for (const unready of [id, batchId(99)]) {
          await store.batches.record(unready, [aResult(1, "early")]);
          expect(await store.batches.recorded(unready, 1, 9)).toEqual([]);
        }
        expect((await store.batches.get("acme", id))?.counts.completed).toBe(0);
      });

      test("completed: its files can be seen, and nobody holds it", async () => {
        const id = await startBatch(store, 1);
        await store.batches.record(id, [aResult(1, "one"), aResult(2, "two", { answered: false })]);
        const finalizing = await store.batches.finalize(id, "me", AT + 2, false);
        expect(finalizing).toMatchObject({ status: "finalizing", outputFileId: null });
        expect(finalizing?.times).toMatchObject({ finalizingAt: AT + 2, expiredAt: null });
        await store.batches.record(id, [aResult(3, "late")]);
        const batch = await store.batches.conclude(id, "me", { status: "completed", at: AT + 3 });
        expect(batch).toMatchObject({
          status: "completed",
          outputFileId: outputIdOf(1),
          errorFileId: errorIdOf(1),
          counts: { completed: 1, failed: 1 },
        });
        expect(batch?.times.completedAt).toBe(AT + 3);
        expect(await store.batches.get("acme", id)).toEqual(batch);
        expect(await store.files.get("acme", outputIdOf(1), AT + 4)).toEqual({
          id: outputIdOf(1),
          tenant: "acme",
          purpose: "batch_output",
          filename: `${id}_output.jsonl`,
          bytes: 4,
          createdAt: AT + 3,
          expiresAt: AT + 3 + 30 * DAY_MS,
        });
        expect(await wholeText(store.files, errorIdOf(1))).toBe("two\n");
        expect(await claim("you", AT + DAY_MS)).toBeNull();
        await store.batches.record(id, [aResult(4, "later")]);
        expect(await wholeText(store.files, outputIdOf(1))).toBe("one\n");
      });

      test("a file that nothing was written into is dropped", async () => {
        const id = await startBatch(store, 1);
        await store.batches.record(id, [aResult(1, "one")]);
        await store.batches.finalize(id, "me", AT, false);
        const batch = await store.batches.conclude(id, "me", { status: "completed", at: AT });
        expect(batch).toMatchObject({ outputFileId: outputIdOf(1), errorFileId: null });
        expect(await store.files.get("acme", errorIdOf(1), AT)).toBeNull();
        expect(await store.files.usedBytes("acme")).toBe(7);
      });

      test("cancelled: what was finished before and meanwhile is kept", async () => {
        const id = await startBatch(store, 1);
        await store.batches.record(id, [aResult(1, "one")]);
        const cancelling = await store.batches.cancel("acme", id, AT + 2);
        expect(cancelling).toMatchObject({ status: "cancelling", times: { cancellingAt: AT + 2 } });
        expect(await store.batches.cancel("acme", id, AT + 3)).toBeNull();
        await store.batches.record(id, [aResult(2, "two")]);
        expect(await store.batches.finalize(id, "me", AT, false)).toBeNull();
        const batch = await store.batches.conclude(id, "me", { status: "cancelled", at: AT + 4 });
        expect(batch).toMatchObject({ status: "cancelled", outputFileId: outputIdOf(1), errorFileId: null });
        expect(await wholeText(store.files, outputIdOf(1))).toBe("one\ntwo\n");
      });

      test("nobody cancels another tenant's batch, or one that is over", async () => {
        const id = await startBatch(store, 1);
        expect(await store.batches.cancel("globex", id, AT)).toBeNull();
        await store.batches.finalize(id, "me", AT, false);
        expect(await store.batches.cancel("acme", id, AT)).toBeNull();
        await store.batches.conclude(id, "me", { status: "completed", at: AT });
        expect(await store.batches.cancel("acme", id, AT)).toBeNull();
        expect(await statusOf(id)).toBe("completed");
      });

      test("failed: it says why", async () => {
        const id = await addBatch(store, 1);
        await claim("me");
        const issues = [{ code: "url_mismatch", line: 3, message: "‘url’ differs", param: "url" }];
        const batch = await store.batches.conclude(id, "me", { status: "failed", at: AT + 1, issues });
        expect(batch).toMatchObject({ status: "failed", issues, outputFileId: null, errorFileId: null });
        expect(batch?.times.failedAt).toBe(AT + 1);
      });

      test("expired: known from finalizing on, and may come before it began", async () => {
        const id = await startBatch(store, 1);
        const finalizing = await store.batches.finalize(id, "me", AT + DAY_MS, true);
        expect(finalizing?.times.expiredAt).toBe(AT + DAY_MS);
        const batch = await store.batches.conclude(id, "me", { status: "expired", at: AT + DAY_MS });
        expect(batch?.status).toBe("expired");
        const other = await addBatch(store, 2);
        await claim("me");
        const ended = await store.batches.conclude(other, "me", { status: "expired", at: AT + DAY_MS });
        expect(ended?.status).toBe("expired");
      });

      test.each(["completed", "cancelled", "expired"] satisfies FinalStatus[])(
        "in progress it cannot end as %s",
        async (status) => {
          const id = await startBatch(store, 1);
          expect(await store.batches.conclude(id, "me", { status, at: AT })).toBeNull();
          expect(await statusOf(id)).toBe("in_progress");
        },
      );
    });

    test("what is over for long is forgotten, what is not over never is", async () => {
      const over = await startBatch(store, 1);
      await store.batches.finalize(over, "me", AT, false);
      await store.batches.conclude(over, "me", { status: "completed", at: AT });
      const live = await addBatch(store, 2);
      expect(await store.batches.sweep(AT + DAY_MS)).toBe(0);
      expect(await store.batches.sweep(AT + DAY_MS + 1)).toBe(1);
      expect(await store.batches.get("acme", over)).toBeNull();
      expect(await statusOf(live)).toBe("validating");
    });

    test("a closed store refuses, nothing hangs", async () => {
      const id = await addBatch(store, 1);
      await store.close();
      const refused = { name: "StoreError", kind: "closed" };
      await expect(store.batches.get("acme", id)).rejects.toMatchObject(refused);
      await expect(store.batches.claim(holder("me"), [])).rejects.toMatchObject(refused);
      await expect(store.batches.record(id, [aResult(1, "x")])).rejects.toMatchObject(refused);
    });
  });
}
