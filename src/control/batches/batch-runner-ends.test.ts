/** How the work on batches ends: cancelled, out of time, with its process, for want of a store. */
import { describe, expect, test } from "bun:test";
import { DEFAULT_WORK_LIMITS } from "./batch-ports.ts";
import { createFakeWork, ids, isOver, start, stopped } from "./fake-work.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("cancellation", () => {
  test("starts nothing new within a second, and keeps what is finished and what finishes meanwhile", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(50));
    const runner = start(work);
    await work.until(() => work.pending.length === 8, 1);
    work.pending[0]?.answer({});
    await work.until(() => work.asked.length === 9, 1);
    await work.store.batches.cancel("acme", id, work.clock.now());
    await work.clock.advance(1_000);
    while (work.pending.length > 0) work.pending[0]?.answer({});
    await work.until(isOver(work, id));
    expect(work.asked).toHaveLength(9);
    expect(await work.batch(id)).toMatchObject({
      status: "cancelled",
      counts: { total: 50, completed: 9, failed: 0 },
      errorFileId: null,
    });
    expect(await work.outputs(id)).toHaveLength(9);
    await stopped(work, runner);
  });

  test("ends the waiting of a request that was throttled", async () => {
    const work = createFakeWork(() => ({ status: 503, retryAfterMs: 600_000 }));
    const id = await work.add(1, ids(3));
    const runner = start(work);
    await work.clock.advance(100);
    await work.store.batches.cancel("acme", id, work.clock.now());
    await work.clock.advance(1_000);
    expect(await work.batch(id)).toMatchObject({
      status: "cancelled",
      outputFileId: null,
      errorFileId: null,
    });
    expect(work.asked).toHaveLength(3);
    await stopped(work, runner);
  });

  test("before anybody worked on it: it is over without a request", async () => {
    const work = createFakeWork(() => ({}));
    const id = await work.add(1, ids(3));
    await work.store.batches.cancel("acme", id, work.clock.now());
    const runner = start(work);
    await work.until(isOver(work, id));
    expect((await work.batch(id)).status).toBe("cancelled");
    expect(work.asked).toEqual([]);
    await stopped(work, runner);
  });

  test("does not wait for other batches of the tenant", async () => {
    const work = createFakeWork(null);
    for (const n of [1, 2, 3]) await work.add(n, ids(2, `b${n}-`));
    const runner = start(work, { bounds: { batchesPerTenant: 1 } });
    await work.clock.advance(100);
    await work.store.batches.cancel("acme", "batch_0003", work.clock.now());
    runner.wake();
    await work.clock.advance(1_000);
    expect((await work.batch("batch_0003")).status).toBe("cancelled");
    expect((await work.batch("batch_0002")).status).toBe("validating");
    await stopped(work, runner);
  });
});

describe("the end of the window", () => {
  test("writes off what was not made, and keeps the rest", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(500), { expiresAt: work.clock.now() + 60_000 });
    const runner = start(work);
    await work.until(() => work.pending.length === 8, 1);
    work.pending[0]?.answer({});
    await work.clock.advance(61_000);
    while (work.pending.length > 0) work.pending[0]?.answer({});
    await work.until(isOver(work, id));
    const batch = await work.batch(id);
    expect(batch).toMatchObject({ status: "expired", counts: { total: 500, completed: 9, failed: 491 } });
    expect(batch.times.expiredAt).toBeGreaterThanOrEqual(batch.times.expiresAt);
    const errors = await work.errors(id);
    expect(errors).toHaveLength(491);
    expect(errors[0]).toMatchObject({ response: null, error: { code: "batch_expired" } });
    expect(await work.outputs(id)).toHaveLength(9);
    expect(work.asked).toHaveLength(9);
    await stopped(work, runner);
  });

  test("comes also for a batch that nobody worked on", async () => {
    const work = createFakeWork(() => ({}));
    const id = await work.add(1, ids(3), { expiresAt: work.clock.now() });
    const runner = start(work);
    await work.until(isOver(work, id));
    expect((await work.batch(id)).status).toBe("expired");
    expect(work.asked).toEqual([]);
    await stopped(work, runner);
  });
});

describe("across processes", () => {
  test("what one gives back at its end, the next goes on with; each request has one result", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(30));
    const first = start(work);
    for (let answered = 0; answered < 10; answered++) {
      await work.until(() => work.pending.length > 0, 1);
      work.pending[0]?.answer({});
    }
    await work.until(() => work.pending.length === 8, 1);
    const ending = first.stop(5_000);
    // Of those under way, half finish in time; the others are cut.
    for (let i = 0; i < 4; i++) work.pending[0]?.answer({});
    await work.clock.advance(4_999);
    expect(work.pending.map(({ signal }) => signal.aborted)).toEqual([false, false, false, false]);
    await work.clock.advance(1);
    await ending;
    expect(work.clock.pending).toBe(0);
    expect(work.pending.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true]);
    expect((await work.batch(id)).counts.completed).toBe(14);
    const cut = work.pending.splice(0).map(({ customId }) => customId);
    work.asked.length = 0;
    const second = start(work);
    await work.until(async () => {
      work.pending[0]?.answer({});
      return isOver(work, id)();
    }, 1);
    expect(work.asked).toHaveLength(16);
    expect(work.asked).toEqual(expect.arrayContaining(cut));
    const outputs = await work.outputs(id);
    expect(outputs.map((record) => record.custom_id).sort()).toEqual(ids(30).sort());
    await stopped(work, second);
  });

  test("two at once: no batch is worked on twice, and no request is made twice", async () => {
    const work = createFakeWork(() => ({}));
    const batches = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => work.add(n, ids(40, `b${n}-`))));
    const runners = [start(work), start(work)];
    await work.until(async () => {
      const over = await Promise.all(batches.map((id) => isOver(work, id)()));
      return over.every(Boolean);
    });
    expect(work.asked).toHaveLength(240);
    expect(new Set(work.asked).size).toBe(240);
    await stopped(work, ...runners);
  });

  test("a process that hangs loses its batches when the lease ends, and its late results change nothing", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(3));
    const { batches } = work.store;
    let hanging = false;
    const cutOff = async () => {
      throw new Error("cannot reach the store");
    };
    const first = start(work, {
      batches: {
        ...batches,
        renew: (holder) => (hanging ? cutOff() : batches.renew(holder)),
        claim: (...call) => (hanging ? cutOff() : batches.claim(...call)),
      },
    });
    await work.until(() => work.pending.length === 3, 1);
    hanging = true;
    const late = [...work.pending];
    const second = start(work);
    await work.clock.advance(9_000);
    expect(work.pending).toHaveLength(3);
    await work.until(() => work.pending.length === 6, 500);
    for (const ask of work.pending.filter((other) => !late.includes(other)))
      ask.answer({ requestId: "second" });
    await work.until(isOver(work, id));
    for (const ask of late) ask.answer({ requestId: "first" });
    await work.clock.advance(1_000);
    const outputs = await work.outputs(id);
    expect(outputs.map((record) => record.response?.request_id)).toEqual(["second", "second", "second"]);
    expect((await work.batch(id)).counts).toEqual({ total: 3, completed: 3, failed: 0 });
    await stopped(work, first, second);
  });

  test("a process that learns that it lost a batch drops what is under way", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(2));
    const first = start(work);
    await work.until(() => work.pending.length === 2, 1);
    const [batch] = await Promise.all([
      work.store.batches.claim(
        { owner: "thief", now: work.clock.now() + 60_000, leaseUntil: work.clock.now() + 120_000 },
        [],
      ),
    ]);
    expect(batch?.id).toBe(id);
    await work.clock.advance(600);
    expect(work.pending.every(({ signal }) => signal.aborted)).toBe(true);
    expect((await work.batch(id)).status).toBe("in_progress");
    await stopped(work, first);
  });
});

describe("a store that fails for a while", () => {
  test("loses no answer", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(3));
    const { batches } = work.store;
    let failing = false;
    const runner = start(work, {
      batches: {
        ...batches,
        record: async (...call) => {
          if (failing) throw new Error("the disk is full");
          await batches.record(...call);
        },
      },
    });
    await work.until(() => work.pending.length === 3, 1);
    failing = true;
    while (work.pending.length > 0) work.pending[0]?.answer({});
    await work.clock.advance(20_000);
    expect((await work.batch(id)).counts.completed).toBe(0);
    failing = false;
    await work.until(isOver(work, id));
    expect(work.asked).toHaveLength(3);
    expect((await work.batch(id)).counts.completed).toBe(3);
    await stopped(work, runner);
  });

  test("is reported and asked again, and the batch goes on when it is back", async () => {
    const work = createFakeWork(() => ({}));
    const id = await work.add(1, ids(3));
    const { batches } = work.store;
    let failures = 0;
    const runner = start(work, {
      batches: {
        ...batches,
        start: (...call) => (failures++ < 2 ? Promise.reject(new Error("busy")) : batches.start(...call)),
      },
    });
    await work.until(isOver(work, id));
    expect((await work.batch(id)).status).toBe("completed");
    expect(work.reports).toHaveLength(2);
    await stopped(work, runner);
  });
});

test("a store that is away is reported once, and again when it has been back", async () => {
  const work = createFakeWork(() => ({}));
  const { batches } = work.store;
  let away = true;
  const runner = start(work, {
    batches: {
      ...batches,
      claim: (...call) => (away ? Promise.reject(new Error("away")) : batches.claim(...call)),
    },
  });
  await work.clock.advance(60_000);
  expect(work.reports).toHaveLength(1);
  away = false;
  await work.clock.advance(10_000);
  away = true;
  await work.clock.advance(60_000);
  expect(work.reports).toHaveLength(2);
  await stopped(work, runner);
});

test("what nobody needs is swept, not more often than said", async () => {
  const work = createFakeWork(() => ({}));
  const id = await work.add(1, ids(1));
  const runner = start(work, { bounds: { rememberMs: DAY_MS, idleMs: DEFAULT_WORK_LIMITS.sweepMs } });
  await work.until(isOver(work, id));
  await work.store.files.remove("acme", "file_input_1", work.clock.now());
  await work.clock.advance(DEFAULT_WORK_LIMITS.sweepMs - 1_000);
  expect(await work.store.files.usedBytes("acme")).toBeGreaterThan(200);
  await work.clock.advance(DEFAULT_WORK_LIMITS.sweepMs + DEFAULT_WORK_LIMITS.idleMs);
  expect(await work.store.files.usedBytes("acme")).toBeLessThan(200);
  await work.clock.advance(1.9 * DAY_MS);
  expect(await work.store.batches.get("acme", id)).not.toBeNull();
  await work.clock.advance(0.2 * DAY_MS);
  expect(await work.store.batches.get("acme", id)).toBeNull();
  await stopped(work, runner);
});

test("stopping while there is nothing to do leaves no timer", async () => {
  const work = createFakeWork(() => ({}));
  const runner = start(work);
  await work.clock.advance(12_000);
  await stopped(work, runner);
  runner.wake();
  await work.clock.advance(60_000);
  expect(work.clock.pending).toBe(0);
});
