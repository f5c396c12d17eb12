import { expect, test } from "bun:test";
import { inParallel } from "./in-parallel.ts";

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

test("no more than so many at once, in order, and all of them", async () => {
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const done = inParallel([1, 2, 3, 4, 5], 2, null, (item) => {
    begun.push(item);
    return new Promise<void>((resolve) => ends.push(resolve));
  });
  await settle();
  expect(begun).toEqual([1, 2]);
  ends[1]?.();
  await settle();
  expect(begun).toEqual([1, 2, 3]);
  for (let i = 0; i < 5; i++) {
    ends[i]?.();
    await settle();
  }
  await done;
  expect(begun).toEqual([1, 2, 3, 4, 5]);
});

test("nothing more begins once it is called off", async () => {
  const off = new AbortController();
  const begun: number[] = [];
  await inParallel([1, 2, 3], 1, off.signal, async (item) => {
    begun.push(item);
    off.abort();
  });
  expect(begun).toEqual([1]);
});
