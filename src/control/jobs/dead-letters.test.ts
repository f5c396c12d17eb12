import { describe, expect, test } from "bun:test";
import { fakeTrail } from "../audit/fake-trail.ts";
import { type DeadDesk, discardDead, replayDead } from "./dead-letters.ts";
import { idOf } from "./fake-jobs.ts";
import { fakeRunners } from "./fake-runners.ts";
import { DEFAULT_JOB_WORK_LIMITS } from "./job-ports.ts";
import { writeMessage } from "./message.ts";

const fakes = fakeRunners();
const { asked, depth, is, start } = fakes;
const FAULT = { kind: "outage", code: "down", message: "No." };

/** Given up: on record and on the queue. */
async function die(n: number): Promise<void> {
  const { store, clock } = fakes.work;
  await fakes.work.submit(n);
  const [delivery] = await store.queue.receive(1, 9_000);
  const end = { at: clock.now(), fault: FAULT, answer: null, result: null, tell: true, messageId: idOf(n) };
  await store.jobs.conclude(idOf(n), { ...end, status: "failed", dead: true });
  if (delivery) await store.queue.bury(delivery, "outage (down)");
}

function desk(change: Partial<DeadDesk> = {}): DeadDesk {
  const { store, clock } = fakes.work;
  const { jobs, queue } = store;
  return { jobs, queue, clock, changed: () => {}, audit: { note: async () => {} }, ...change };
}

describe("replay", () => {
  test("puts back all, page by page, with their time anew", async () => {
    for (let n = 1; n <= 120; n++) await die(n);
    await fakes.work.clock.advance(1_800_000);
    const { replayed, more } = await replayDead(desk(), null, "ops");
    expect([replayed.length, more]).toEqual([120, false]);
    expect(await fakes.work.job(120)).toMatchObject({
      status: "queued",
      expiresAt: fakes.work.clock.now() + 3_600_000,
    });
    expect(await depth()).toMatchObject({ ready: 120, dead: 0 });
  });

  test("changes nothing of one that the queue does not have", async () => {
    await die(1);
    await fakes.work.store.queue.discard([idOf(1)]);
    expect((await replayDead(desk(), [idOf(1), "job_nope"], "ops")).replayed).toEqual([]);
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", fault: FAULT });
    expect(await fakes.work.store.jobs.counts()).toEqual([]);
  });

  test("by two at once puts a job back once", async () => {
    await die(1);
    const both = await Promise.all([
      replayDead(desk(), [idOf(1)], "ops"),
      replayDead(desk(), [idOf(1)], "ops"),
    ]);
    expect(both.flatMap(({ replayed }) => replayed)).toEqual([idOf(1)]);
    start();
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
    expect(fakes.work.pending).toHaveLength(1);
  });

  test("that ends between its two steps is gone on with by whoever receives the message", async () => {
    await die(1);
    const { jobs } = fakes.work.store;
    const dying = { ...jobs, revive: () => Promise.reject(new Error("killed")) };
    await expect(replayDead(desk({ jobs: dying }), [idOf(1)], "ops")).rejects.toThrow("killed");
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", dead: true });
    start();
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("of one that is older than jobs.keep does it, with its time anew", async () => {
    await die(1);
    await fakes.work.clock.advance(48 * 3_600_000);
    start();
    await fakes.work.clock.advance(DEFAULT_JOB_WORK_LIMITS.tidyMs);
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", dead: true });
    expect((await replayDead(desk(), null, "ops")).replayed).toEqual([idOf(1)]);
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("at a replica that has no record of it gives it as much time as it was given at first", async () => {
    const order = fakes.work.order(1);
    await fakes.work.clock.advance(7_200_000);
    await fakes.work.store.queue.send([{ id: order.id, group: order.useCase, body: writeMessage(order) }]);
    start({ sharedQueue: true });
    await asked(1);
    const { expiresAt } = await fakes.work.job(1);
    expect(expiresAt).toBeGreaterThan(order.expiresAt + 3_600_000);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("does what a replica had ended as not done there", async () => {
    const order = fakes.work.order(1);
    await fakes.work.store.jobs.adopt(order);
    start({ sharedQueue: true });
    await fakes.work.until(async () => (await fakes.work.job(1)).fault?.code === "not_done_here", 60_000);
    await fakes.work.store.queue.send([{ id: order.id, group: order.useCase, body: writeMessage(order) }]);
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("is done where a worker receives the message while its record is being written", async () => {
    await die(1);
    const { jobs, queue } = fakes.work.store;
    const { endedAt } = await fakes.work.job(1);
    const late = {
      ...jobs,
      async revive(...given: Parameters<typeof jobs.revive>) {
        // Meanwhile whoever put it back has written it.
        await jobs.revive(idOf(1), endedAt ?? 0, fakes.work.clock.now());
        return jobs.revive(...given);
      },
    };
    await queue.replay([idOf(1)]);
    start({ jobs: late });
    await asked(1);
    expect(await depth()).toMatchObject({ dead: 0 });
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("is no ghost where the job has died again before its record is written", async () => {
    await die(1);
    const { jobs } = fakes.work.store;
    const slow = {
      ...jobs,
      async revive(...given: Parameters<typeof jobs.revive>) {
        // Meanwhile a worker has received it, and given it up.
        await jobs.revive(...given);
        await fakes.work.clock.advance(10);
        const end = { at: fakes.work.clock.now(), fault: FAULT, answer: null, result: null, tell: true };
        await jobs.conclude(idOf(1), { ...end, messageId: "again", status: "failed", dead: true });
        return jobs.revive(...given);
      },
    };
    await replayDead(desk({ jobs: slow }), [idOf(1)], "ops");
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", dead: true });
  });

  test("of a job that has no room at first is not taken for a dead letter the next time", async () => {
    fakes.work.settings.set("chat", { concurrency: 1, maxAttempts: 3, microBatch: null });
    for (const n of [1, 2, 3, 4, 5, 6]) await die(n);
    const ids = [1, 2, 3, 4, 5, 6].map(idOf);
    // By another replica, which has no such records.
    await fakes.work.store.queue.replay(ids);
    start({ limits: { ...DEFAULT_JOB_WORK_LIMITS, receiveAtOnce: 1 } });
    for (let n = 1; n <= 6; n++) {
      await asked(n);
      fakes.work.pending[n - 1]?.answer();
    }
    for (const n of [1, 2, 3, 4, 5, 6]) await is(n, "succeeded");
    expect(await depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
  });
});

describe("discard", () => {
  test("forgets the letter, and its job stays failed without one", async () => {
    for (const n of [1, 2]) await die(n);
    expect(await discardDead(desk(), [idOf(1), "job_nope"], "ops")).toEqual([idOf(1)]);
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", dead: false, fault: FAULT });
    expect(await fakes.work.job(2)).toMatchObject({ status: "failed", dead: true });
    expect((await replayDead(desk(), [idOf(1)], "ops")).replayed).toEqual([]);
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", fault: FAULT });
  });

  test("that ends between its two steps does no harm", async () => {
    await die(1);
    const { jobs } = fakes.work.store;
    const dying = { ...jobs, abandon: () => Promise.reject(new Error("killed")) };
    await expect(discardDead(desk({ jobs: dying }), [idOf(1)], "ops")).rejects.toThrow("killed");
    expect((await replayDead(desk(), [idOf(1)], "ops")).replayed).toEqual([]);
    expect(await fakes.work.job(1)).toMatchObject({ status: "failed", fault: FAULT });
  });

  test("against a replay: whoever was first has it", async () => {
    await die(1);
    const [{ replayed }, discarded] = await Promise.all([
      replayDead(desk(), [idOf(1)], "ops"),
      discardDead(desk(), [idOf(1)], "ops"),
    ]);
    expect([...replayed, ...discarded]).toEqual([idOf(1)]);
    const status = replayed.length === 1 ? "queued" : "failed";
    expect(await fakes.work.job(1)).toMatchObject({ status, dead: false });
    expect(await depth()).toMatchObject({ ready: replayed.length, dead: 0 });
  });
});

describe("what was done is written down", () => {
  const audited = () => {
    const { store, clock } = fakes.work;
    return desk({ audit: fakeTrail(store.audit, clock) });
  };
  const lastEntry = async () => {
    const [row] = await fakes.work.store.audit.list(1);
    return JSON.parse(row?.entry ?? "null");
  };

  test("with who, and to which jobs", async () => {
    for (const n of [1, 2]) await die(n);
    await replayDead(audited(), [idOf(1), "job_nope"], "ops");
    const told = { actor: "ops", subject: "dead letters" };
    expect(await lastEntry()).toMatchObject({
      ...told,
      action: "jobs.replayed",
      details: { count: 1, jobs: [idOf(1)] },
    });
    await discardDead(audited(), [idOf(2)], "ops");
    expect(await lastEntry()).toMatchObject({
      ...told,
      action: "jobs.discarded",
      details: { count: 1, jobs: [idOf(2)] },
    });
  });

  test("the first hundred of many, and how many", async () => {
    for (let n = 1; n <= 120; n++) await die(n);
    await replayDead(audited(), null, "ops");
    const { details } = await lastEntry();
    expect([details.count, details.jobs.length, details.jobs[0]]).toEqual([120, 100, idOf(1)]);
  });

  test("also where it fails in the middle", async () => {
    await die(1);
    const { jobs } = fakes.work.store;
    const dying = { ...jobs, abandon: () => Promise.reject(new Error("disk full")) };
    await expect(discardDead({ ...audited(), jobs: dying }, [idOf(1), "x"], "ops")).rejects.toThrow(
      "disk full",
    );
    expect(await lastEntry()).toMatchObject({
      details: { count: 1, jobs: [idOf(1)], failed: true, wanted: [idOf(1), "x"] },
    });
  });
});
