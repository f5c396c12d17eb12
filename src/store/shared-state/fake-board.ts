/** A board in memory, over a clock of the test's own, that can be out of reach. */
import type { Clock } from "../../core/clock.ts";
import { type FleetBoard, FleetBoardError, type OrderStamp } from "../fleet-board.ts";

export interface FakeBoard extends FleetBoard {
  reachable: boolean;
  /** It answers, and keeps nothing more. */
  full: boolean;
}

export function createFakeBoard(clock: Clock): FakeBoard {
  const cards = new Map<string, { readonly card: string; readonly till: number }>();
  const orders = new Map<string, { readonly stamp: OrderStamp; readonly order: string }>();
  const board: FakeBoard = {
    reachable: true,
    full: false,
    async post(id, card, ttlMs) {
      check();
      checkRoom();
      const now = clock.now();
      cards.set(id, { card, till: now + ttlMs });
      return [...cards.values()].filter(({ till }) => till > now).length;
    },
    async withdraw(id) {
      check();
      cards.delete(id);
    },
    async cards() {
      check();
      const now = clock.now();
      return new Map([...cards].filter(([, { till }]) => till > now).map(([id, { card }]) => [id, card]));
    },
    async putOrder(key, stamp, order) {
      check();
      checkRoom();
      const stored = orders.get(key)?.stamp;
      const isLater =
        !stored || stamp.at > stored.at || (stamp.at === stored.at && stamp.origin > stored.origin);
      if (isLater) orders.set(key, { stamp, order });
    },
    async removeOrder(key, { at, origin }) {
      check();
      const stored = orders.get(key)?.stamp;
      if (stored?.at === at && stored.origin === origin) orders.delete(key);
    },
    async orders() {
      check();
      return new Map([...orders].map(([key, { order }]) => [key, order]));
    },
    async close() {},
  };
  const check = (): void => {
    if (!board.reachable) throw new FleetBoardError("unreachable");
  };
  const checkRoom = (): void => {
    if (board.full) throw new FleetBoardError("full");
  };
  return board;
}
