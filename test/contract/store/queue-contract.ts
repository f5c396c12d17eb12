/** What every driver's queue must do. Owns the suite; a driver brings a fresh queue and a way to let time pass. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { DeadLetter, Delivery, JobQueue, QueuedMessage } from "../../../src/store/job-queue.ts";

export interface QueueFixture {
  readonly queue: JobQueue;
  /** So many milliseconds pass for the driver. */
  pass(ms: number): Promise<void>;
  /** The clock's time, in epoch milliseconds. */
  now(): number;
  stop(): Promise<void>;
}

export interface QueueTraits {
  /** Whether an id that waits already is not taken again; SQS keeps no ids. */
  readonly keepsAnIdOnce: boolean;
  /** Whether those that waited longest come first, exactly. */
  readonly keepsOrder: boolean;
  /** Whether its counts know at once what time did; a test server of SQS learns it from the next receive. */
  readonly countsByTheClock: boolean;
  /** Whether a message that nobody has in hand can be removed by its id; SQS removes what was received alone. */
  readonly withdraws: boolean;
  /** Whether what is over and was given to nobody else can still be extended; SQS does not say who has what. */
  readonly extendsAfterItsTime: boolean;
  /** How much later than promised a message may come again, in milliseconds. */
  readonly lateMs: number;
  /** A body that this driver takes, in bytes. */
  readonly bigBodyBytes: number;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const VISIBILITY = 30 * SECOND;

export const message = (n: number, change: Partial<QueuedMessage> = {}): QueuedMessage => ({
  id: `job_${String(n).padStart(4, "0")}`,
  group: "support",
  body: JSON.stringify({ n }),
  ...change,
});
const messages = (count: number) => Array.from({ length: count }, (_, n) => message(n));
const idsOf = (deliveries: readonly { readonly id: string }[]) => deliveries.map(({ id }) => id);

/** Everything that can be had now, in hand for `visibilityMs`. */
export async function drained(queue: JobQueue, visibilityMs = VISIBILITY): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (;;) {
    const some = await queue.receive(10, visibilityMs);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export function queueContract(name: string, traits: QueueTraits, open: () => Promise<QueueFixture>): void {
  describe(`${name}: queue`, () => {
    let fixture: QueueFixture;
    let queue: JobQueue;
    beforeEach(async () => {
      fixture = await open();
      queue = fixture.queue;
    });
    afterEach(() => fixture.stop());

    const one = async (visibilityMs = VISIBILITY): Promise<Delivery> => {
      const [delivery] = await queue.receive(1, visibilityMs);
      if (!delivery) throw new Error("Nothing was received.");
      return delivery;
    };
    const letters = async (limit = 50): Promise<readonly DeadLetter[]> => (await queue.dead(limit)).letters;
    const bury = async (n: number): Promise<void> => {
      await queue.send([message(n)]);
      expect(await queue.bury(await one(), `reason ${n}`)).toBe(true);
      await fixture.pass(SECOND);
    };

    test("what was sent is received as it was sent", async () => {
      expect(await queue.receive(5, VISIBILITY)).toEqual([]);
      await queue.send([]);
      const sentAt = fixture.now();
      await queue.send([
        message(1, { group: "a group: with “signs” 🚂", body: '{"text":"Grüße 🚂\\u0000"}' }),
      ]);
      const delivery = await one();
      expect(delivery).toMatchObject({
        id: message(1).id,
        group: "a group: with “signs” 🚂",
        body: '{"text":"Grüße 🚂\\u0000"}',
        attempts: 1,
      });
      expect(Math.abs(delivery.sentAt - sentAt)).toBeLessThan(SECOND);
      expect(delivery.receipt).not.toBe("");
    });

    test.each([
      ["line ends and tabs", '{\r\n\t"a": 1\n}'],
      ["what XML does not know", '"\uFFFE\uFFFF"'],
      ["signs beyond the first plane", '"🇩🇪👩‍👩‍👧‍👦𝒳"'],
      ["right to left and joined", '"שלום é"'],
      ["a separator of lines", '"\u2028\u2029\u0085"'],
      ["nothing much", "0"],
    ])("a body keeps %s, byte by byte", async (_, body) => {
      await queue.send([message(1, { body })]);
      expect((await one()).body).toBe(body);
    });

    test("a body may be as large as the driver says, and no larger", async () => {
      const fits = `"${"x".repeat(traits.bigBodyBytes - 2)}"`;
      expect(queue.maxBodyBytes).toBeGreaterThanOrEqual(traits.bigBodyBytes);
      await queue.send([message(1, { body: fits })]);
      expect((await one()).body.length).toBe(fits.length);
      const tooLarge = `"${"é".repeat(queue.maxBodyBytes / 2)}"`;
      const refused = queue.send([message(2), message(3, { body: tooLarge })]);
      await expect(refused).rejects.toMatchObject({ name: "StoreError", kind: "too_large" });
      expect(await queue.receive(5, VISIBILITY)).toEqual([]);
    });

    test("many at once arrive once each, whatever the driver takes in one question", async () => {
      const many = Array.from({ length: 57 }, (_, n) => message(n, { body: `"${"y".repeat(30_000)}"` }));
      await queue.send(many);
      const received = await drained(queue);
      expect(idsOf(received).sort()).toEqual(idsOf(many));
      expect(new Set(received.map(({ receipt }) => receipt)).size).toBe(57);
    });

    test("takes no more than asked for, and the rest waits", async () => {
      await queue.send(messages(5));
      const first = await queue.receive(3, VISIBILITY);
      expect(first.length).toBeGreaterThan(0);
      expect(first.length).toBeLessThanOrEqual(3);
      expect(idsOf([...first, ...(await drained(queue))]).sort()).toEqual(idsOf(messages(5)));
    });

    test.skipIf(!traits.keepsOrder)("those that waited longest come first", async () => {
      await queue.send([message(1, { delayMs: 20 }), message(2, { delayMs: 10 }), message(3)]);
      await fixture.pass(20);
      await queue.send([message(4)]);
      expect(idsOf(await queue.receive(4, VISIBILITY))).toEqual(
        idsOf([message(3), message(2), message(1), message(4)]),
      );
    });

    test("in one hand while the visibility timeout lasts, then in the next, counted", async () => {
      await queue.send([message(1)]);
      const first = await one(10 * SECOND);
      await fixture.pass(5 * SECOND);
      expect(await queue.receive(5, VISIBILITY)).toEqual([]);
      await fixture.pass(5 * SECOND + traits.lateMs);
      const second = await one(10 * SECOND);
      expect(second).toMatchObject({ id: first.id, body: first.body, attempts: 2 });
      expect(second.receipt).not.toBe(first.receipt);
    });

    test("a receipt that is over, or was never one, changes nothing", async () => {
      await queue.send([message(1)]);
      const late = await one(10 * SECOND);
      await fixture.pass(10 * SECOND);
      const ends = async (delivery: Delivery) => [
        await queue.release(delivery.receipt, 0),
        await queue.bury(delivery, "too late"),
        await queue.acknowledge(delivery.receipt),
      ];
      const attempts = async (delivery: Delivery) => [
        await queue.extend(delivery.receipt, VISIBILITY),
        ...(await ends(delivery)),
      ];
      expect(await ends(late)).toEqual([false, false, false]);
      expect(await attempts({ ...late, receipt: "no receipt" })).toEqual([false, false, false, false]);
      expect(await attempts({ ...late, receipt: "1:x" })).toEqual([false, false, false, false]);
      await fixture.pass(traits.lateMs);
      const next = await one();
      expect(await attempts(late)).toEqual([false, false, false, false]);
      expect(await letters()).toEqual([]);
      expect(await queue.acknowledge(next.receipt)).toBe(true);
      expect(await attempts(next)).toEqual([false, false, false, false]);
    });

    test("over and in nobody else's hand, it is extended where that can be known", async () => {
      await queue.send([message(1)]);
      const { receipt } = await one(10 * SECOND);
      await fixture.pass(10 * SECOND);
      expect(await queue.extend(receipt, VISIBILITY)).toBe(traits.extendsAfterItsTime);
      if (!traits.extendsAfterItsTime) return;
      expect(await queue.receive(1, VISIBILITY)).toEqual([]);
      expect(await queue.acknowledge(receipt)).toBe(true);
    });

    test("extended, it stays in hand for that long from now", async () => {
      await queue.send([message(1)]);
      const { receipt } = await one(10 * SECOND);
      await fixture.pass(6 * SECOND);
      expect(await queue.extend(receipt, 20 * SECOND)).toBe(true);
      await fixture.pass(12 * SECOND);
      expect(await queue.receive(1, VISIBILITY)).toEqual([]);
      expect(await queue.acknowledge(receipt)).toBe(true);
      await fixture.pass(HOUR);
      expect(await queue.receive(1, VISIBILITY)).toEqual([]);
    });

    test("acknowledged, it never comes again", async () => {
      await queue.send(messages(3));
      for (const { receipt } of await drained(queue)) expect(await queue.acknowledge(receipt)).toBe(true);
      await fixture.pass(HOUR);
      expect(await drained(queue)).toEqual([]);
      expect(await queue.depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
    });

    test("given back, it comes again at once or when its delay is over", async () => {
      await queue.send([message(1)]);
      expect(await queue.release((await one()).receipt, 0)).toBe(true);
      const again = await one();
      expect(again.attempts).toBe(2);
      expect(await queue.release(again.receipt, 60 * SECOND)).toBe(true);
      expect(await queue.acknowledge(again.receipt)).toBe(false);
      await fixture.pass(30 * SECOND);
      expect(await queue.receive(1, VISIBILITY)).toEqual([]);
      await fixture.pass(30 * SECOND);
      expect((await one()).attempts).toBe(3);
    });

    test.each([
      ["a second", SECOND],
      ["a quarter of an hour", HOUR / 4],
      ["an hour and a half", 1.5 * HOUR],
    ])("sent with a delay of %s, it is not received before", async (_, delayMs) => {
      await queue.send([message(1, { delayMs })]);
      const sentAt = fixture.now();
      for (let passed = 0; passed < delayMs; passed += delayMs / 5) {
        expect(await queue.receive(1, VISIBILITY)).toEqual([]);
        await fixture.pass(delayMs / 5 - 1);
      }
      await fixture.pass(SECOND);
      const delivery = await one();
      expect(delivery).toMatchObject({ id: message(1).id, attempts: 1, body: message(1).body });
      expect(Math.abs(delivery.sentAt - sentAt)).toBeLessThan(SECOND);
      expect(await drained(queue)).toEqual([]);
    });

    test("given back for longer than half a day, it comes no sooner and its attempts are kept", async () => {
      await queue.send([message(1)]);
      await queue.release((await one()).receipt, 0);
      const { receipt, sentAt } = await one();
      expect(await queue.release(receipt, 13 * HOUR)).toBe(true);
      for (let hours = 0; hours < 13; hours += 0.2) {
        expect(await queue.receive(1, VISIBILITY)).toEqual([]);
        await fixture.pass(0.2 * HOUR - 1);
      }
      await fixture.pass(SECOND);
      expect(await one()).toMatchObject({ id: message(1).id, attempts: 3, sentAt });
      expect(await drained(queue)).toEqual([]);
    });

    test("ten that ask at once: one of them has it", async () => {
      for (let round = 0; round < 3; round++) {
        await queue.send([message(round)]);
        const given = await Promise.all(Array.from({ length: 10 }, () => queue.receive(1, VISIBILITY)));
        expect(idsOf(given.flat())).toEqual([message(round).id]);
      }
    });

    test("ten that work through a hundred: nobody is given what another has", async () => {
      await queue.send(messages(100));
      const given = await Promise.all(Array.from({ length: 10 }, () => drained(queue)));
      expect(idsOf(given.flat()).sort()).toEqual(idsOf(messages(100)));
    });

    test("an id twice in one question is sent once", async () => {
      await queue.send([message(1), message(1, { body: '"other"' }), message(2)]);
      const received = await drained(queue);
      expect(received.map(({ id, body }) => [id, body]).sort()).toEqual([
        [message(1).id, message(1).body],
        [message(2).id, message(2).body],
      ]);
    });

    test.skipIf(!traits.keepsAnIdOnce)("an id that is on the queue is kept once, as it was", async () => {
      await queue.send([message(1)]);
      await queue.send([message(1, { body: '"other"', delayMs: HOUR }), message(2)]);
      const received = await drained(queue);
      expect(received.map(({ body }) => body)).toEqual([message(1).body, message(2).body]);
      await queue.send([message(1)]);
      expect(await drained(queue)).toEqual([]);
      for (const { receipt } of received) await queue.acknowledge(receipt);
      await queue.send([message(1)]);
      expect(idsOf(await drained(queue))).toEqual([message(1).id]);
    });

    test("an id that was sent twice is delivered at least once, and can be ended", async () => {
      await queue.send([message(1)]);
      await queue.send([message(1)]);
      const received = await drained(queue);
      expect(new Set(idsOf(received))).toEqual(new Set([message(1).id]));
      for (const { receipt } of received) expect(await queue.acknowledge(receipt)).toBe(true);
      await fixture.pass(HOUR);
      expect(await drained(queue)).toEqual([]);
    });

    test.skipIf(!traits.withdraws)("withdrawn, it never comes, unless it is in somebody's hand", async () => {
      await queue.send([message(1, { delayMs: HOUR }), message(2), message(3)]);
      expect(await queue.withdraw(message(1).id)).toBe(true);
      expect(await queue.withdraw(message(2).id)).toBe(true);
      expect(await queue.withdraw(message(2).id)).toBe(false);
      expect(await queue.withdraw("unknown")).toBe(false);
      const held = await one(10 * SECOND);
      expect(await queue.withdraw(message(3).id)).toBe(false);
      expect(await queue.release(held.receipt, HOUR)).toBe(true);
      expect(await queue.withdraw(message(3).id)).toBe(true);
      expect(await queue.depth()).toEqual({ ready: 0, delayed: 0, inHand: 0, dead: 0 });
      await fixture.pass(HOUR);
      expect(await drained(queue)).toEqual([]);
      // In a hand that was lost.
      await queue.send([message(4)]);
      const lost = await one(10 * SECOND);
      await fixture.pass(10 * SECOND + traits.lateMs);
      expect(await queue.withdraw(message(4).id)).toBe(true);
      expect(await queue.acknowledge(lost.receipt)).toBe(false);
    });

    test("what is withdrawn from a driver that cannot look for it comes all the same, and can be ended", async () => {
      await queue.send([message(1)]);
      const isGone = await queue.withdraw(message(1).id);
      expect(isGone).toBe(traits.withdraws);
      for (const { receipt } of await drained(queue)) expect(await queue.acknowledge(receipt)).toBe(true);
    });

    test("buried, it is among the dead letters and comes no more", async () => {
      await queue.send([message(1)]);
      await queue.release((await one()).receipt, 0);
      await fixture.pass(SECOND);
      const diedAt = fixture.now();
      const delivery = await one();
      expect(await queue.bury(delivery, "the provider refuses it: “no” 🚂")).toBe(true);
      const { letters: found, cursor } = await queue.dead(10);
      const { id, group, body } = message(1);
      expect(found).toMatchObject([
        { id, group, body, attempts: 2, reason: "the provider refuses it: “no” 🚂" },
      ]);
      expect(Math.abs((found[0]?.diedAt ?? 0) - diedAt)).toBeLessThan(SECOND);
      expect(cursor).toBeNull();
      expect(await queue.acknowledge(delivery.receipt)).toBe(false);
      await fixture.pass(HOUR);
      expect(await drained(queue)).toEqual([]);
      expect(await letters()).toHaveLength(1);
    });

    test("dead letters come by page, the first that died first", async () => {
      for (const n of [3, 1, 2]) await bury(n);
      const all = idsOf([message(3), message(1), message(2)]);
      expect(idsOf(await letters())).toEqual(all);
      const first = await queue.dead(2);
      expect(idsOf(first.letters)).toEqual(all.slice(0, 2));
      for (const after of [first.cursor ?? "", first.letters.at(-1)?.id]) {
        const second = await queue.dead(2, after);
        expect([idsOf(second.letters), second.cursor]).toEqual([all.slice(2), null]);
      }
      expect(await queue.dead(2, all[2])).toEqual({ letters: [], cursor: null });
    });

    test("the page after letters that are gone by then is the next one", async () => {
      for (const n of [1, 2, 3, 4]) await bury(n);
      const { letters: page, cursor } = await queue.dead(2);
      await queue.discard(idsOf(page));
      await fixture.pass(traits.lateMs);
      const next = await queue.dead(1, cursor ?? "");
      expect(idsOf(next.letters)).toEqual(idsOf([message(3)]));
      await queue.replay(idsOf(next.letters));
      expect(idsOf((await queue.dead(5, next.cursor ?? "")).letters)).toEqual(idsOf([message(4)]));
    });

    test("the page after the last letters that are gone by then has those that die next", async () => {
      for (const n of [1, 2, 3]) await bury(n);
      const { cursor } = await queue.dead(2);
      await queue.discard(idsOf([message(1), message(2), message(3)]));
      await fixture.pass(traits.lateMs);
      await bury(4);
      expect(idsOf((await queue.dead(5, cursor ?? "")).letters)).toEqual(idsOf([message(4)]));
    });

    test("a page after the id of a letter that is gone begins with the first", async () => {
      for (const n of [1, 2, 3]) await bury(n);
      const { letters: page } = await queue.dead(1);
      await queue.replay(idsOf(page));
      expect(idsOf((await queue.dead(5, page[0]?.id)).letters)).toEqual(idsOf([message(2), message(3)]));
    });

    test("replayed, they are new to the queue, and those that are not there are not named", async () => {
      for (const n of [1, 2, 3]) await bury(n);
      const [first, third] = [message(1).id, message(3).id];
      expect(await queue.replay([])).toEqual([]);
      expect(await queue.replay([third, "unknown", first, third])).toEqual([third, first]);
      const received = await drained(queue);
      expect(idsOf(received).sort()).toEqual([first, third]);
      expect(received.map(({ attempts, body }) => [attempts, body]).sort()).toEqual([
        [1, message(1).body],
        [1, message(3).body],
      ]);
      expect(idsOf(await letters())).toEqual([message(2).id]);
      expect(await queue.replay([first])).toEqual([]);
      for (const delivery of received) expect(await queue.bury(delivery, "again")).toBe(true);
      expect(idsOf(await letters()).sort()).toEqual(idsOf([message(1), message(2), message(3)]));
    });

    test("discarded, they are gone, and those that are not there are not named", async () => {
      for (const n of [1, 2, 3]) await bury(n);
      const [first, third] = [message(1).id, message(3).id];
      expect(await queue.discard([])).toEqual([]);
      expect(await queue.discard([third, "unknown", first, third])).toEqual([third, first]);
      expect(await queue.discard([first])).toEqual([]);
      expect(await queue.replay([first, third])).toEqual([]);
      await fixture.pass(HOUR);
      expect(idsOf(await letters())).toEqual([message(2).id]);
      expect(await drained(queue)).toEqual([]);
    });

    test("an id that died can be sent anew, and replaying the old one leaves no second dead letter", async () => {
      await bury(1);
      await queue.send([message(1, { body: '"new"' })]);
      const delivery = await one();
      expect(delivery).toMatchObject({ attempts: 1, body: '"new"' });
      await queue.acknowledge(delivery.receipt);
      expect(await queue.replay([message(1).id])).toEqual([message(1).id]);
      expect(await letters()).toEqual([]);
    });

    test("the depth counts what waits, what is delayed, what is in hand and what is dead", async () => {
      await bury(0);
      await queue.send([message(1), message(2), message(3), message(4, { delayMs: 60 * SECOND })]);
      const { receipt } = await one();
      expect(await queue.depth()).toEqual({ ready: 2, delayed: 1, inHand: 1, dead: 1 });
      await queue.release(receipt, 0);
      expect(await queue.depth()).toEqual({ ready: 3, delayed: 1, inHand: 0, dead: 1 });
    });

    test.skipIf(!traits.countsByTheClock)("the depth follows the clock", async () => {
      await queue.send([message(1), message(2, { delayMs: 60 * SECOND })]);
      await one(20 * SECOND);
      await fixture.pass(20 * SECOND);
      expect(await queue.depth()).toEqual({ ready: 1, delayed: 1, inHand: 0, dead: 0 });
      await fixture.pass(40 * SECOND);
      expect(await queue.depth()).toEqual({ ready: 2, delayed: 0, inHand: 0, dead: 0 });
    });

    test("close may be called twice; afterwards everything is refused, nothing hangs", async () => {
      await queue.send([message(1)]);
      await queue.close();
      await queue.close();
      const refused = { name: "StoreError", kind: "closed" };
      await expect(queue.send([message(2)])).rejects.toMatchObject(refused);
      await expect(queue.receive(1, VISIBILITY)).rejects.toMatchObject(refused);
      await expect(queue.dead(1)).rejects.toMatchObject(refused);
      await expect(queue.replay(["x"])).rejects.toMatchObject(refused);
      await expect(queue.depth()).rejects.toMatchObject(refused);
      await expect(queue.acknowledge("1:x")).rejects.toMatchObject(refused);
    });
  });
}
