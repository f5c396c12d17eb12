/** The SQS queue under the contract, over a server that speaks SQS. */
import { afterAll, beforeAll } from "bun:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { createSqsQueue } from "../../../src/store/sqs/sqs-queue.ts";
import { queueContract } from "./queue-contract.ts";
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

queueContract("sqs", TRAITS, async () => {
  const { clock, endpoint, pass } = server;
  const [queue, dead] = [server.create(), server.create()];
  const driver = createSqsQueue({
    url: queue.url,
    deadUrl: dead.url,
    endpoint,
    clock,
    random: seededRandom(1),
    waitSeconds: 0,
  });
  return { queue: driver, pass, now: () => clock.now(), stop: () => driver.close() };
});
