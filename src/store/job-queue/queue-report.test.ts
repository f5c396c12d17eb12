import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { memoryJobQueue } from "../memory/job-queue.ts";
import { StoreError } from "../store-error.ts";
import { reportQueue } from "./queue-report.ts";

const clock = new FakeClock();
const queue = memoryJobQueue({ clock });

test("counts", async () => {
  await queue.send([{ id: "a", group: "g", body: "{}" }]);
  expect(await reportQueue(queue, clock)).toEqual({
    depth: { ready: 1, delayed: 0, inHand: 0, dead: 0 },
    problem: null,
  });
  expect(clock.pending).toBe(0);
});

test.each([
  [new StoreError("refused", "It does not exist. Create it."), "It does not exist. Create it."],
  [new TypeError("secret-word"), "The queue failed; the log of the gateway may say why."],
])("says what is wrong: %s", async (thrown, problem) => {
  const failing = { ...queue, depth: () => Promise.reject(thrown) };
  expect(await reportQueue(failing, clock)).toEqual({ depth: null, problem });
  expect(clock.pending).toBe(0);
});

test("does not wait for a queue that hangs", async () => {
  const hanging = { ...queue, depth: () => new Promise<never>(() => {}) };
  const report = reportQueue(hanging, clock);
  await clock.advance(2_000);
  expect(await report).toEqual({ depth: null, problem: "The queue did not answer within 2 s." });
});
