import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { type DeliveryRunner, startDeliveries } from "./delivery-runner.ts";

interface Waiting {
  readonly id: string;
  readonly line: string;
  dueAt: number;
}

let clock: FakeClock;
let waiting: Waiting[];
/** Under way, and how each is ended: with the time of its next try, null where it is over. */
let posts: Map<string, (againAt: number | null | Error) => void>;
let begun: string[];
let reports: unknown[];
let away: boolean;
let runner: DeliveryRunner | null;

beforeEach(() => {
  clock = new FakeClock();
  waiting = [];
  posts = new Map();
  begun = [];
  reports = [];
  away = false;
  runner = null;
});
afterEach(async () => {
  const stopped = runner?.stop();
  for (const end of posts.values()) end(null);
  await stopped;
  expect(clock.pending).toBe(0);
});

function start(): void {
  const due = (now: number) => {
    if (away) throw new Error("the store is away");
    return waiting.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
  };
  runner = startDeliveries<Waiting, string>({
    clock,
    dueLines: async (now) => [...new Set(due(now).map(({ line }) => line))],
    // `slow/a` and `slow/b` are two lines to one receiver.
    receiverOf: (line) => line.split("/")[0] ?? "",
    async takeDue(line, now, heldUntil, limit) {
      const taken = due(now).filter((one) => one.line === line);
      return taken.slice(0, limit).map((one) => Object.assign(one, { dueAt: heldUntil }));
    },
    deliver: (item) =>
      new Promise((resolve, reject) => {
        if (posts.has(item.id)) reject(new Error(`${item.id} is delivered twice at once`));
        begun.push(item.id);
        posts.set(item.id, (againAt) => {
          posts.delete(item.id);
          if (againAt instanceof Error) return reject(againAt);
          if (againAt === null) waiting = waiting.filter(({ id }) => id !== item.id);
          else item.dueAt = againAt;
          resolve(againAt);
        });
      }),
    sweep: async () => undefined,
    report: (thrown) => void reports.push(thrown),
  });
}

/** Oldest first. */
function wait(line: string, count: number, from = 0): void {
  for (let n = from; n < from + count; n++) waiting.push({ id: `${line}-${n}`, line, dueAt: n - 10_000 });
}

const settle = () => clock.advance(0);
const end = async (id: string, how: number | null | Error = null): Promise<void> => {
  posts.get(id)?.(how);
  await settle();
};
const underway = () => [...posts.keys()];

describe("a receiver that is slow", () => {
  test("has four under way, its oldest, and the next when one of them ends", async () => {
    wait("slow", 6);
    start();
    await settle();
    expect(underway()).toEqual(["slow-0", "slow-1", "slow-2", "slow-3"]);
    await end("slow-1");
    expect(underway()).toEqual(["slow-0", "slow-2", "slow-3", "slow-4"]);
  });

  test("holds up nobody else, however many of its own are due before", async () => {
    wait("slow", 300);
    wait("fast", 6, 300);
    start();
    await settle();
    for (const n of [300, 301, 302, 303, 304, 305]) await end(`fast-${n}`);
    expect(begun.filter((id) => id.startsWith("fast"))).toHaveLength(6);
    wait("late", 1);
    runner?.wake();
    await settle();
    expect(underway()).toEqual(["slow-0", "slow-1", "slow-2", "slow-3", "late-0"]);
  });

  test("has one bound, whatever lines lead to it", async () => {
    wait("slow/a", 3);
    wait("slow/b", 3);
    start();
    await settle();
    expect(underway()).toEqual(["slow/a-0", "slow/a-1", "slow/a-2", "slow/b-0"]);
  });
});

test("no more than 32 are under way; then who has nothing under way is first", async () => {
  for (let n = 0; n < 8; n++) wait(`r${n}`, 9);
  start();
  await settle();
  expect(posts.size).toBe(32);
  wait("other", 2, 500);
  runner?.wake();
  await settle();
  expect(posts.size).toBe(32);
  await end("r3-0");
  expect(posts.has("other-500")).toBe(true);
  expect(posts.size).toBe(32);
});

test("one that failed is tried again when it is time, and not before", async () => {
  wait("a", 1);
  start();
  await settle();
  await end("a-0", clock.now() + 5_000);
  wait("b", 1);
  runner?.wake();
  await settle();
  await end("b-0");
  await clock.advance(4_900);
  expect(begun).toEqual(["a-0", "b-0"]);
  await clock.advance(200);
  expect(begun).toEqual(["a-0", "b-0", "a-0"]);
});

test("one that is asked for again while it is under way is not delivered twice at once", async () => {
  wait("a", 1);
  start();
  await settle();
  for (const one of waiting) one.dueAt = clock.now();
  runner?.wake();
  await settle();
  expect(begun).toEqual(["a-0"]);
  // Nor where it takes longer than it is held.
  await clock.advance(70_000);
  expect(begun).toEqual(["a-0"]);
  expect(reports).toEqual([]);
});

test("a store that is away is told once, and what is due is delivered when it is back", async () => {
  wait("a", 2);
  start();
  await settle();
  await end("a-0", new Error("cannot be noted"));
  away = true;
  await clock.advance(60_000);
  expect(reports).toHaveLength(1);
  away = false;
  await end("a-1");
  await clock.advance(30_000);
  expect(begun).toEqual(["a-0", "a-1", "a-0"]);
  await end("a-0");
  expect(waiting).toEqual([]);
});

test("stopping starts nothing new and waits for what is under way", async () => {
  wait("a", 6);
  start();
  await settle();
  let isStopped = false;
  const stopped = runner?.stop().then(() => {
    isStopped = true;
  });
  await end("a-0");
  expect([posts.size, isStopped]).toEqual([3, false]);
  for (const id of underway()) await end(id);
  await stopped;
  expect(begun).toHaveLength(4);
});
