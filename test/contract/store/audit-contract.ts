/** What every audit log owes: order, a whole chain, pages, no second thoughts. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { verifyChain } from "../../../src/control/audit/verify-chain.ts";
import { type AuditRecord, GENESIS_HASH, hashOf } from "../../../src/store/audit-store.ts";
import type { Store } from "../../../src/store/ports.ts";

export function anAuditRecord(n: number, overrides: Partial<AuditRecord> = {}): AuditRecord {
  return {
    at: 1_700_000_000_000 + n,
    actor: "ops",
    action: "policy.activated",
    subject: `example@${n}`,
    details: { note: null, changes: [`chat: max_attempts ${n} → ${n + 1}`], count: n, held: false },
    ...overrides,
  };
}

export function auditContract(name: string, open: () => Promise<Store>): void {
  describe(`the audit log of ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test("an empty one is whole", async () => {
      expect(await store.audit.list(10)).toEqual([]);
      expect(await verifyChain(store.audit)).toEqual({
        ok: true,
        entries: 0,
        head: { seq: 0, hash: GENESIS_HASH },
      });
    });

    test("each entry names the one before, from 1 on, and comes back as it was written", async () => {
      const first = await store.audit.append(anAuditRecord(1));
      const second = await store.audit.append(anAuditRecord(2));
      expect(first).toMatchObject({ ...anAuditRecord(1), seq: 1, prevHash: GENESIS_HASH });
      expect(second).toMatchObject({ seq: 2, prevHash: first.hash });
      expect(second.hash).toBe(hashOf(second));
      expect((await store.audit.list(10)).map(({ entry }) => JSON.parse(entry))).toEqual([second, first]);
      expect(await verifyChain(store.audit)).toEqual({
        ok: true,
        entries: 2,
        head: { seq: 2, hash: second.hash },
      });
    });

    test("whatever the words are, the chain holds", async () => {
      const texts = ["", "ünï 🚂", 'quote " and \\', "nul \u0000", "\ud83d lone", "line\nbreak", "' --"];
      for (const text of texts) {
        await store.audit.append(
          anAuditRecord(1, { actor: text, subject: text, details: { note: text, [text]: [text] } }),
        );
      }
      await store.audit.append(anAuditRecord(1, { details: { nan: Number.NaN, tiny: 1e-7, big: 2 ** 53 } }));
      expect(await verifyChain(store.audit)).toMatchObject({ ok: true, entries: texts.length + 1 });
    });

    test("writers at once wait for each other: no number twice, no fork", async () => {
      const entries = await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.audit.append(anAuditRecord(n))),
      );
      expect(entries.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, i) => i + 1),
      );
      expect(await verifyChain(store.audit)).toMatchObject({ ok: true, entries: 50 });
    });

    test("pages, either way", async () => {
      for (let n = 1; n <= 7; n++) await store.audit.append(anAuditRecord(n));
      const seqs = async (rows: Promise<readonly { readonly seq: number }[]>) =>
        (await rows).map(({ seq }) => seq);
      expect(await seqs(store.audit.list(3))).toEqual([7, 6, 5]);
      expect(await seqs(store.audit.list(3, 5))).toEqual([4, 3, 2]);
      expect(await seqs(store.audit.list(3, 1))).toEqual([]);
      expect(await seqs(store.audit.range(0, 3))).toEqual([1, 2, 3]);
      expect(await seqs(store.audit.range(5, 3))).toEqual([6, 7]);
      expect(await seqs(store.audit.range(7, 3))).toEqual([]);
    });

    test("a chain longer than a page is verified to its end", async () => {
      for (let n = 1; n <= 1_001; n++) await store.audit.append(anAuditRecord(n));
      expect(await verifyChain(store.audit)).toMatchObject({ ok: true, entries: 1_001 });
    });

    test("a store that is closed says so", async () => {
      await store.close();
      const refused = { name: "StoreError", kind: "closed" };
      await expect(store.audit.append(anAuditRecord(1))).rejects.toMatchObject(refused);
      await expect(store.audit.list(1)).rejects.toMatchObject(refused);
      await expect(store.policyHeads.read(0)).rejects.toMatchObject(refused);
    });
  });
}
