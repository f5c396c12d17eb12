import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { WebhookSettings } from "../../core/job-settings.ts";
import { Secret } from "../../core/secret.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { WebhookOutcome } from "../../store/job-store.ts";
import type { DeliveryRunner } from "../webhooks/delivery-runner.ts";
import { startTelling } from "./deliver.ts";
import { createFakeJobs, type FakeJobs, idOf } from "./fake-jobs.ts";

const received: { readonly id: string | null; readonly body: string }[] = [];
let status = 200;
const application = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    received.push({ id: request.headers.get("webhook-id"), body: await request.text() });
    return new Response("", { status });
  },
});
afterAll(() => application.stop(true));

let work: FakeJobs;
let webhooks: WebhookSettings | null;
let telling: DeliveryRunner | null;
const outcomes: WebhookOutcome["type"][] = [];

beforeEach(() => {
  work = createFakeJobs();
  telling = null;
  status = 200;
  received.length = 0;
  outcomes.length = 0;
  const here = { host: "127.0.0.1", port: application.port ?? 0, private: true, tenants: null };
  webhooks = { giveUpAfterMs: 60_000, destinations: [{ ...here, secret: new Secret("s") }] };
});
afterEach(async () => {
  await telling?.stop();
  expect(work.clock.pending).toBe(0);
});

const start = () => {
  telling = startTelling({
    jobs: work.store.jobs,
    clock: work.clock,
    snapshot: () => ({ webhooks }) as unknown as ConfigSnapshot,
    told: (outcome) => void outcomes.push(outcome),
    report: (thrown) => {
      throw thrown;
    },
  });
};

async function over(result: string | null = '{"a":1}'): Promise<void> {
  await work.submit(1, { webhookUrl: `http://127.0.0.1:${application.port}/hook` });
  const answer = { status: 200, requestId: "r", decisionId: "d", degraded: null, microBatch: null };
  const end = { status: "succeeded", at: work.clock.now(), fault: null, answer, result } as const;
  await work.store.jobs.conclude(idOf(1), { ...end, dead: false, tell: true, messageId: "msg_1" });
}

function answerWith(next: number): void {
  status = next;
}

function allow(next: WebhookSettings | null): void {
  webhooks = next;
}

/** A socket takes real time. */
async function until(done: () => boolean | Promise<boolean>, stepMs = 0): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    await work.clock.advance(stepMs);
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("it did not come to pass");
}
const webhook = async () => (await work.job(1)).webhook;

describe("telling", () => {
  test("what an earlier process left is told at the start, with its result", async () => {
    await over();
    start();
    await until(async () => (await webhook())?.status === "delivered");
    expect(received.map(({ id }) => id)).toEqual(["msg_1"]);
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      type: "job.succeeded",
      data: { id: idOf(1), object: "job", response: { body: { a: 1 } } },
    });
    expect(received[0]?.body).not.toContain("webhook");
  });

  test("a long result is not sent along, and it is said", async () => {
    await over(JSON.stringify("x".repeat(2_000_000)));
    start();
    await until(async () => (await webhook())?.status === "delivered");
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      body_omitted: true,
      data: { response: { body: null } },
    });
  });

  test("a refusal is tried again, each time later, then is dead, and is told anew when asked for", async () => {
    status = 500;
    await over();
    start();
    // 5, 10, 20 and 40 s: the fourth failure is beyond a minute.
    for (const tries of [1, 2, 3]) {
      await until(async () => (await webhook())?.attempts === tries, 100);
      expect(await webhook()).toMatchObject({ status: "due", lastError: "the application answered 500" });
    }
    await until(async () => (await webhook())?.status === "dead", 500);
    expect([received.length, outcomes]).toEqual([4, ["again", "again", "again", "dead"]]);
    status = 200;
    await work.store.jobs.redeliver("acme", idOf(1), work.clock.now());
    telling?.wake();
    await until(async () => (await webhook())?.status === "delivered");
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set(["msg_1"]));
  });

  test.each<[string, () => void, string]>([
    ["410 ends it", () => answerWith(410), "410"],
    ["an address that has left the policy is not called", () => allow(null), "policy"],
  ])("%s", async (_, change, error) => {
    await over();
    change();
    start();
    await until(async () => (await webhook())?.status === "dead");
    expect((await webhook())?.lastError).toContain(error);
  });

  test("without its secret it waits, and goes out once that is there", async () => {
    await over();
    const armed = webhooks;
    webhooks = armed && {
      ...armed,
      destinations: armed.destinations.map((one) => ({ ...one, secret: null })),
    };
    start();
    await work.clock.advance(30_000);
    expect([(await webhook())?.status, received.length]).toEqual(["due", 0]);
    webhooks = armed;
    await until(async () => (await webhook())?.status === "delivered", 5_000);
  });
});
