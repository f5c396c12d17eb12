/** The SQLite store under the contract, and what only a file does: last, be shared, be trimmed. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { aDecision, anActivation, decisionId, decisions, recordsOf } from "./decision-fixture.ts";
import { backToSchema } from "./earlier-schema.ts";
import { storeContract } from "./store-contract.ts";
import { segmentSizes, storedDecisions } from "./stored-decisions.ts";

const scratch = createScratch();
let files = 0;
const freshPath = () => scratch.path(`${files++}/pointsman.db`);
const open = (path: string, retainDecisions?: number) =>
  openSqliteStore({
    path,
    clock: new FakeClock(),
    ...(retainDecisions === undefined ? {} : { retainDecisions }),
  });

storeContract("sqlite", async () => open(freshPath()));

test("records and activations are there after closing and opening again", async () => {
  const path = freshPath();
  const first = open(path);
  await first.decisions.append(recordsOf(decisions(0, 20)));
  await first.activations.record(anActivation(1));
  await first.close();
  const second = open(path);
  expect((await second.decisions.list({ limit: 100 })).decisions).toHaveLength(20);
  expect(await second.decisions.get(decisionId(7))).toEqual(aDecision(7));
  expect(await second.activations.list(10)).toEqual([anActivation(1)]);
  await second.close();
});

test("close writes what was handed over before, and leaves one file that nobody holds", async () => {
  const path = freshPath();
  const store = open(path);
  const pending = store.decisions.append(recordsOf(decisions(0, 100)));
  await store.close();
  await pending;
  // Closed in truth: the log and its index go with the last connection, at once and not when it is collected.
  expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false]);
  const database = new Database(path);
  expect(storedDecisions(database)).toEqual(decisions(0, 100).map(({ id }) => id));
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  database.close();
});

test("keeps as many as it is told, the first written leave first", async () => {
  const store = open(freshPath(), 1_000);
  for (let i = 0; i < 3_000; i += 250) await store.decisions.append(recordsOf(decisions(i, i + 250)));
  const oldest = await store.decisions.list({ limit: 1, after: "" });
  expect(oldest.decisions[0]?.id).toBe(decisionId(2_000));
  expect(await store.decisions.get(decisionId(1_999))).toBeNull();
  expect(await store.decisions.get(decisionId(2_999))).toEqual(aDecision(2_999));
  await store.close();
});

test("a lower retention is reached in slices", async () => {
  const path = freshPath();
  const large = open(path);
  for (let i = 0; i < 2_000; i += 500) await large.decisions.append(recordsOf(decisions(i, i + 500)));
  await large.close();
  const small = open(path, 100);
  const oldest = async () => (await small.decisions.list({ limit: 1, after: "" })).decisions[0]?.id;
  await small.decisions.append(recordsOf([aDecision(2_000)]));
  expect(await oldest()).toBe(decisionId(500));
  for (let i = 2_001; i < 2_005; i++) await small.decisions.append(recordsOf([aDecision(i)]));
  // What was written together leaves together, and no sooner than all of it may.
  expect(await oldest()).toBe(decisionId(1_500));
  for (let i = 2_005; i < 2_100; i++) await small.decisions.append(recordsOf([aDecision(i)]));
  expect(await oldest()).toBe(decisionId(2_000));
  await small.close();
});

test("two stores on one file in one process see each other's records", async () => {
  const path = freshPath();
  const left = open(path);
  const right = open(path);
  await Promise.all([
    left.decisions.append(recordsOf(decisions(0, 50))),
    right.decisions.append(recordsOf(decisions(50, 100))),
  ]);
  expect((await left.decisions.list({ limit: 500 })).decisions).toHaveLength(100);
  expect((await right.decisions.list({ limit: 500 })).decisions).toHaveLength(100);
  await left.close();
  await right.close();
});

test("what is written one by one is put together, and nothing of it is lost", async () => {
  const path = freshPath();
  const store = open(path);
  const count = 700;
  for (let i = 0; i < count; i++) await store.decisions.append(recordsOf([aDecision(i)]));
  await store.decisions.append(recordsOf([aDecision(count - 1, { status: 500 })]));
  expect(await store.decisions.get(decisionId(5))).toEqual(aDecision(5));
  expect((await store.decisions.list({ limit: 3, before: decisionId(300) })).decisions).toEqual(
    [299, 298, 297].map((n) => aDecision(n)),
  );
  await store.close();
  const database = new Database(path);
  expect(storedDecisions(database)).toEqual(decisions(0, count).map(({ id }) => id));
  const sizes = segmentSizes(database);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(count);
  expect(sizes[0]).toBeGreaterThanOrEqual(256);
  expect(sizes.length).toBeLessThan(40);
  database.close();
});

test("large batches are not written again", async () => {
  const path = freshPath();
  const store = open(path);
  for (let i = 0; i < 4_000; i += 100) await store.decisions.append(recordsOf(decisions(i, i + 100)));
  await store.close();
  const database = new Database(path);
  expect(segmentSizes(database)).toEqual(Array(40).fill(100));
  database.close();
});

test("a file in which each decision was a row of its own is taken over", async () => {
  const path = scratch.path("rows.db");
  const old = new Database(path);
  old.run(
    "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)",
  );
  old.run("INSERT INTO schema_migrations VALUES (1, 'decisions and activations', datetime('now'))");
  old.run(
    `CREATE TABLE decisions (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, use_case TEXT,
       tenant TEXT NOT NULL, outcome TEXT NOT NULL, document TEXT NOT NULL)`,
  );
  old.run("CREATE TABLE activations (id TEXT PRIMARY KEY, at INTEGER NOT NULL, document TEXT NOT NULL)");
  const insert = old.prepare("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)");
  const records = decisions(0, 1_200).map((one, n) =>
    n % 7 === 0 ? { ...one, useCase: null, cost: null } : one,
  );
  old.transaction(() => {
    // As retention had left them: the first numbers are gone.
    for (const [n, one] of records.entries()) {
      insert.run(n + 40, one.id, one.at, one.useCase, one.tenant, one.outcome, JSON.stringify(one));
    }
  })();
  old.close(true);
  const store = open(path);
  const page = await store.decisions.list({ limit: 500, after: "" });
  expect(page.decisions).toEqual(records.slice(0, 500));
  expect(await store.decisions.get(decisionId(1_199))).toEqual(aDecision(1_199));
  const spent = await store.decisions.spent({ since: 0, until: Number.MAX_SAFE_INTEGER });
  const cost = records.reduce((sum, one) => sum + (one.cost ?? 0), 0);
  expect(spent.sums).toEqual([{ tenant: "acme", keyId: "demo", useCase: "support-chat", cost }]);
  await store.decisions.append(recordsOf([aDecision(1_200)]));
  expect((await store.decisions.list({ limit: 1 })).decisions).toEqual([aDecision(1_200)]);
  await store.close();
});

test.each(["documents", "staged"])(
  "a policy whose %s are damaged says where, and how to mend it",
  async (column) => {
    const path = freshPath();
    const store = open(path);
    const head = { revision: 7, at: 5, actor: "ops", note: null, documents: { "": "secret: text" } };
    for (const revision of [1, 2]) await store.policyHeads.write({ ...head, revision });
    const damage = new Database(path);
    damage.run(`UPDATE policy_heads SET ${column} = '{"": secret' WHERE revision = 2`);
    const thrown = await store.policyHeads.read(0).catch((one: unknown) => one);
    expect(thrown).toMatchObject({ name: "StoreError", kind: "corrupt" });
    expect(String(thrown)).toContain("DELETE FROM policy_heads WHERE revision = 2");
    expect(String(thrown)).not.toContain("secret");
    damage.run("DELETE FROM policy_heads WHERE revision = 2");
    damage.close();
    expect((await store.policyHeads.read(0))?.revision).toBe(1);
    await store.close();
  },
);

test.each(['{"id": "secr', "null", "7", ""])(
  "a record of the history that is damaged (%j) is told as that, among the others",
  async (rest) => {
    const path = freshPath();
    const store = open(path);
    const [older, damaged, newer] = [anActivation(1), anActivation(2), anActivation(3)];
    for (const one of [older, damaged, newer]) await store.activations.record(one);
    const damage = new Database(path);
    damage.query("UPDATE activations SET document = ? WHERE id = ?").run(rest, damaged.id);
    damage.close();
    const [first, second, third, ...others] = await store.activations.list(10);
    expect([first, third, others]).toEqual([newer, older, []]);
    expect(second).toMatchObject({ id: damaged.id, at: damaged.at, result: "refused", version: null });
    expect(second?.findings.join()).toContain(`DELETE FROM activations WHERE id = '${damaged.id}'`);
    expect(JSON.stringify(second)).not.toContain("secr");
    expect(await store.activations.findVersion(older.version ?? "", null)).toEqual(older);
    expect(await store.activations.findVersion(damaged.version ?? "")).toBeNull();
    await store.close();
  },
);

test("a policy that was written before acts had kinds is read, and written upon", async () => {
  const path = freshPath();
  const before = open(path);
  const documents = { "": "version: 1\n" };
  const head = { revision: 1, at: 5, actor: "ops", note: "ünï", documents, staged: null };
  await before.policyHeads.write({ ...head, via: "push" });
  await before.close();
  backToSchema(path, 9);
  const after = open(path);
  expect(await after.policyHeads.read(0)).toEqual({ ...head, via: null });
  expect(await after.policyHeads.write({ ...head, revision: 2, via: "rollback" })).toBe(true);
  expect((await after.policyHeads.read(1))?.via).toBe("rollback");
  await after.close();
});
