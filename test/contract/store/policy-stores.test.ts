/** Both drivers under the contracts of the policy and the audit log, and what only a file does. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { verifyChain } from "../../../src/control/audit/verify-chain.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { hashOf } from "../../../src/store/audit-store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { anAuditRecord, auditContract } from "./audit-contract.ts";
import { policyContract } from "./policy-contract.ts";

const scratch = createScratch();
let files = 0;
const freshPath = () => scratch.path(`${files++}/pointsman.db`);
const openPath = (path: string) => openSqliteStore({ path, clock: new FakeClock() });
const openMemory = async () => createMemoryStore();
const openSqlite = async () => openPath(freshPath());

auditContract("memory", openMemory);
auditContract("sqlite", openSqlite);
policyContract("memory", openMemory);
policyContract("sqlite", openSqlite);

/** The thread of a store that was closed may hold its lock a moment longer. */
function openByHand(path: string): Database {
  const database = new Database(path);
  database.run("PRAGMA busy_timeout = 5000");
  return database;
}

test("a memory store that is full goes on from where it was cut, and what is left is whole", async () => {
  const store = createMemoryStore();
  for (let n = 1; n <= 10_005; n++) await store.audit.append(anAuditRecord(n));
  expect((await store.audit.range(0, 1))[0]?.seq).toBe(6);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, entries: 10_000 });
});

describe("a file that somebody else writes to", () => {
  /** Five entries, then `tamper` with the file as whoever owns the disk can. */
  async function verdictAfter(tamper: (database: Database) => void) {
    const path = freshPath();
    const store = openPath(path);
    for (let n = 1; n <= 5; n++) await store.audit.append(anAuditRecord(n));
    await store.close();
    const database = openByHand(path);
    database.run("DROP TRIGGER audit_log_is_not_changed");
    database.run("DROP TRIGGER audit_log_is_not_cut");
    tamper(database);
    database.close();
    const again = openPath(path);
    const verdict = await verifyChain(again.audit);
    await again.close();
    return verdict;
  }
  type Tamper = (database: Database) => void;
  const edit =
    (seq: number, from: string, to: string): Tamper =>
    (database) => {
      database.run("UPDATE audit_log SET entry = replace(entry, ?, ?) WHERE seq = ?", [from, to, seq]);
    };
  const takeOut =
    (seq: number): Tamper =>
    (database) => {
      database.run("DELETE FROM audit_log WHERE seq = ?", [seq]);
    };
  const exchange: Tamper = (database) => {
    const rows = database.query<{ entry: string }, []>("SELECT entry FROM audit_log ORDER BY seq").all();
    database.run("UPDATE audit_log SET entry = ? WHERE seq = 2", [rows[2]?.entry ?? ""]);
    database.run("UPDATE audit_log SET entry = ? WHERE seq = 3", [rows[1]?.entry ?? ""]);
  };

  test("nothing done to it: whole", async () => {
    expect(await verdictAfter(() => {})).toMatchObject({ ok: true, entries: 5 });
  });

  const cases: readonly (readonly [name: string, brokenAt: number, reason: string, tamper: Tamper])[] = [
    ["a word changed", 3, "was changed", edit(3, '"ops"', '"eve"')],
    ["a field added", 2, "was changed", edit(2, '"actor"', '"extra":1,"actor"')],
    ["the last one changed", 5, "was changed", edit(5, "example@5", "example@6")],
    ["no JSON any more", 4, "cannot be read", edit(4, "{", "")],
    ["one taken out", 2, "is missing", takeOut(2)],
    ["the first taken out", 1, "is missing", takeOut(1)],
    ["two exchanged", 2, "another one", exchange],
  ];
  test.each(cases)("%s: found at %p, since it %s", async (_name, brokenAt, words, tamper) => {
    expect(await verdictAfter(tamper)).toMatchObject({
      ok: false,
      brokenAt,
      entries: brokenAt - 1,
      reason: expect.stringContaining(words),
    });
  });

  test("an entry replaced together with its hash breaks the link after it", async () => {
    const forged = await verdictAfter((database) => {
      const row = database.query<{ entry: string }, []>("SELECT entry FROM audit_log WHERE seq = 3").get();
      const entry = { ...JSON.parse(row?.entry ?? "{}"), actor: "eve" };
      entry.hash = hashOf(entry);
      database.run("UPDATE audit_log SET entry = ?, hash = ? WHERE seq = 3", [
        JSON.stringify(entry),
        entry.hash,
      ]);
    });
    expect(forged).toMatchObject({
      ok: false,
      brokenAt: 4,
      reason: expect.stringContaining("does not follow"),
    });
  });

  test("the file itself refuses to change or cut the log", async () => {
    const path = freshPath();
    const store = openPath(path);
    await store.audit.append(anAuditRecord(1));
    await store.close();
    const database = openByHand(path);
    expect(() => database.run("UPDATE audit_log SET entry = '{}'")).toThrow("append-only");
    expect(() => database.run("DELETE FROM audit_log")).toThrow("append-only");
    database.close();
  });

  test("two stores on one file take turns: one chain", async () => {
    const path = freshPath();
    const [one, two] = [openPath(path), openPath(path)];
    const append = (n: number) => (n % 2 === 0 ? one : two).audit.append(anAuditRecord(n));
    await Promise.all(Array.from({ length: 60 }, (_, n) => append(n)));
    expect(await verifyChain(one.audit)).toMatchObject({ ok: true, entries: 60 });
    await one.close();
    await two.close();
  });
});
