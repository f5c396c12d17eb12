import { expect, test } from "bun:test";
import { seededRandom } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";
import { createIds } from "./ids.ts";

test("ids are distinct and sort in the order they were made, within and across milliseconds", async () => {
  const clock = new FakeClock();
  const ids = createIds(clock, seededRandom(1));
  const made: string[] = [];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 20; i++) made.push(ids.next("dec"));
    await clock.advance(1);
  }
  expect(new Set(made).size).toBe(1000);
  expect([...made].sort()).toEqual(made);
  expect(made[0]).toMatch(/^dec_[0-9a-hjkmnp-tv-z]{19}$/);
});

test("two processes that start in the same millisecond make different ids", () => {
  const clock = new FakeClock();
  expect(createIds(clock, seededRandom(1)).next("dec")).not.toBe(
    createIds(clock, seededRandom(2)).next("dec"),
  );
});
