import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createFakeBoard } from "../../store/shared-state/fake-board.ts";
import { startBoardRunner } from "./board-runner.ts";

function run(reachable: boolean) {
  const clock = new FakeClock();
  const board = createFakeBoard(clock);
  board.reachable = reachable;
  const told: string[] = [];
  const counted: number[] = [];
  const runner = startBoardRunner({
    board,
    clock,
    id: "gw_a",
    book: null,
    card: () => "card",
    onOrder: async () => undefined,
    onLost: (reason) => void told.push(`lost: ${reason}`),
    onReached: () => void told.push("reached"),
    onCounted: (replicas) => void counted.push(replicas),
  });
  return { clock, board, told, counted, runner };
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

test("how many there are is told with each card that is put up, but not by one that does not see", async () => {
  const { clock, board, counted } = run(true);
  await clock.advance(500);
  await board.post("gw_b", "card", 60_000);
  await clock.advance(1_000);
  expect([counted.at(0), counted.at(-1)]).toEqual([1, 2]);
  board.reachable = false;
  await clock.advance(10_000);
  board.reachable = true;
  const before = counted.length;
  await clock.advance(4_500);
  expect(counted).toHaveLength(before);
  await clock.advance(2_000);
  expect(counted.length).toBeGreaterThan(before);
});

test("stopping takes the card down and leaves no timer", async () => {
  const { clock, board, runner } = run(true);
  await clock.advance(200);
  await runner.stop();
  expect([await board.cards(), clock.pending]).toEqual([new Map(), 0]);
});

test("a board that does not answer holds up no stop for longer than a quarter of a second", async () => {
  const { clock, board, runner } = run(true);
  await clock.advance(200);
  board.withdraw = () => new Promise(() => {});
  let isStopped = false;
  void runner.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(249);
  expect(isStopped).toBe(false);
  await clock.advance(1);
  expect([isStopped, clock.pending]).toEqual([true, 0]);
});
