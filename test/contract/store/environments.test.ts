/** Gateways of several environments on one store: each does the work that it was given itself, and no other's. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { aBatchOrder, batchId } from "./batch-fixture.ts";
import { AT, addFile } from "./file-fixture.ts";

const scratch = createScratch();
let files = 0;

/** Three gateways on one file: of prod, of dev, of no environment. */
function fleet() {
  const path = scratch.path(`${files++}/pointsman.db`);
  const clock = new FakeClock();
  const [prod, dev, none] = ["prod", "dev", null].map((environment) =>
    openSqliteStore({ path, clock, environment }),
  );
  if (!prod || !dev || !none) throw new Error("Three were to be opened.");
  const stores = { prod, dev, none };
  return {
    ...stores,
    path,
    clock,
    async close() {
      for (const store of Object.values(stores)) await store.close();
    },
  };
}

const order = (id: string) => ({
  ...({ id, keyId: "k", tenant: "a", useCase: "c", endpoint: "/v1/invoke" } as const),
  ...{ webhookUrl: "https://h.example/", metadata: null, acceptDegraded: true, createdAt: 1, expiresAt: 9 },
  ...{ body: {}, headers: {} },
});
const BOUNDS = { maxLive: 9, maxLiveBytes: 999, countedSince: 0 };
const END = {
  status: "failed",
  at: 5,
  fault: null,
  answer: null,
  result: null,
  dead: false,
  tell: true,
} as const;

test("a message goes to its own environment, as a dead letter that is put back elsewhere, too", async () => {
  const { prod, dev, none, clock, close } = fleet();
  await prod.queue.send([{ id: "job_1", group: "c", body: "{}" }]);
  for (const other of [dev, none]) expect(await other.queue.receive(5, 1_000)).toEqual([]);
  const [delivery] = await prod.queue.receive(5, 1_000);
  if (!delivery) throw new Error("It was to be received.");
  await prod.queue.bury(delivery, "x");
  expect(await dev.queue.replay(["job_1"])).toEqual(["job_1"]);
  await clock.advance(1);
  expect(await dev.queue.receive(5, 1_000)).toEqual([]);
  expect(await prod.queue.receive(5, 1_000)).toHaveLength(1);
  await close();
});

test("a job is sent, and its end told, by its own environment", async () => {
  const { prod, dev, none, close } = fleet();
  await prod.jobs.create(
    { order: order("job_1"), idempotencyKey: null, fingerprint: "f", delayMs: 0 },
    BOUNDS,
  );
  for (const other of [dev, none]) expect(await other.jobs.unsent(2, 5)).toEqual([]);
  expect(await prod.jobs.unsent(2, 5)).toHaveLength(1);
  await dev.jobs.adopt(order("job_2"));
  for (const id of ["job_1", "job_2"]) await none.jobs.conclude(id, { ...END, messageId: id });
  const receiver = "https://h.example";
  expect(await none.jobs.dueReceivers(5)).toEqual([]);
  for (const [store, id] of [
    [prod, "job_1"],
    [dev, "job_2"],
  ] as const) {
    expect(await store.jobs.dueReceivers(5)).toEqual([receiver]);
    expect((await store.jobs.takeDueWebhooks(receiver, 5, 9, 5)).map((job) => job.id)).toEqual([id]);
  }
  await close();
});

test("a batch is done by its own environment, and ended by any when its time is over", async () => {
  const { prod, dev, close } = fleet();
  await addFile(prod.files, 1, ["x"]);
  expect(await prod.batches.create(aBatchOrder(1), 5)).toBe("created");
  const holder = (now: number) => ({ owner: "me", now, leaseUntil: now + 10 });
  expect(await dev.batches.claim(holder(AT), [])).toBeNull();
  expect((await prod.batches.claim(holder(AT), []))?.id).toBe(batchId(1));
  expect((await dev.batches.claim(holder(aBatchOrder(1).expiresAt), []))?.id).toBe(batchId(1));
  await close();
});

test("the answer to a ticket is told by its own environment", async () => {
  const { prod, dev, none, close } = fleet();
  const line = { useCase: "c", queue: "q" };
  const ticket = { ...line, id: "tkt_1", at: 1, tenant: "a", prompt: null, requestId: "r", decisionId: "d" };
  await prod.tickets.create(ticket, 1);
  expect(await dev.tickets.answer("tkt_1", "ann", "Yes.", 2, true)).toMatchObject({ status: "answered" });
  for (const other of [dev, none]) {
    expect(await other.tickets.dueLines(2)).toEqual([]);
    expect(await other.tickets.takeDue(line, 2, 9, 5)).toEqual([]);
  }
  expect(await prod.tickets.dueLines(2)).toEqual([line]);
  expect(await prod.tickets.takeDue(line, 2, 9, 5)).toHaveLength(1);
  await close();
});

test("what an earlier release left is anybody's", async () => {
  const { prod, dev, path, close } = fleet();
  await prod.queue.send([{ id: "job_1", group: "c", body: "{}" }]);
  await prod.jobs.adopt(order("job_1"));
  await prod.jobs.conclude("job_1", { ...END, messageId: "m" });
  const database = new Database(path);
  for (const table of ["jobs", "queue_messages"]) database.run(`UPDATE ${table} SET environment = NULL`);
  database.close();
  expect(await dev.queue.receive(5, 1_000)).toHaveLength(1);
  expect(await dev.jobs.dueReceivers(5)).toEqual(["https://h.example"]);
  await close();
});
