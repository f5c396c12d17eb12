/** What every driver's store of tickets must do. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { NewTicket } from "../../../src/core/tickets.ts";
import type { Store } from "../../../src/store/ports.ts";
import type { TicketQuery } from "../../../src/store/ticket-store.ts";

const NOW = 1_000_000;

function ticket(n: number, changes: Partial<NewTicket> = {}): NewTicket {
  return {
    id: `tkt_${String(n).padStart(4, "0")}`,
    at: NOW + n,
    tenant: "acme",
    useCase: "chat",
    queue: "desk",
    requestId: `req_${n}`,
    decisionId: `dec_${n}`,
    prompt: null,
    ...changes,
  };
}

const LINE = { useCase: "chat", queue: "desk" };

const OPEN = {
  status: "open",
  claimedBy: null,
  leaseUntil: null,
  answer: null,
  endedBy: null,
  endedAt: null,
  delivery: null,
  deliveries: 0,
} as const;

export function ticketContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: tickets`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const make = (n: number, changes: Partial<NewTicket> = {}) =>
      store.tickets.create(ticket(n, changes), 100);
    const idsOf = async (query: Partial<TicketQuery> = {}) =>
      (await store.tickets.list({ now: NOW, limit: 50, ...query })).tickets.map(({ id }) =>
        Number(id.slice(-4)),
      );
    const id = (n: number) => ticket(n).id;

    test("a new one is open and has what it was made with", async () => {
      expect(await make(1, { prompt: "Wo ist mein Paket? 🚂" })).toBe("created");
      const expected = { ...ticket(1, { prompt: "Wo ist mein Paket? 🚂" }), ...OPEN };
      expect(await store.tickets.get(id(1), NOW)).toEqual(expected);
      expect(await store.tickets.get("nope", NOW)).toBeNull();
    });

    test("a full queue takes no more of that tenant, and takes others'", async () => {
      expect(await store.tickets.create(ticket(1), 1)).toBe("created");
      expect(await store.tickets.create(ticket(2), 1)).toBe("full");
      expect(await store.tickets.create(ticket(3, { tenant: "other" }), 1)).toBe("created");
      expect(await store.tickets.create(ticket(4, { queue: "second" }), 1)).toBe("created");
      await store.tickets.claim(id(1), "ann", NOW, NOW + 10);
      expect(await store.tickets.create(ticket(5), 1)).toBe("full");
      await store.tickets.close(id(1), "ann", NOW);
      expect(await store.tickets.create(ticket(6), 1)).toBe("created");
    });

    test("lists newest first, by page and by filter", async () => {
      for (const n of [1, 2, 3, 4]) await make(n, { queue: n % 2 ? "odd" : "even", tenant: `t${n}` });
      await store.tickets.close(id(4), "ann", NOW);
      expect(await idsOf()).toEqual([4, 3, 2, 1]);
      expect(await idsOf({ queue: "odd" })).toEqual([3, 1]);
      expect(await idsOf({ tenant: "t2" })).toEqual([2]);
      expect(await idsOf({ status: "open" })).toEqual([3, 2, 1]);
      expect(await idsOf({ status: "closed" })).toEqual([4]);
      const page = await store.tickets.list({ now: NOW, limit: 2 });
      expect([page.tickets.length, page.more]).toEqual([2, true]);
      expect(await idsOf({ limit: 2, before: id(3) })).toEqual([2, 1]);
    });

    test("a claim holds off others until its lease ends, and can be renewed", async () => {
      await make(1);
      expect(await store.tickets.claim(id(1), "ann", NOW, NOW + 10)).toMatchObject({
        status: "claimed",
        claimedBy: "ann",
        leaseUntil: NOW + 10,
      });
      expect(await store.tickets.claim(id(1), "bob", NOW + 9, NOW + 20)).toBeNull();
      expect(await store.tickets.answer(id(1), "bob", "no", NOW + 9, false)).toBeNull();
      expect(await store.tickets.close(id(1), "bob", NOW + 9)).toBeNull();
      expect(await idsOf({ status: "claimed", now: NOW + 9 })).toEqual([1]);
      expect(await idsOf({ status: "open", now: NOW + 10 })).toEqual([1]);
      expect(await store.tickets.get(id(1), NOW + 10)).toMatchObject({ status: "open", claimedBy: null });
      expect(await store.tickets.claim(id(1), "ann", NOW + 9, NOW + 30)).toMatchObject({ claimedBy: "ann" });
      expect(await store.tickets.claim(id(1), "bob", NOW + 30, NOW + 40)).toMatchObject({ claimedBy: "bob" });
    });

    test("an answer ends it, once", async () => {
      await make(1);
      await store.tickets.claim(id(1), "ann", NOW, NOW + 10);
      expect(await store.tickets.answer(id(1), "ann", "Soon.", NOW + 5, false)).toMatchObject({
        status: "answered",
        answer: "Soon.",
        endedBy: "ann",
        endedAt: NOW + 5,
        claimedBy: null,
        delivery: null,
      });
      expect(await store.tickets.answer(id(1), "ann", "Later.", NOW + 6, false)).toBeNull();
      expect(await store.tickets.claim(id(1), "ann", NOW + 6, NOW + 9)).toBeNull();
      expect(await store.tickets.close(id(1), "ann", NOW + 6)).toBeNull();
    });

    test("one that nobody claimed can be answered and closed at once", async () => {
      await make(1);
      await make(2);
      expect(await store.tickets.answer(id(1), "ann", "Yes.", NOW, false)).toMatchObject({ answer: "Yes." });
      expect(await store.tickets.close(id(2), "ann", NOW)).toMatchObject({ status: "closed", answer: null });
    });

    test("what is to be delivered is given to one at a time, again when asked, and not after its end", async () => {
      for (const n of [1, 2, 3]) await make(n);
      await store.tickets.answer(id(1), "ann", "a", NOW, true);
      await store.tickets.answer(id(2), "ann", "b", NOW + 1, true);
      await store.tickets.answer(id(3), "ann", "c", NOW, false);
      const due = async (now: number) =>
        (await store.tickets.takeDue(LINE, now, now + 100, 10)).map((one) => [
          Number(one.id.slice(-4)),
          one.deliveries,
        ]);
      expect(await due(NOW)).toEqual([[1, 0]]);
      expect(await due(NOW + 1)).toEqual([[2, 0]]);
      expect(await due(NOW + 50)).toEqual([]);
      await store.tickets.noteDelivery(id(1), { type: "again", at: NOW + 60 });
      await store.tickets.noteDelivery(id(2), { type: "delivered" });
      expect(await due(NOW + 60)).toEqual([[1, 1]]);
      await store.tickets.noteDelivery(id(1), { type: "given_up" });
      expect(await due(NOW + 9999)).toEqual([]);
      expect(await store.tickets.get(id(1), NOW)).toMatchObject({ delivery: "given_up", deliveries: 2 });
      expect(await store.tickets.get(id(2), NOW)).toMatchObject({ delivery: "delivered", deliveries: 1 });
      await store.tickets.noteDelivery(id(2), { type: "again", at: NOW });
      expect(await due(NOW + 9999)).toEqual([]);
    });

    test("takes no more than the limit, the longest waiting first", async () => {
      for (const n of [1, 2, 3]) {
        await make(n);
        await store.tickets.answer(id(n), "ann", "x", NOW + 10 - n, true);
      }
      const taken = await store.tickets.takeDue(LINE, NOW + 20, NOW + 99, 2);
      expect(taken.map((one) => one.id).sort()).toEqual([id(2), id(3)]);
    });

    test("answers are due by use case and queue, the longest waiting first", async () => {
      const lines = [LINE, { useCase: "chat", queue: "other" }, { useCase: "voice", queue: "desk" }];
      for (const [at, n] of [1, 2, 3, 4].entries()) {
        await make(n, lines[at % 3]);
        await store.tickets.answer(id(n), "ann", "x", NOW + 10 - n, true);
      }
      expect(await store.tickets.dueLines(NOW + 9)).toEqual([LINE, ...lines.slice(1).toReversed()]);
      expect(await store.tickets.dueLines(NOW + 7)).toEqual([LINE, ...lines.slice(2)]);
      const taken = await store.tickets.takeDue(LINE, NOW + 9, NOW + 99, 9);
      expect(taken.map((one) => one.id).sort()).toEqual([id(1), id(4)]);
      expect(await store.tickets.dueLines(NOW + 9)).toEqual(lines.slice(1).toReversed());
    });

    test("sweeps what ended long ago, unless it is still to be delivered", async () => {
      for (const n of [1, 2, 3, 4]) await make(n);
      await store.tickets.close(id(1), "ann", NOW);
      await store.tickets.answer(id(2), "ann", "x", NOW, true);
      await store.tickets.close(id(3), "ann", NOW + 10);
      expect(await store.tickets.sweep(NOW + 10)).toBe(1);
      expect(await idsOf()).toEqual([4, 3, 2]);
      await store.tickets.noteDelivery(id(2), { type: "delivered" });
      expect(await store.tickets.sweep(NOW + 10)).toBe(1);
    });
  });
}
