import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createBacklog, MAX_WAITING } from "./backlog.ts";

/** A store that takes entries unless it is away. */
function fakeStore() {
  const clock = new FakeClock();
  const told: string[] = [];
  const store = { isAway: false };
  const backlog = createBacklog<number>({
    clock,
    async write(entry) {
      if (store.isAway) throw new Error("away");
      told.push(`wrote ${entry}`);
    },
    onLate: (entry) => void told.push(`late ${entry}`),
    onLost: (entry) => void told.push(`lost ${entry}`),
  });
  return { clock, told, store, backlog };
}

/** A store that answers when it is told to, as `answer` does. */
function slowStore(answer: () => unknown) {
  const clock = new FakeClock();
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const backlog = createBacklog<number>({
    clock,
    async write(entry) {
      await promise;
      await answer();
      told.push(`wrote ${entry}`);
    },
    onLate: (entry) => void told.push(`late ${entry}`),
    onLost: (entry) => void told.push(`lost ${entry}`),
  });
  return { clock, told, backlog, answered: resolve };
}

test("entries that a store does not take are kept for it, in order, and told once", async () => {
  const { clock, told, store, backlog } = fakeStore();
  store.isAway = true;
  await backlog.add(1);
  await backlog.add(2);
  await clock.advance(60_000);
  expect(told).toEqual(["late 1", "late 2"]);
  store.isAway = false;
  await clock.advance(1000);
  await backlog.add(3);
  expect(told.slice(2)).toEqual(["wrote 1", "wrote 2", "wrote 3"]);
  expect(clock.pending).toBe(0);
});

test("one that comes as the store is back takes the others with it", async () => {
  const { told, store, backlog } = fakeStore();
  store.isAway = true;
  await backlog.add(1);
  store.isAway = false;
  await backlog.add(2);
  expect(told).toEqual(["late 1", "wrote 1", "wrote 2"]);
});

test("at the end what waits is tried once more, and lost where that fails", async () => {
  const { clock, told, store, backlog } = fakeStore();
  store.isAway = true;
  await backlog.add(1);
  await backlog.close();
  await backlog.add(2);
  expect(told).toEqual(["late 1", "lost 1", "lost 2"]);
  expect(clock.pending).toBe(0);
});

test("a store that does not answer holds up the end for a moment, and what it takes after all is not called lost", async () => {
  for (const [answer, verdict] of [
    [() => {}, "wrote 1"],
    [() => Promise.reject(new Error("away")), "lost 1"],
  ] as const) {
    const { backlog, told, clock, answered } = slowStore(answer);
    void backlog.add(1);
    void backlog.add(2);
    const closed = backlog.close();
    await clock.advance(6000);
    await closed;
    expect(told).toEqual(["lost 2"]);
    answered();
    await clock.advance(0);
    expect(told).toEqual(["lost 2", verdict]);
  }
});

test("more than can be kept is lost, the newest first", async () => {
  const { told, store, backlog } = fakeStore();
  store.isAway = true;
  for (let entry = 0; entry <= MAX_WAITING; entry++) await backlog.add(entry);
  expect(told.filter((line) => line.startsWith("lost"))).toEqual([`lost ${MAX_WAITING}`]);
});
