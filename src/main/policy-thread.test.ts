import { expect, test } from "bun:test";
import type { FromThread } from "../control/policy/judge/protocol.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { BASE_POLICY } from "../policy/fake-policy.ts";
import { createPolicyThread } from "./policy-thread.ts";

const READ = { type: "read", sources: [{ file: "p", text: BASE_POLICY }], before: null } as const;

/** A worker that answers when a test says so. */
function fakeWorker() {
  const worker = {
    posted: [] as unknown[],
    ended: false,
    onmessage: null as ((event: { data: FromThread }) => void) | null,
    onerror: null as ((event: { preventDefault(): void; message: string }) => void) | null,
    postMessage: (message: unknown) => void worker.posted.push(message),
    addEventListener: () => {},
    terminate: () => {
      worker.ended = true;
    },
  };
  return worker;
}

function threadOf(clock = new FakeClock()) {
  const workers: ReturnType<typeof fakeWorker>[] = [];
  const thread = createPolicyThread(clock, () => {
    const worker = fakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  });
  return { thread, workers, clock };
}

const ANSWER: FromThread = { type: "invalid", findings: [] };

test("a real thread reads a policy", async () => {
  const thread = createPolicyThread(new FakeClock());
  const answer = await thread.ask(READ);
  expect(answer.type).toBe("read");
  thread.stop();
});

test("starts with the first question, ends when nobody asks, and starts again", async () => {
  const { thread, workers, clock } = threadOf();
  expect(workers).toHaveLength(0);
  const first = thread.ask(READ);
  workers[0]?.onmessage?.({ data: ANSWER });
  expect(await first).toEqual(ANSWER);
  await clock.advance(61_000);
  expect(workers[0]?.ended).toBeTrue();
  const second = thread.ask(READ);
  expect(workers).toHaveLength(2);
  workers[1]?.onmessage?.({ data: ANSWER });
  expect(await second).toEqual(ANSWER);
  thread.stop();
  expect(workers[1]?.ended).toBeTrue();
});

test("whoever waits is told when it fails, is silent or is stopped", async () => {
  const { thread, workers, clock } = threadOf();
  const failing = thread.ask(READ);
  workers[0]?.onerror?.({ preventDefault: () => {}, message: "out of memory" });
  await expect(failing).rejects.toThrow("it failed");
  const silent = thread.ask(READ);
  silent.catch(() => {});
  await clock.advance(121_000);
  await expect(silent).rejects.toThrow("it was silent");
  const stopped = thread.ask(READ);
  thread.stop();
  await expect(stopped).rejects.toThrow("it was stopped");
  expect(workers.every(({ ended }) => ended)).toBeTrue();
});
