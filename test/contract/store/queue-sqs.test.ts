/** The SQS queue under the contract, over a server that speaks SQS. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { createSqsQueue } from "../../../src/store/sqs/sqs-queue.ts";
import { message, queueContract } from "./queue-contract.ts";
import { type SqsServer, startSqsServer } from "./sqs-server.ts";

let server: SqsServer;
beforeAll(async () => {
  server = await startSqsServer();
});
afterAll(() => server.stop());

// SQS keeps no ids, its order is approximate, and it is told to wait in whole seconds and a little longer.
const TRAITS = {
  keepsAnIdOnce: false,
  withdraws: false,
  extendsAfterItsTime: false,
  keepsOrder: false,
  countsByTheClock: false,
  lateMs: 3_000,
  bigBodyBytes: 1_000_000,
};

function twoQueues() {
  const [queue, dead] = [server.create(), server.create()];
  return (environment: string | null) =>
    createSqsQueue({
      url: queue.url,
      deadUrl: dead.url,
      endpoint: server.endpoint,
      environment,
      clock: server.clock,
      random: seededRandom(1),
      waitSeconds: 0,
    });
}

queueContract("sqs", TRAITS, async () => {
  const { clock, pass } = server;
  const driver = twoQueues()(null);
  return { queue: driver, pass, now: () => clock.now(), stop: () => driver.close() };
});

test("a message goes to its own environment, as a dead letter that is put back elsewhere, too", async () => {
  const open = twoQueues();
  const [prod, dev, none] = [open("prod"), open("dev"), open(null)];
  await prod.send([message(1)]);
  for (const other of [dev, none]) {
    expect(await other.receive(5, 30_000)).toEqual([]);
    await server.pass(10_000);
  }
  const [delivery] = await prod.receive(5, 30_000);
  if (!delivery) throw new Error("It was to be received.");
  expect(await prod.bury(delivery, "x")).toBe(true);
  expect(await dev.replay([message(1).id])).toEqual([message(1).id]);
  expect(await dev.receive(5, 30_000)).toEqual([]);
  await server.pass(10_000);
  expect(await prod.receive(5, 30_000)).toMatchObject([{ id: message(1).id }]);
  for (const queue of [prod, dev, none]) await queue.close();
});
