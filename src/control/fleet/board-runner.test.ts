import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createFakeBoard } from "../../store/shared-state/fake-board.ts";
import { startBoardRunner } from "./board-runner.ts";

function run(reachable: boolean) {
  const clock = new FakeClock();
  const board = createFakeBoard(clock);
  board.reachable = reachable;
  const told: string[] = [];
  const runner = startBoardRunner({
    board,
    clock,
    id: "gw_a",
    book: null,
    card: () => "card",
    onOrder: async () => undefined,
    onLost: (reason) => void told.push(`lost: ${reason}`),
    onReached: () => void told.push("reached"),
  });
  return { clock, board, told, runner };
}

test("a board that is not connected yet is no lost one", async () => {
  const { clock, board, told, runner } = run(false);
  await clock.advance(4_900);
  board.reachable = true;
  await clock.advance(10_000);
  expect(told).toEqual([]);
  expect(runner.sees()).toBe(true);
});

test("one that is not there five seconds after the start is, with the reason, once", async () => {
  const { clock, board, told, runner } = run(false);
  await clock.advance(10_000);
  expect(told).toEqual(["lost: unreachable"]);
  expect(runner.sees()).toBe(false);
  board.reachable = true;
  await clock.advance(200);
  expect(told).toEqual(["lost: unreachable", "reached"]);
});

test("a gateway sees nothing while its card cannot be put up, nor until others had time to", async () => {
  const { clock, board, told, runner } = run(true);
  await clock.advance(200);
  expect(runner.sees()).toBe(true);
  board.full = true;
  await clock.advance(1_100);
  expect([told, runner.sees()]).toEqual([["lost: full"], false]);
  board.full = false;
  await clock.advance(4_900);
  expect(runner.sees()).toBe(false);
  await clock.advance(300);
  expect(runner.sees()).toBe(true);
});
