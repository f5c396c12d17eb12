/** What every driver's store of kept answers must do. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { KeptAnswer } from "../../../src/store/answer-store.ts";
import type { Store } from "../../../src/store/ports.ts";

const PLENTY = { count: 1000, chars: 1_000_000 };

function answer(n: number, changes: Partial<KeptAnswer> = {}): KeptAnswer {
  return {
    tenant: "acme",
    key: `key-${n}`,
    useCase: "chat",
    storedAt: n,
    expiresAt: 1000,
    document: `{"n":${n}}`,
    ...changes,
  };
}

export function answerContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: kept answers`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const load = (now = 0, bounds = PLENTY) => store.answers.load(now, bounds);
    const keys = async (now = 0, bounds = PLENTY) => (await load(now, bounds)).map(({ key }) => key);

    test("what was put is loaded as it was, newest first", async () => {
      await store.answers.put([]);
      await store.answers.put([answer(1), answer(3), answer(2, { document: "ü 🚂 \u0000" })]);
      expect(await load()).toEqual([answer(3), answer(2, { document: "ü 🚂 \u0000" }), answer(1)]);
    });

    test("a newer answer takes an older one's place, and never the other way round", async () => {
      await store.answers.put([answer(1, { storedAt: 5, document: "a" })]);
      await store.answers.put([answer(1, { storedAt: 9, document: "b" })]);
      await store.answers.put([answer(1, { storedAt: 7, document: "c" })]);
      expect((await load()).map(({ document }) => document)).toEqual(["b"]);
    });

    test("the same key of two tenants is two answers", async () => {
      await store.answers.put([
        answer(1, { tenant: "a", document: "a's" }),
        answer(1, { tenant: "b", document: "b's" }),
      ]);
      const found = (await load()).map(({ tenant, document }) => `${tenant}: ${document}`);
      expect(found.sort()).toEqual(["a: a's", "b: b's"]);
    });

    test("what has expired is not loaded, and swept", async () => {
      await store.answers.put([answer(1, { expiresAt: 100 }), answer(2, { expiresAt: 101 })]);
      expect(await keys(100)).toEqual(["key-2"]);
      expect(await store.answers.sweep(100, PLENTY)).toBe(1);
      expect(await keys(0)).toEqual(["key-2"]);
    });

    test("bounds by count and by characters keep the newest", async () => {
      const document = "x".repeat(100);
      await store.answers.put(Array.from({ length: 500 }, (_, n) => answer(n, { document })));
      expect(await keys(0, { count: 3, chars: 1e9 })).toEqual(["key-499", "key-498", "key-497"]);
      expect(await keys(0, { count: 1e9, chars: 250 })).toEqual(["key-499", "key-498"]);
      expect(await load(0, { count: 1e9, chars: 1e9 })).toHaveLength(500);
      expect(await store.answers.sweep(0, { count: 400, chars: 1e9 })).toBe(100);
      expect(await store.answers.sweep(0, { count: 400, chars: 250 })).toBe(398);
      expect(await keys()).toEqual(["key-499", "key-498"]);
    });

    test("a use case that keeps none any more has its answers forgotten", async () => {
      await store.answers.put([answer(1, { useCase: "a" }), answer(2, { useCase: "b" })]);
      await store.answers.keepOnly(["b", "c"]);
      expect(await keys()).toEqual(["key-2"]);
      await store.answers.keepOnly([]);
      expect(await keys()).toEqual([]);
    });

    test("a closed store refuses", async () => {
      await store.close();
      expect(store.answers.put([answer(1)])).rejects.toThrow("closed");
    });
  });
}
