/** The embedded queues under the contract, and what only a file does: outlive its process, be shared, stay quick. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import type { JobQueue } from "../../../src/store/job-queue.ts";
import { memoryJobQueue } from "../../../src/store/memory/job-queue.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { Store } from "../../../src/store/ports.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { drained, message, type QueueFixture, queueContract } from "./queue-contract.ts";

const scratch = createScratch();
let files = 0;
const freshPath = () => scratch.path(`${files++}/pointsman.db`);

function fixtureOf(clock: FakeClock, queue: JobQueue, stop: () => Promise<void>): QueueFixture {
  return { queue, pass: (ms) => clock.advance(ms), now: () => clock.now(), stop };
}

function fixtureOfStore(clock: FakeClock, store: Store): QueueFixture {
  return fixtureOf(clock, store.queue, () => store.close());
}

const EMBEDDED = {
  keepsAnIdOnce: true,
  withdraws: true,
  extendsAfterItsTime: true,
  keepsOrder: true,
  countsByTheClock: true,
  lateMs: 0,
  bigBodyBytes: 20 * 1024 * 1024,
};

queueContract("memory", EMBEDDED, async () => {
  const clock = new FakeClock();
  return fixtureOfStore(clock, createMemoryStore({ clock }));
});
queueContract("memory, alone", { ...EMBEDDED, bigBodyBytes: 200_000 }, async () => {
  const clock = new FakeClock();
  const queue = memoryJobQueue({ clock, maxBodyBytes: 200_000 });
  return fixtureOf(clock, queue, () => queue.close());
});
queueContract("sqlite", EMBEDDED, async () => {
  const clock = new FakeClock();
  return fixtureOfStore(clock, openSqliteStore({ path: freshPath(), clock }));
});

test("a store that is closed refuses its queue", async () => {
  const clock = new FakeClock();
  for (const store of [createMemoryStore({ clock }), openSqliteStore({ path: freshPath(), clock })]) {
    await store.close();
    const refused = { name: "StoreError", kind: "closed" };
    await expect(store.queue.send([message(1)])).rejects.toMatchObject(refused);
    await expect(store.queue.receive(1, 1_000)).rejects.toMatchObject(refused);
    await expect(store.queue.depth()).rejects.toMatchObject(refused);
  }
});

test("a new handle on the file goes on: who holds what, attempts, delays, dead letters", async () => {
  const path = freshPath();
  const clock = new FakeClock();
  const first = openSqliteStore({ path, clock });
  await first.queue.send([message(1), message(2), message(3), message(4, { delayMs: 60_000 })]);
  const [held, buried] = await first.queue.receive(2, 30_000);
  if (!held || !buried) throw new Error("Two were to be received.");
  await first.queue.bury(buried, "no use");
  await first.close();

  const second = openSqliteStore({ path, clock });
  expect(await second.queue.depth()).toEqual({ ready: 1, delayed: 1, inHand: 1, dead: 1 });
  expect(await second.queue.extend(held.receipt, 10_000)).toBe(true);
  await clock.advance(60_000);
  const received = await drained(second.queue);
  expect(received.map(({ id, attempts }) => [id, attempts])).toEqual([
    [message(3).id, 1],
    [message(1).id, 2],
    [message(4).id, 1],
  ]);
  expect(await second.queue.dead(5)).toMatchObject({ letters: [{ id: message(2).id, reason: "no use" }] });
  await second.close();
});

test("two stores on one file: nobody is given what the other has", async () => {
  const path = freshPath();
  const clock = new FakeClock();
  const stores = [openSqliteStore({ path, clock }), openSqliteStore({ path, clock })];
  const [left, right] = stores.map(({ queue }) => queue) as [JobQueue, JobQueue];
  await Promise.all([
    left.send(Array.from({ length: 100 }, (_, n) => message(n))),
    right.send(Array.from({ length: 100 }, (_, n) => message(n + 50))),
  ]);
  const given = await Promise.all([drained(left), drained(right), drained(left), drained(right)]);
  const ids = given.flat().map(({ id }) => id);
  expect(ids.toSorted()).toEqual(Array.from({ length: 150 }, (_, n) => message(n).id));
  for (const { receipt } of given[0]) expect(await right.acknowledge(receipt)).toBe(true);
  for (const store of stores) await store.close();
});

test("bodies are handed over a few at a time where they are large", async () => {
  const clock = new FakeClock();
  const store = openSqliteStore({ path: freshPath(), clock });
  const body = `"${"z".repeat(20 * 1024 * 1024)}"`;
  for (let n = 0; n < 4; n++) await store.queue.send([message(n, { body })]);
  const first = await store.queue.receive(10, 60_000);
  expect(first.map(({ id }) => id)).toEqual([message(0).id, message(1).id]);
  for (const delivery of [...first, ...(await store.queue.receive(10, 60_000))]) {
    await store.queue.bury(delivery, "large");
  }
  const page = await store.queue.dead(10);
  expect([page.letters.length, page.cursor !== null]).toEqual([2, true]);
  await store.close();
});

test("what receives, counts and pages reads the queue by its indexes alone", async () => {
  const path = freshPath();
  const asked: string[] = [];
  const clock = new FakeClock();
  const store = openSqliteStore({
    path,
    clock,
    spawn: () => {
      const worker = new Worker(new URL("../../../src/store/sqlite/worker.ts", import.meta.url));
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (question: unknown) => {
        asked.push(...sqlOf(question));
        post(question);
      };
      return worker;
    },
  });
  await store.queue.send([message(1), message(2)]);
  const [delivery, other] = await store.queue.receive(2, 1_000);
  if (!delivery || !other) throw new Error("Two were to be received.");
  await store.queue.extend(delivery.receipt, 1_000);
  await store.queue.release(delivery.receipt, 0);
  await store.queue.bury(other, "x");
  await store.queue.dead(5, other.id);
  await store.queue.replay([other.id]);
  await store.queue.depth();
  await store.close();
  const database = new Database(path);
  const plans = asked.map((sql) => {
    const rows = database.query(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return rows.map(({ detail }) => detail);
  });
  database.close();
  expect(plans.length).toBeGreaterThanOrEqual(10);
  expect(plans.flat().filter((step) => /^SCAN queue_\w+$/.test(step))).toEqual([]);
  // Dead letters that are replayed are sorted, and nothing else.
  const sorting = plans.filter((steps) => steps.some((step) => step.includes("TEMP B-TREE")));
  expect(sorting.filter((steps) => !steps.some((step) => step.includes("queue_dead")))).toEqual([]);
  expect(plans.flat()).toContain("SEARCH queue_messages USING INDEX queue_by_turn (visible_at<?)");
});

/** The statements of one question to the thread. */
function sqlOf(question: unknown): string[] {
  const { type, sql, statements } = question as {
    type?: string;
    sql?: string;
    statements?: readonly { sql: string }[];
  };
  if (type === "transaction") return (statements ?? []).map((statement) => statement.sql);
  return type === "execute" && sql !== undefined ? [sql] : [];
}
