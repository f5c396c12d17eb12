import { describe, expect, test } from "bun:test";
import { decisionWith, idOf } from "./fake-jobs.ts";
import { fakeRunners } from "./fake-runners.ts";
import { writeMessage } from "./message.ts";

const fakes = fakeRunners();
const { asked, depth, is, start, status } = fakes;

describe("one job", () => {
  test("is done, once, and its message is gone", async () => {
    await fakes.work.submit(1);
    start();
    await asked(1);
    expect(await fakes.work.job(1)).toMatchObject({ status: "running", attempts: 1 });
    fakes.work.pending[0]?.answer({ body: { text: "ü" }, decision: decisionWith({ id: "dec_9" }) });
    await is(1, "succeeded");
    expect(await fakes.work.store.jobs.result(idOf(1))).toBe('{"text":"ü"}');
    expect((await fakes.work.job(1)).answer).toMatchObject({
      status: 200,
      requestId: "req_1",
      decisionId: "dec_9",
    });
    await fakes.work.clock.advance(60_000);
    expect(fakes.work.pending).toHaveLength(1);
    expect(await depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
  });

  test("is held on to for as long as it runs", async () => {
    await fakes.work.submit(1);
    start();
    await asked(1);
    await fakes.work.clock.advance(10 * 60_000);
    expect(fakes.work.pending).toHaveLength(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("is tried again later, each time later, and then is a dead letter", async () => {
    await fakes.work.submit(1);
    start();
    for (const attempt of [1, 2, 3]) {
      await asked(attempt);
      expect(await fakes.work.job(1)).toMatchObject({ status: "running", attempts: attempt });
      fakes.work.pending[attempt - 1]?.answer({
        status: 503,
        body: { error: { code: "down", message: "No." } },
      });
      if (attempt < 3) await is(1, "retrying");
    }
    await is(1, "failed");
    expect(await fakes.work.job(1)).toMatchObject({
      dead: true,
      fault: { kind: "internal", code: "down", message: "No." },
      answer: { status: 503 },
    });
    const { letters } = await fakes.work.store.queue.dead(10);
    expect(letters.map(({ id, reason }) => [id, reason])).toEqual([[idOf(1), "internal (down)"]]);
  });

  test("waits as long as it is told to", async () => {
    await fakes.work.submit(1);
    start();
    await asked(1);
    const before = fakes.work.clock.now();
    fakes.work.pending[0]?.answer({ status: 429, retryAfterMs: 90_000 });
    await is(1, "retrying");
    expect((await fakes.work.job(1)).nextAttemptAt).toBeGreaterThanOrEqual(before + 90_000);
    await asked(2);
    expect(fakes.work.clock.now() - before).toBeGreaterThanOrEqual(90_000);
    fakes.work.pending[1]?.answer();
    await is(1, "succeeded");
  });

  test("whose next try would come too late expires at once, and says what the last one ended with", async () => {
    await fakes.work.submit(1, { expiresAt: fakes.work.clock.now() + 30_000 });
    start();
    await asked(1);
    fakes.work.pending[0]?.answer({ status: 429, retryAfterMs: 60_000 });
    await is(1, "expired");
    expect((await fakes.work.job(1)).fault?.message).toContain("rate_limited");
    expect(await depth()).toMatchObject({ ready: 0, delayed: 0, inHand: 0 });
  });

  test("that the gateway itself fails on is tried again, and reported", async () => {
    await fakes.work.submit(1);
    start();
    await asked(1);
    fakes.work.pending[0]?.fail(new Error("a defect"));
    await is(1, "retrying");
    expect(fakes.work.reports.splice(0)).toHaveLength(1);
    await asked(2);
    fakes.work.pending[1]?.answer();
    await is(1, "succeeded");
  });

  test("that is cancelled here is given up at once, elsewhere within a second", async () => {
    await fakes.work.submit(1);
    await fakes.work.submit(2);
    const runner = start();
    await asked(2);
    const end = {
      status: "cancelled",
      fault: null,
      answer: null,
      result: null,
      dead: false,
      tell: true,
    } as const;
    await fakes.work.store.jobs.conclude(idOf(1), { ...end, at: fakes.work.clock.now(), messageId: "m" });
    runner.cancelled(idOf(1));
    expect(fakes.work.pending[0]?.signal.aborted).toBe(true);
    await fakes.work.store.jobs.conclude(idOf(2), { ...end, at: fakes.work.clock.now(), messageId: "m" });
    await fakes.work.clock.advance(1_000);
    expect(fakes.work.pending[1]?.signal.aborted).toBe(true);
    await fakes.work.until(async () => (await depth()).inHand === 0);
    expect([await status(1), await status(2)]).toEqual(["cancelled", "cancelled"]);
  });
});

describe("several processes", () => {
  test("what a dead one had in hand is taken by another when its time is over", async () => {
    await fakes.work.submit(1);
    await fakes.work.store.queue.receive(1, 20_000);
    await fakes.work.store.jobs.begin(idOf(1), fakes.work.clock.now());
    start();
    await fakes.work.clock.advance(19_000);
    expect(fakes.work.pending).toHaveLength(0);
    await asked(1);
    expect(await fakes.work.job(1)).toMatchObject({ attempts: 2 });
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("one that kills every process it runs in is given up", async () => {
    await fakes.work.submit(1);
    for (let n = 0; n < 3; n++) await fakes.work.store.jobs.begin(idOf(1), fakes.work.clock.now());
    start();
    await is(1, "failed");
    expect(fakes.work.pending).toHaveLength(0);
    expect(await fakes.work.job(1)).toMatchObject({ dead: true, fault: { kind: "lost" } });
  });

  test("one that was over before its message was acknowledged is not done again", async () => {
    await fakes.work.submit(1);
    const end = {
      at: fakes.work.clock.now(),
      fault: null,
      answer: null,
      result: "1",
      tell: true,
      messageId: "m",
    };
    await fakes.work.store.jobs.conclude(idOf(1), { ...end, status: "succeeded", dead: false });
    await fakes.work.submit(2);
    await fakes.work.store.jobs.conclude(idOf(2), { ...end, status: "failed", dead: true });
    // Its process died between the two: this is the second delivery.
    await fakes.work.store.queue.receive(10, 1_000);
    start();
    await fakes.work.until(async () => (await depth()).dead === 1);
    expect(await depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 1 });
    expect(fakes.work.pending).toHaveLength(0);
  });

  test("a message that another replica sent becomes a job here", async () => {
    const order = fakes.work.order(7);
    await fakes.work.store.queue.send([{ id: order.id, group: order.useCase, body: writeMessage(order) }]);
    start();
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(7, "succeeded");
  });

  test("a dead letter that another replica put back is done, also where its record is dead", async () => {
    await fakes.work.submit(1);
    const [delivery] = await fakes.work.store.queue.receive(1, 1_000);
    const end = {
      at: fakes.work.clock.now(),
      fault: null,
      answer: null,
      result: null,
      tell: true,
      messageId: "m",
    };
    await fakes.work.store.jobs.conclude(idOf(1), { ...end, status: "failed", dead: true });
    if (delivery) await fakes.work.store.queue.bury(delivery, "x");
    await fakes.work.store.queue.replay([idOf(1)]);
    start();
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
    expect(await fakes.work.job(1)).toMatchObject({ attempts: 1, dead: false });
  });

  test("a message that is none of ours is put aside with a reason", async () => {
    await fakes.work.store.queue.send([{ id: "x", group: "chat", body: '{"v":2}' }]);
    const forged = fakes.work.order(1);
    await fakes.work.store.queue.send([{ id: "y", group: "chat", body: writeMessage(forged) }]);
    start();
    await fakes.work.until(async () => (await depth()).dead === 2);
    expect(fakes.work.pending).toHaveLength(0);
  });

  test("a process that lost its hold gives its call up and writes nothing", async () => {
    await fakes.work.submit(1);
    const { queue } = fakes.work.store;
    start({ queue: { ...queue, extend: async () => false } });
    await asked(1);
    await fakes.work.until(() => fakes.work.pending[0]?.signal.aborted ?? false, 100);
    expect(await status(1)).toBe("running");
  });

  test("the machine's clock is set forward in the middle of a try: it goes on, since nobody else has it", async () => {
    fakes.work.settings.set("chat", { concurrency: 2, maxAttempts: 1, microBatch: null });
    await fakes.work.submit(1);
    start();
    await asked(1);
    const { clock } = fakes.work;
    const now = clock.now.bind(clock);
    clock.now = () => now() + 120_000;
    await clock.advance(5_000);
    expect(fakes.work.pending[0]?.signal.aborted).toBe(false);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
    expect(await depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
  });

  test("what was kept and never sent is sent by the next look, once its time has come", async () => {
    const order = fakes.work.order(1);
    const job = { order, idempotencyKey: null, fingerprint: "", delayMs: 60_000 };
    await fakes.work.store.jobs.create(job, { maxLive: 1, maxLiveBytes: 1e6, countedSince: 0 });
    start();
    await fakes.work.clock.advance(50_000);
    expect(fakes.work.pending).toHaveLength(0);
    expect(await depth()).toMatchObject({ delayed: 1 });
    await asked(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("one that nobody came for in time leaves nothing on the queue", async () => {
    const order = fakes.work.order(1, { expiresAt: fakes.work.clock.now() + 5_000 });
    await fakes.work.store.jobs.adopt(order);
    const body = writeMessage(order);
    await fakes.work.store.queue.send([{ id: order.id, group: "chat", body, delayMs: 3_600_000 }]);
    start();
    await is(1, "expired");
    await fakes.work.clock.advance(0);
    expect(await depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
  });

  test("one that another replica may have done ends here in silence", async () => {
    const change = { expiresAt: fakes.work.clock.now() + 5_000, webhookUrl: "https://h.example/" };
    for (const n of [1, 2]) await fakes.work.store.jobs.adopt(fakes.work.order(n, change));
    await fakes.work.store.jobs.begin(idOf(2), fakes.work.clock.now());
    await fakes.work.store.jobs.retry(idOf(2), 1, fakes.work.clock.now(), {
      kind: "outage",
      code: "x",
      message: "",
    });
    start({ sharedQueue: true });
    await is(2, "expired");
    expect(await fakes.work.job(1)).toMatchObject({
      status: "expired",
      fault: { code: "not_done_here" },
      webhook: { status: "waiting" },
    });
    expect(await fakes.work.job(2)).toMatchObject({
      fault: { code: "deadline_exceeded" },
      webhook: { status: "due" },
    });
  });

  test("one that waits beyond its deadline ends, whatever its message does", async () => {
    const order = fakes.work.order(1, { expiresAt: fakes.work.clock.now() + 5_000 });
    await fakes.work.store.jobs.adopt(order);
    start();
    await is(1, "expired");
  });
});

describe("a store that is away", () => {
  test("is reported once while jobs are received and held on to, and again when it has been back", async () => {
    await fakes.work.submit(1);
    const { jobs } = fakes.work.store;
    let away = true;
    const statuses: typeof jobs.statuses = (ids) =>
      away ? Promise.reject(new Error("away")) : jobs.statuses(ids);
    start({ jobs: { ...jobs, statuses } });
    await asked(1);
    await fakes.work.clock.advance(60_000);
    expect(fakes.work.reports.splice(0)).toHaveLength(1);
    away = false;
    await fakes.work.clock.advance(1_000);
    away = true;
    await fakes.work.clock.advance(60_000);
    expect(fakes.work.reports.splice(0)).toHaveLength(1);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });

  test("does not hide that the queue is away, too", async () => {
    await fakes.work.submit(1);
    const { jobs, queue } = fakes.work.store;
    let away = false;
    start({
      jobs: { ...jobs, statuses: () => Promise.reject(new Error("the store")) },
      queue: {
        ...queue,
        receive: (...call) => (away ? Promise.reject(new Error("the queue")) : queue.receive(...call)),
      },
    });
    await asked(1);
    await fakes.work.clock.advance(1_000);
    away = true;
    await fakes.work.clock.advance(60_000);
    expect(fakes.work.reports.splice(0)).toEqual([new Error("the store"), new Error("the queue")]);
    fakes.work.pending[0]?.answer();
    await is(1, "succeeded");
  });
});

describe("ending in order", () => {
  test("what is under way may finish, what waits is given back untried", async () => {
    fakes.work.settings.set("chat", { concurrency: 1, maxAttempts: 3, microBatch: null });
    await fakes.work.submit(1);
    await fakes.work.submit(2);
    const runner = start();
    await asked(1);
    const stopped = runner.stop(10_000);
    await fakes.work.clock.advance(500);
    expect(fakes.work.pending).toHaveLength(1);
    fakes.work.pending[0]?.answer();
    await stopped;
    expect(await fakes.work.job(1)).toMatchObject({ status: "succeeded" });
    expect(await fakes.work.job(2)).toMatchObject({ status: "queued", attempts: 0 });
    expect(await depth()).toMatchObject({ ready: 1, inHand: 0 });
  });

  test("what takes too long is given back at once, and counts as no try", async () => {
    await fakes.work.submit(1);
    const runner = start();
    await asked(1);
    const stopped = runner.stop(1_000);
    await fakes.work.clock.advance(1_000);
    await stopped;
    expect(fakes.work.pending[0]?.signal.aborted).toBe(true);
    expect(await fakes.work.job(1)).toMatchObject({ status: "queued", attempts: 0 });
    expect(await depth()).toMatchObject({ ready: 1, inHand: 0 });
  });
});
