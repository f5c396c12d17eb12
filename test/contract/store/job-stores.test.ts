/** Both drivers under the contract of jobs. */
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { backToSchema } from "./earlier-schema.ts";
import { jobContract } from "./job-contract.ts";

const scratch = createScratch();
let files = 0;
const openAt = (path: string) => openSqliteStore({ path, clock: new FakeClock() });

jobContract("memory", async () => createMemoryStore());
jobContract("sqlite", async () => openAt(scratch.path(`${files++}/pointsman.db`)));

test("a job and what the queue does not have yet are there after a restart", async () => {
  const path = scratch.path("restart/pointsman.db");
  const first = openAt(path);
  const terms = { id: "job_1", keyId: "k", tenant: "a", useCase: "c", endpoint: "/v1/invoke" } as const;
  const rest = { webhookUrl: null, metadata: null, acceptDegraded: true, createdAt: 1, expiresAt: 9 };
  const order = { ...terms, ...rest, body: { a: 1 }, headers: {} };
  const job = { order, idempotencyKey: null, fingerprint: "f", delayMs: 0 };
  await first.jobs.create(job, { maxLive: 1, maxLiveBytes: 99, countedSince: 0 });
  await first.close();
  const second = openAt(path);
  expect(await second.jobs.get("a", "job_1")).toMatchObject({ status: "queued", acceptDegraded: true });
  expect(await second.jobs.unsent(2, 10)).toEqual([{ order, delayMs: 0 }]);
  await second.close();
});

test("a webhook that was due before receivers were noted is due to its receiver after an upgrade", async () => {
  const path = scratch.path("upgrade/pointsman.db");
  const before = openAt(path);
  const terms = { id: "job_1", keyId: "k", tenant: "a", useCase: "c", endpoint: "/v1/invoke" } as const;
  const webhookUrl = "https://hooks.example:8443/a?b=1";
  const rest = { webhookUrl, metadata: null, acceptDegraded: true, createdAt: 1, expiresAt: 9 };
  await before.jobs.adopt({ ...terms, ...rest });
  const end = { status: "failed", at: 5, fault: null, answer: null, result: null } as const;
  await before.jobs.conclude("job_1", { ...end, dead: false, tell: true, messageId: "m" });
  await before.close();
  backToSchema(path, 8);
  const after = openAt(path);
  expect(await after.jobs.dueReceivers(5)).toEqual(["https://hooks.example:8443"]);
  expect(await after.jobs.takeDueWebhooks("https://hooks.example:8443", 5, 9, 1)).toHaveLength(1);
  await after.close();
});
