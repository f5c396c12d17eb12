/** What every board owes a fleet: cards that end with their owners, orders of which the latest counts. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { FleetBoard } from "../../../src/store/fleet-board.ts";

/** `pass`: lets that much of the board's time go by. */
export function fleetBoardContract(
  name: string,
  open: () => Promise<{
    readonly board: FleetBoard;
    pass(ms: number): Promise<void>;
    close(): Promise<void>;
  }>,
): void {
  describe(`the board of ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    test("cards: put up, renewed, taken down, gone when nobody renews them", async () => {
      const { board, pass } = opened;
      expect(await board.cards()).toEqual(new Map());
      expect(await board.post("one", '{"n": 1}', 60_000)).toBe(1);
      expect(await board.post("two", "ünï 12 x", 100)).toBe(2);
      expect(await board.post("one", '{"n": 2}', 60_000)).toBe(2);
      expect(await board.cards()).toEqual(
        new Map([
          ["one", '{"n": 2}'],
          ["two", "ünï 12 x"],
        ]),
      );
      await pass(150);
      expect(await board.post("one", '{"n": 2}', 60_000)).toBe(1);
      expect([...(await board.cards()).keys()]).toEqual(["one"]);
      await board.withdraw("one");
      await board.withdraw("nobody");
      expect(await board.cards()).toEqual(new Map());
    });

    test("orders: the latest counts, in whatever order they come", async () => {
      const { board } = opened;
      await board.putOrder("r", { at: 1_700_000_000_005, origin: "b" }, "second of all");
      await board.putOrder("r", { at: 1_700_000_000_004, origin: "z" }, "earlier");
      await board.putOrder("r", { at: 1_700_000_000_005, origin: "a" }, "of the same time");
      await board.putOrder("s", { at: 1, origin: "a" }, '{"to": 5}');
      expect(await board.orders()).toEqual(
        new Map([
          ["r", "second of all"],
          ["s", '{"to": 5}'],
        ]),
      );
      await board.putOrder("r", { at: 1_700_000_000_005, origin: "c" }, "third");
      expect((await board.orders()).get("r")).toBe("third");
    });

    test("an order is taken down by its stamp; a later one stays", async () => {
      const { board } = opened;
      await board.putOrder("r", { at: 5, origin: "a" }, "x");
      await board.removeOrder("r", { at: 4, origin: "a" });
      await board.removeOrder("r", { at: 5, origin: "b" });
      await board.removeOrder("nobody", { at: 5, origin: "b" });
      expect((await board.orders()).get("r")).toBe("x");
      await board.removeOrder("r", { at: 5, origin: "a" });
      expect(await board.orders()).toEqual(new Map());
    });
  });
}
