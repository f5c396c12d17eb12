import { beforeEach, describe, expect, test } from "bun:test";
import { cancelJob } from "./cancel.ts";
import { createFakeJobs, type FakeJobs, idOf } from "./fake-jobs.ts";
import type { JobPorts } from "./job-ports.ts";

let work: FakeJobs;
beforeEach(() => {
  work = createFakeJobs();
});

function ports(change: Partial<JobPorts> = {}): JobPorts {
  const { jobs, queue } = work.store;
  const told = { changed() {}, ended() {}, cancelled() {} };
  const here = { jobs, queue, clock: work.clock, nextId: (prefix: string) => `${prefix}_1`, ...told };
  // What a cancellation looks at.
  return { ...here, ...change } as unknown as JobPorts;
}

describe("a job that is cancelled", () => {
  test("leaves no request on the queue, however long it was to wait", async () => {
    await work.submit(1);
    const [delivery] = await work.store.queue.receive(1, 9_000);
    await work.store.queue.release(delivery?.receipt ?? "", 500_000_000);
    expect(await cancelJob(ports(), "acme", idOf(1))).toMatchObject({
      ok: true,
      value: { status: "cancelled" },
    });
    expect(await work.store.queue.depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
  });

  test("leaves the request to whoever has it in hand", async () => {
    await work.submit(1);
    const [delivery] = await work.store.queue.receive(1, 9_000);
    await cancelJob(ports(), "acme", idOf(1));
    expect(await work.store.queue.acknowledge(delivery?.receipt ?? "")).toBe(true);
  });

  test("is cancelled where the queue is away, too", async () => {
    await work.submit(1);
    const away = { ...work.store.queue, withdraw: () => Promise.reject(new Error("away")) };
    expect(await cancelJob(ports({ queue: away }), "acme", idOf(1))).toMatchObject({ ok: true });
    expect(await work.job(1)).toMatchObject({ status: "cancelled" });
  });

  test("of another tenant is not there, and keeps its request", async () => {
    await work.submit(1);
    expect(await cancelJob(ports(), "globex", idOf(1))).toMatchObject({ ok: false });
    expect(await work.store.queue.depth()).toMatchObject({ ready: 1 });
  });
});
