/** Files that cannot be used and threads that die: what is said, and that nothing hangs. */
import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { createScratch } from "../../scratch.ts";
import { aDecision, anActivation, decisionId, decisions, recordsOf } from "./decision-fixture.ts";

const scratch = createScratch();
let path = "";
let files = 0;
beforeEach(() => {
  path = scratch.path(`${files++}.db`);
});

async function failure(promise: Promise<unknown>): Promise<StoreError> {
  const reason = await promise.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
  if (reason instanceof StoreError) return reason;
  throw new Error(`expected a StoreError, got ${String(reason)}`);
}

/** A file with records, closed. */
async function seeded(): Promise<void> {
  const store = openSqliteStore({ path, clock: new FakeClock() });
  await store.decisions.append(recordsOf(decisions(0, 2_000)));
  await store.close();
}

describe("a file that cannot be used", () => {
  test("that is no database", async () => {
    writeFileSync(path, "# a policy, not a database\n".repeat(100));
    const store = openSqliteStore({ path, clock: new FakeClock() });
    const waiting = failure(store.decisions.append(recordsOf([aDecision(1)])));
    const error = await failure(store.ready());
    expect(error.kind).toBe("corrupt");
    expect(error.message).toContain(path);
    expect(error.message).toContain("Move it");
    expect((await waiting).kind).toBe("corrupt");
    expect((await failure(store.decisions.list({ limit: 1 }))).kind).toBe("corrupt");
    expect((await failure(store.activations.record(anActivation(1)))).kind).toBe("corrupt");
    await store.close();
    expect(readFileSync(path, "utf8")).toStartWith("# a policy");
  });

  test("whose pages are damaged", async () => {
    await seeded();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 16_384);
    writeFileSync(path, bytes);
    const store = openSqliteStore({ path, clock: new FakeClock() });
    const error = await failure(store.decisions.append(recordsOf([aDecision(1)])));
    expect(error.kind).toBe("corrupt");
    expect(error.message).toContain(path);
    await store.close();
  });

  test("that a newer release wrote", async () => {
    await seeded();
    const database = new Database(path);
    database.run("INSERT INTO schema_migrations VALUES (99, 'from the future', datetime('now'))");
    database.close();
    const store = openSqliteStore({ path, clock: new FakeClock() });
    const error = await failure(store.ready());
    expect(error.kind).toBe("newer_schema");
    expect(error.message).toMatch(/schema version 99, but this program knows only \d+\./);
    expect((await failure(store.decisions.append(recordsOf([aDecision(5_000)])))).kind).toBe("newer_schema");
    await store.close();
  });

  test("whose folder cannot be made", async () => {
    writeFileSync(path, "a file where a folder should be");
    const store = openSqliteStore({ path: `${path}/data/pointsman.db`, clock: new FakeClock() });
    const error = await failure(store.ready());
    expect(error.kind).toBe("inaccessible");
    expect(error.message).toContain("Check that the folder exists");
    await store.close();
  });

  test("whose folder is in a link to nowhere", async () => {
    symlinkSync(`${path}-gone/deeper`, path);
    const store = openSqliteStore({ path: `${path}/data/pointsman.db`, clock: new FakeClock() });
    expect((await failure(store.ready())).kind).toBe("inaccessible");
    await store.close();
  });

  test("that is a folder", async () => {
    mkdirSync(path);
    const store = openSqliteStore({ path, clock: new FakeClock() });
    expect((await failure(store.ready())).kind).toBe("inaccessible");
    await store.close();
  });

  // The superuser may write to everything, so the test would fail for the wrong reason.
  test.skipIf(process.getuid?.() === 0)("that this user may not write to", async () => {
    await seeded();
    chmodSync(path, 0o444);
    const store = openSqliteStore({ path, clock: new FakeClock() });
    expect((await failure(store.decisions.append(recordsOf([aDecision(5_000)])))).kind).toBe("inaccessible");
    await store.close();
  });

  test("is tried again after a while, when somebody has mended it", async () => {
    writeFileSync(path, "not a database".repeat(1_000));
    const clock = new FakeClock();
    const store = openSqliteStore({ path, clock });
    await failure(store.ready());
    writeFileSync(path, "");
    expect((await failure(store.decisions.append(recordsOf([aDecision(1)])))).kind).toBe("corrupt");
    await clock.advance(100);
    await store.decisions.append(recordsOf([aDecision(1)]));
    expect(await store.decisions.get(decisionId(1))).toEqual(aDecision(1));
    await store.close();
  });
});

describe("a thread that dies", () => {
  const dying = (how: string) => new Worker(new URL("./dying-worker.ts", import.meta.url), { name: how });
  const living = () => new Worker(new URL("../../../src/store/sqlite/worker.ts", import.meta.url));

  test.each(["exit", "throw"])("by %s: what it owed is refused, the next one takes over", async (how) => {
    const clock = new FakeClock();
    const threads = [() => dying(how), living];
    const store = openSqliteStore({ path, clock, spawn: () => (threads.shift() ?? living)() });
    const owed = await Promise.all(
      [1, 2, 3].map((n) => failure(store.decisions.append(recordsOf([aDecision(n)])))),
    );
    expect(owed.map((error) => error.kind)).toEqual(["restarting", "restarting", "restarting"]);
    expect((await failure(store.decisions.append(recordsOf([aDecision(1)])))).kind).toBe("restarting");
    await clock.advance(100);
    await store.decisions.append(recordsOf([aDecision(1)]));
    expect(await store.decisions.get(decisionId(1))).toEqual(aDecision(1));
    await store.close();
    expect(clock.pending).toBe(0);
  });

  test("again and again is restarted at growing intervals", async () => {
    const clock = new FakeClock();
    let started = 0;
    const store = openSqliteStore({
      path,
      clock,
      spawn: () => {
        started++;
        return dying("exit");
      },
    });
    const startedAfter = async (ms: number) => {
      await clock.advance(ms);
      await failure(store.decisions.append(recordsOf([aDecision(1)])));
      return started;
    };
    expect(await startedAfter(0)).toBe(1);
    expect(await startedAfter(99)).toBe(1);
    expect(await startedAfter(1)).toBe(2);
    expect(await startedAfter(199)).toBe(2);
    expect(await startedAfter(1)).toBe(3);
    expect(await startedAfter(399)).toBe(3);
    expect(await startedAfter(1)).toBe(4);
    await store.close();
  });

  test("while it is closed: close ends all the same", async () => {
    const store = openSqliteStore({ path, clock: new FakeClock(), spawn: () => dying("throw") });
    const owed = failure(store.decisions.append(recordsOf([aDecision(1)])));
    await store.close();
    expect((await owed).kind).toBe("restarting");
  });

  test("and one that hangs is ended after a while", async () => {
    const clock = new FakeClock();
    const silent = () => new Worker(URL.createObjectURL(new Blob(["self.onmessage = () => {};"])));
    const store = openSqliteStore({ path, clock, spawn: silent });
    const owed = failure(store.decisions.append(recordsOf([aDecision(1)])));
    const closed = store.close();
    await clock.advance(10_000);
    await closed;
    expect((await owed).message).toContain("it hung");
    expect(clock.pending).toBe(0);
  });
});
