/** What every driver's store of jobs must do. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { JobOrder, JobStatus } from "../../../src/core/jobs.ts";
import type { JobEnd, JobQuery, NewJob } from "../../../src/store/job-store.ts";
import type { Store } from "../../../src/store/ports.ts";

const NOW = 1_000_000;
const ROOM = { maxLive: 100, maxLiveBytes: 1_000_000, countedSince: 0 };

const idOf = (n: number) => `job_${String(n).padStart(4, "0")}`;
const numberOf = (id: string) => Number(id.slice(-4));

function order(n: number, changes: Partial<JobOrder> = {}): JobOrder {
  return {
    id: idOf(n),
    keyId: "k",
    tenant: "acme",
    useCase: "chat",
    endpoint: "/v1/chat/completions",
    webhookUrl: null,
    metadata: { invoice: "größe 🚂" },
    acceptDegraded: false,
    createdAt: NOW + n,
    expiresAt: NOW + 10_000,
    body: { model: "chat", messages: [{ role: "user", content: `Hello ${n}` }] },
    headers: { "x-pointsman-residency": "eu-*" },
    ...changes,
  };
}

function newJob(n: number, changes: Partial<JobOrder> = {}, more: Partial<NewJob> = {}): NewJob {
  return { order: order(n, changes), idempotencyKey: null, fingerprint: "f", delayMs: 0, ...more };
}

function end(changes: Partial<JobEnd> = {}): JobEnd {
  const answer = { status: 200, requestId: "req_1", decisionId: "dec_1", degraded: null, microBatch: null };
  const told = { messageId: "whm_1", dead: false, tell: true };
  return {
    status: "succeeded",
    at: NOW + 500,
    fault: null,
    answer,
    result: '{"a":"ü"}',
    ...told,
    ...changes,
  };
}

const FAULT = { kind: "throttled", code: "rate_limit", message: "Later." };

export function jobContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: jobs`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const make = (n: number, changes: Partial<JobOrder> = {}, more: Partial<NewJob> = {}) =>
      store.jobs.create(newJob(n, changes, more), ROOM);
    const listed = async (query: Partial<JobQuery> = {}) =>
      (await store.jobs.list({ tenant: "acme", limit: 50, ...query })).jobs.map(({ id }) => numberOf(id));
    const job = (n: number) => store.jobs.get(null, idOf(n));
    const status = async (n: number) => (await job(n))?.status;

    test("a new one is queued and has what it was submitted with, and is its tenant's alone", async () => {
      const { body: _body, headers: _headers, webhookUrl: _url, ...terms } = order(1);
      const expected = {
        ...terms,
        status: "queued" as JobStatus,
        attempts: 0,
        startedAt: null,
        endedAt: null,
        nextAttemptAt: null,
        fault: null,
        answer: null,
        dead: false,
        webhook: null,
      };
      expect(await make(1)).toEqual({ type: "created", job: expected });
      expect(await store.jobs.get("acme", idOf(1))).toEqual(expected);
      expect(await store.jobs.get("other", idOf(1))).toBeNull();
      expect(await store.jobs.get(null, "nope")).toBeNull();
      expect(await store.jobs.result(idOf(1))).toBeNull();
    });

    test("a tenant has so many waiting, and so much, and no more", async () => {
      const one = { ...ROOM, maxLive: 1 };
      expect(await store.jobs.create(newJob(1), one)).toMatchObject({ type: "created" });
      expect(await store.jobs.create(newJob(2), one)).toEqual({ type: "full" });
      expect(await store.jobs.create(newJob(3, { tenant: "other" }), one)).toMatchObject({ type: "created" });
      await store.jobs.begin(idOf(1), NOW);
      expect(await store.jobs.create(newJob(4), one)).toEqual({ type: "full" });
      await store.jobs.conclude(idOf(1), end());
      expect(await store.jobs.create(newJob(5), one)).toMatchObject({ type: "created" });
      const small = { ...ROOM, maxLiveBytes: 400 };
      const long = { body: { text: "x".repeat(300) } };
      expect(await store.jobs.create(newJob(6, { tenant: "t", ...long }), small)).toMatchObject({
        type: "created",
      });
      expect(await store.jobs.create(newJob(7, { tenant: "t", ...long }), small)).toEqual({ type: "full" });
    });

    test("what went to others long ago does not count, what is known to wait does", async () => {
      const one = { ...ROOM, maxLive: 1, countedSince: NOW + 50 };
      await make(1);
      expect(await store.jobs.create(newJob(60), one)).toEqual({ type: "full" });
      await store.jobs.markSent(idOf(1));
      expect(await store.jobs.create(newJob(60), one)).toMatchObject({ type: "created" });
      expect(await store.jobs.create(newJob(61), one)).toEqual({ type: "full" });
      await store.jobs.begin(idOf(1), NOW);
      expect(await store.jobs.create(newJob(62), { ...one, maxLive: 2 })).toEqual({ type: "full" });
    });

    test("an end that is not to be told is not", async () => {
      await make(1, { webhookUrl: "https://h.example/x" });
      await store.jobs.conclude(idOf(1), end({ status: "expired", tell: false }));
      expect(await store.jobs.dueReceivers(NOW + 9_999)).toEqual([]);
      expect(await job(1)).toMatchObject({ status: "expired", webhook: { status: "waiting" } });
      expect(await store.jobs.redeliver("acme", idOf(1), NOW)).toBeNull();
    });

    test("an idempotency key finds the job it made, within its tenant, also where there is no room", async () => {
      const keyed = { idempotencyKey: "once", fingerprint: "abc" };
      await make(1, {}, keyed);
      const again = await store.jobs.create(newJob(2, {}, { ...keyed, fingerprint: "xyz" }), {
        maxLive: 0,
        maxLiveBytes: 0,
        countedSince: 0,
      });
      expect(again).toMatchObject({ type: "exists", fingerprint: "abc", job: { id: idOf(1) } });
      expect(await make(3, { tenant: "other" }, keyed)).toMatchObject({ type: "created" });
      expect(await listed()).toEqual([1]);
    });

    test("what the queue does not have yet is found, whole, until it is sent or over", async () => {
      for (const n of [1, 2, 3]) await make(n, {}, { delayMs: n, idempotencyKey: `k${n}` });
      expect(await store.jobs.unsent(NOW + 3, 10)).toEqual([
        { order: order(1), delayMs: 1 },
        { order: order(2), delayMs: 2 },
      ]);
      expect(await make(9, {}, { idempotencyKey: "k3" })).toMatchObject({
        unsent: { order: order(3), delayMs: 3 },
      });
      await store.jobs.markSent(idOf(3));
      expect(await make(9, {}, { idempotencyKey: "k3" })).toMatchObject({ unsent: null });
      await store.jobs.markSent(idOf(1));
      expect((await store.jobs.unsent(NOW + 99, 10)).map((one) => one.order.id)).toEqual([idOf(2)]);
      await store.jobs.conclude(idOf(2), end({ status: "cancelled" }));
      expect(await store.jobs.unsent(NOW + 99, 10)).toEqual([]);
    });

    test("a message of another replica becomes a job here, once", async () => {
      const { body: _body, headers: _headers, ...terms } = order(1, { webhookUrl: "https://h.example/x" });
      expect(await store.jobs.adopt(order(1, { webhookUrl: "https://h.example/x" }))).toMatchObject({
        status: "queued",
        webhook: { url: terms.webhookUrl, status: "waiting" },
      });
      await store.jobs.begin(idOf(1), NOW);
      expect(await store.jobs.adopt(terms)).toMatchObject({ status: "running", attempts: 1 });
      expect(await store.jobs.unsent(NOW + 99, 10)).toEqual([]);
      const late = order(3);
      expect(await store.jobs.adopt(late, late.expiresAt + 99)).toMatchObject({
        expiresAt: late.expiresAt + 99,
      });
      await make(2);
      expect(await store.jobs.adopt(order(2))).toMatchObject({ id: idOf(2), status: "queued" });
    });

    test("tries are counted, tried again and given back", async () => {
      await make(1);
      expect(await store.jobs.begin(idOf(1), NOW + 5)).toMatchObject({
        status: "running",
        attempts: 1,
        startedAt: NOW + 5,
      });
      expect(await store.jobs.retry(idOf(1), 2, NOW + 50, FAULT)).toBe(false);
      expect(await store.jobs.retry(idOf(1), 1, NOW + 50, FAULT)).toBe(true);
      expect(await job(1)).toMatchObject({ status: "retrying", nextAttemptAt: NOW + 50, fault: FAULT });
      expect(await store.jobs.retry(idOf(1), 1, NOW + 60, FAULT)).toBe(false);
      expect(await store.jobs.begin(idOf(1), NOW + 55)).toMatchObject({
        status: "running",
        attempts: 2,
        startedAt: NOW + 5,
        nextAttemptAt: null,
      });
      expect(await store.jobs.giveBack(idOf(1), 1)).toBe(false);
      expect(await store.jobs.giveBack(idOf(1), 2)).toBe(true);
      expect(await job(1)).toMatchObject({ status: "queued", attempts: 1 });
    });

    test("the first end stays", async () => {
      await make(1);
      await store.jobs.begin(idOf(1), NOW);
      expect(await store.jobs.conclude(idOf(1), end())).toMatchObject({
        status: "succeeded",
        endedAt: NOW + 500,
        answer: { status: 200, decisionId: "dec_1" },
        fault: null,
      });
      const later = end({ status: "failed", result: '{"b":2}', messageId: "whm_2", fault: FAULT });
      expect(await store.jobs.conclude(idOf(1), later)).toBeNull();
      expect(await status(1)).toBe("succeeded");
      expect(await store.jobs.result(idOf(1))).toBe('{"a":"ü"}');
      expect(await store.jobs.begin(idOf(1), NOW)).toBeNull();
      expect(await store.jobs.retry(idOf(1), 1, NOW, FAULT)).toBe(false);
      expect(await store.jobs.conclude("nope", end())).toBeNull();
    });

    test("a dead one is revived, and no other", async () => {
      await make(1, { webhookUrl: "https://h.example/x" });
      await make(2);
      await store.jobs.begin(idOf(1), NOW);
      await store.jobs.conclude(idOf(1), end({ status: "failed", dead: true, fault: FAULT, result: null }));
      await store.jobs.conclude(idOf(2), end({ status: "failed", fault: FAULT }));
      expect(await job(1)).toMatchObject({ status: "failed", dead: true, webhook: { status: "due" } });
      expect(await store.jobs.revive(idOf(2), NOW + 500, NOW)).toBe(false);
      expect(await store.jobs.revive(idOf(1), NOW + 499, NOW)).toBe(false);
      expect(await store.jobs.revive(idOf(1), NOW + 500, NOW + 90_000)).toBe(true);
      expect(await store.jobs.revive(idOf(1), NOW + 500, NOW)).toBe(false);
      expect(await job(1)).toMatchObject({
        status: "queued",
        attempts: 0,
        dead: false,
        fault: null,
        endedAt: null,
        expiresAt: NOW + 90_000 + 9_999,
        webhook: { status: "waiting", messageId: null },
      });
      expect(await store.jobs.dueReceivers(NOW + 9_999)).toEqual([]);
      expect(await store.jobs.conclude(idOf(1), end({ messageId: "whm_9" }))).toMatchObject({
        webhook: { status: "due", messageId: "whm_9" },
      });
    });

    test("revived twice, it has as much time as it was given at first, both times", async () => {
      await make(1);
      for (const now of [NOW + 20_000, NOW + 500_000]) {
        await store.jobs.conclude(idOf(1), end({ status: "failed", dead: true, fault: FAULT, result: null }));
        expect(await store.jobs.revive(idOf(1), NOW + 500, now)).toBe(true);
        expect((await job(1))?.expiresAt).toBe(now + 9_999);
      }
    });

    test("a dead one that is abandoned stays failed, and is revived no more", async () => {
      for (const n of [1, 2]) await make(n);
      const dead = end({ status: "failed", dead: true, fault: FAULT, result: '{"a":1}' });
      await store.jobs.conclude(idOf(1), dead);
      await store.jobs.conclude(idOf(2), { ...dead, dead: false, messageId: "whm_2" });
      expect(await store.jobs.abandon(idOf(2), NOW + 500)).toBe(false);
      expect(await store.jobs.abandon(idOf(1), NOW + 499)).toBe(false);
      expect(await store.jobs.abandon(idOf(1), NOW + 500)).toBe(true);
      expect(await job(1)).toMatchObject({ status: "failed", dead: false, fault: FAULT, endedAt: NOW + 500 });
      expect(await store.jobs.result(idOf(1))).toBe('{"a":1}');
      expect(await store.jobs.abandon(idOf(1), NOW + 500)).toBe(false);
      expect(await store.jobs.revive(idOf(1), NOW + 500, NOW)).toBe(false);
    });

    test("lists newest first, by page and by filter", async () => {
      for (const n of [1, 2, 3, 4]) await make(n, { useCase: n % 2 ? "odd" : "even" });
      await make(5, { tenant: "other" });
      await store.jobs.conclude(idOf(4), end());
      expect(await listed()).toEqual([4, 3, 2, 1]);
      expect(await listed({ tenant: null })).toEqual([5, 4, 3, 2, 1]);
      expect(await listed({ useCase: "odd" })).toEqual([3, 1]);
      expect(await listed({ status: "succeeded" })).toEqual([4]);
      const page = await store.jobs.list({ tenant: "acme", limit: 2 });
      expect([page.jobs.length, page.more]).toEqual([2, true]);
      expect(await listed({ after: idOf(3), limit: 2 })).toEqual([2, 1]);
      const statuses = await store.jobs.statuses([idOf(4), idOf(1), "nope"]);
      expect([...statuses].toSorted()).toEqual([
        [idOf(1), "queued"],
        [idOf(4), "succeeded"],
      ]);
      expect((await store.jobs.statuses([])).size).toBe(0);
    });

    test("a webhook is told by one at a time, again when asked, and not after its end", async () => {
      const url = "https://hooks.example/jobs";
      for (const n of [1, 2]) {
        await make(n, { webhookUrl: url });
        await store.jobs.conclude(idOf(n), end({ at: NOW + n, messageId: `whm_${n}` }));
      }
      await make(3);
      await store.jobs.conclude(idOf(3), end({ at: NOW }));
      const due = async (now: number) =>
        (await store.jobs.takeDueWebhooks("https://hooks.example", now, now + 100, 10)).map((one) => [
          numberOf(one.id),
          one.webhook?.messageId,
          one.webhook?.attempts,
        ]);
      expect(await due(NOW + 1)).toEqual([[1, "whm_1", 0]]);
      expect(await due(NOW + 2)).toEqual([[2, "whm_2", 0]]);
      expect(await due(NOW + 50)).toEqual([]);
      await store.jobs.noteWebhook(idOf(1), "whm_1", { type: "again", at: NOW + 60, error: "503" });
      await store.jobs.noteWebhook(idOf(2), "another", { type: "delivered" });
      await store.jobs.noteWebhook(idOf(2), "whm_2", { type: "delivered" });
      expect(await job(1)).toMatchObject({ webhook: { status: "due", attempts: 1, lastError: "503" } });
      expect(await job(2)).toMatchObject({
        webhook: { url, status: "delivered", attempts: 1, nextAttemptAt: null, lastError: null },
      });
      expect(await due(NOW + 60)).toEqual([[1, "whm_1", 1]]);
      await store.jobs.noteWebhook(idOf(1), "whm_1", { type: "dead", error: "gone" });
      expect(await due(NOW + 9_999)).toEqual([]);
      expect(await job(1)).toMatchObject({ webhook: { status: "dead", attempts: 2, lastError: "gone" } });
      expect(await store.jobs.redeliver("other", idOf(1), NOW)).toBeNull();
      expect(await store.jobs.redeliver("acme", idOf(3), NOW)).toBeNull();
      expect(await store.jobs.redeliver("acme", idOf(1), NOW + 10_000)).toMatchObject({
        webhook: { status: "due", messageId: "whm_1", attempts: 0 },
      });
      expect(await due(NOW + 10_000)).toEqual([[1, "whm_1", 0]]);
    });

    test("webhooks are due by receiver, who waits longest first, and a receiver's oldest first", async () => {
      const due = async (n: number, webhookUrl: string) => {
        await make(n, { webhookUrl });
        await store.jobs.conclude(idOf(n), end({ at: NOW + n, messageId: `whm_${n}` }));
      };
      for (let n = 1; n <= 120; n++) await due(n, `https://Slow.example:443/hook?n=${n}`);
      await due(121, "https://fast.example/a");
      await due(122, "http://fast.example/a");
      await due(123, "https://fast.example:8443/a");
      await make(124, { webhookUrl: "https://later.example/" });
      await store.jobs.adopt(order(125, { webhookUrl: "https://adopted.example/x" }));
      await store.jobs.conclude(idOf(125), end({ at: NOW, messageId: "whm_125" }));
      const slow = "https://slow.example";
      expect(await store.jobs.dueReceivers(NOW + 122)).toEqual([
        "https://adopted.example",
        slow,
        "https://fast.example",
        "http://fast.example",
      ]);
      const taken = async (receiver: string, limit: number) =>
        (await store.jobs.takeDueWebhooks(receiver, NOW + 200, NOW + 300, limit))
          .map(({ id }) => numberOf(id))
          .sort();
      expect(await taken(slow, 2)).toEqual([1, 2]);
      expect(await taken(slow, 1)).toEqual([3]);
      expect(await taken("https://fast.example", 9)).toEqual([121]);
      expect(await taken("https://nobody.example", 9)).toEqual([]);
      expect(await store.jobs.dueReceivers(NOW + 200)).toEqual([
        "https://adopted.example",
        slow,
        "http://fast.example",
        "https://fast.example:8443",
      ]);
    });

    test("finds what is overdue: waiting ones first, running ones later", async () => {
      for (const n of [1, 2, 3]) await make(n, { expiresAt: NOW + n });
      await store.jobs.begin(idOf(2), NOW);
      const overdue = async (waiting: number, running: number) =>
        (await store.jobs.overdue({ waiting, running }, 10)).map(({ id }) => numberOf(id)).toSorted();
      expect(await overdue(NOW + 2, NOW)).toEqual([1]);
      expect(await overdue(NOW + 3, NOW + 2)).toEqual([1, 2, 3]);
      await store.jobs.conclude(idOf(1), end({ status: "expired" }));
      expect(await overdue(NOW + 3, NOW)).toEqual([3]);
    });

    test("sweeps what ended long ago with its result, unless its webhook is still to be told", async () => {
      for (const n of [1, 2, 3, 4]) await make(n, n === 2 ? { webhookUrl: "https://h.example/" } : {});
      for (const n of [1, 2]) await store.jobs.conclude(idOf(n), end({ at: NOW, messageId: `m${n}` }));
      await store.jobs.conclude(idOf(3), end({ at: NOW + 10 }));
      expect(await store.jobs.sweep(NOW + 10)).toBe(1);
      expect(await listed()).toEqual([4, 3, 2]);
      expect(await store.jobs.result(idOf(1))).toBeNull();
      await store.jobs.noteWebhook(idOf(2), "m2", { type: "delivered" });
      expect(await store.jobs.sweep(NOW + 10)).toBe(1);
      expect(await listed()).toEqual([4, 3]);
    });

    test("sweeps what is dead by a time of its own", async () => {
      for (const n of [1, 2]) {
        await make(n);
        await store.jobs.conclude(
          idOf(n),
          end({ status: "failed", dead: n === 1, at: NOW, messageId: `m${n}` }),
        );
      }
      expect(await store.jobs.sweep(NOW + 10, 0)).toBe(1);
      expect(await listed()).toEqual([1]);
      expect(await store.jobs.abandon(idOf(1), NOW)).toBe(true);
      expect(await store.jobs.sweep(NOW + 10, 0)).toBe(1);
      expect(await listed()).toEqual([]);
    });

    test("what ended as not done here is revived as a dead one is", async () => {
      await make(1);
      const fault = { ...FAULT, code: "not_done_here" };
      await store.jobs.conclude(idOf(1), end({ status: "expired", fault, at: NOW + 500 }));
      expect(await store.jobs.revive(idOf(1), NOW + 500, NOW + 900)).toBe(true);
      expect(await job(1)).toMatchObject({ status: "queued", attempts: 0, fault: null });
    });

    test("counts what is live, by use case and status", async () => {
      for (const n of [1, 2, 3, 4]) await make(n, { useCase: n < 3 ? "a" : "b" });
      await store.jobs.begin(idOf(1), NOW);
      await store.jobs.conclude(idOf(4), end());
      const counts = [...(await store.jobs.counts())].sort((x, y) => x.oldestAt - y.oldestAt);
      expect(counts).toEqual([
        { useCase: "a", status: "running", count: 1, oldestAt: NOW + 1 },
        { useCase: "a", status: "queued", count: 1, oldestAt: NOW + 2 },
        { useCase: "b", status: "queued", count: 1, oldestAt: NOW + 3 },
      ]);
    });
  });
}
