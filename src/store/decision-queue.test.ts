import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Decision } from "../core/decision.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { createDecisionQueue, type DecisionQueueOptions } from "./decision-queue.ts";
import type { DecisionRecord, DecisionStore } from "./decision-store.ts";

/** A store whose writes end when and how the test says. */
class ScriptedStore implements Pick<DecisionStore, "append"> {
  readonly attempts: string[][] = [];
  readonly stored: string[] = [];
  /** What the next writes do; when it is empty they succeed at once. */
  readonly script: ("fail" | "throw" | "hang")[] = [];
  #hanging: (() => void) | null = null;

  append(batch: readonly DecisionRecord[]): Promise<void> {
    const ids = batch.map((decision) => decision.id);
    this.attempts.push(ids);
    const step = this.script.shift();
    if (step === "throw") throw new Error("thrown");
    if (step === "fail") return Promise.reject(new Error("disk full"));
    if (step === "hang") {
      return new Promise((resolve) => {
        this.#hanging = () => {
          this.stored.push(...ids);
          resolve();
        };
      });
    }
    this.stored.push(...ids);
    return Promise.resolve();
  }

  release(): void {
    this.#hanging?.();
    this.#hanging = null;
  }
}

/** The queue looks at no field. */
const decision = (id: string | number) => ({ id: String(id) }) as Decision;

function setUp(options: Partial<DecisionQueueOptions> = {}) {
  const clock = new FakeClock();
  const store = new ScriptedStore();
  const queue = createDecisionQueue({ store, clock, capacity: 10, maxBatch: 4, flushMs: 100, ...options });
  const push = (...ids: number[]) => {
    for (const id of ids) queue.push(decision(id));
  };
  return { clock, store, queue, push };
}

describe("batching", () => {
  test("nothing runs while idle", () => {
    const { clock, queue } = setUp();
    expect(clock.pending).toBe(0);
    expect(queue.stats()).toEqual({
      depth: 0,
      written: 0,
      failed: 0,
      lastError: null,
      dropped: { full: 0, closed: 0 },
    });
  });

  test("records wait for company, then are written together and in order", async () => {
    const { clock, store, push, queue } = setUp();
    push(1);
    await clock.advance(99);
    push(2);
    expect(store.attempts).toEqual([]);
    await clock.advance(1);
    expect(store.attempts).toEqual([["1", "2"]]);
    expect(queue.stats()).toMatchObject({ depth: 0, written: 2 });
    expect(clock.pending).toBe(0);
  });

  test("a full batch goes without waiting, but not inside push", async () => {
    const { clock, store, push } = setUp();
    push(1, 2, 3, 4);
    expect(store.attempts).toEqual([]);
    await clock.advance(0);
    expect(store.attempts).toEqual([["1", "2", "3", "4"]]);
  });

  test("one write at a time; what came meanwhile follows", async () => {
    const { clock, store, push, queue } = setUp();
    store.script.push("hang");
    push(1);
    await clock.advance(100);
    push(2, 3, 4, 5, 6);
    await clock.advance(10_000);
    expect(store.attempts).toEqual([["1"]]);
    expect(queue.stats().depth).toBe(6);
    store.release();
    await clock.advance(0);
    expect(store.attempts).toEqual([["1"], ["2", "3", "4", "5"]]);
    await clock.advance(100);
    expect(store.stored).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(clock.pending).toBe(0);
  });
});

describe("a full queue", () => {
  test("loses the newest and counts it; records being written take room too", async () => {
    const { clock, store, push, queue } = setUp({ capacity: 5 });
    store.script.push("hang");
    push(1, 2, 3, 4);
    await clock.advance(0);
    push(5, 6, 7);
    expect(queue.stats()).toMatchObject({ depth: 5, dropped: { full: 2, closed: 0 } });
    store.release();
    await clock.advance(100);
    expect(store.stored).toEqual(["1", "2", "3", "4", "5"]);
    push(8);
    await clock.advance(100);
    expect(store.stored.at(-1)).toBe("8");
  });
});

describe("a failing store", () => {
  test.each(["fail", "throw"] as const)(
    "%s: the same batch is written again, later and later",
    async (how) => {
      const { clock, store, push, queue } = setUp();
      store.script.push(how, how, how);
      push(1, 2);
      const times: number[] = [];
      const start = clock.now();
      for (let i = 0; i < 100; i++) {
        const before = store.attempts.length;
        await clock.advance(10);
        if (store.attempts.length > before) times.push(clock.now() - start);
        if (i === 20) push(3);
      }
      expect(times).toEqual([100, 200, 400, 800, 900]);
      expect(store.attempts.slice(0, 4)).toEqual(Array(4).fill(["1", "2"]));
      expect(store.stored).toEqual(["1", "2", "3"]);
      expect(queue.stats()).toMatchObject({ written: 3, failed: 3, depth: 0, lastError: null });
    },
  );

  test("is asked every 5 s at the slowest, while the queue keeps what it has room for", async () => {
    const { clock, store, push, queue } = setUp();
    store.script.push(...Array(20).fill("fail"));
    push(1);
    await clock.advance(20_000);
    const before = store.attempts.length;
    await clock.advance(10_000);
    expect(store.attempts.length - before).toBe(2);
    push(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    expect(queue.stats()).toMatchObject({ depth: 10, lastError: "disk full", dropped: { full: 2 } });
    store.script.length = 0;
    await clock.advance(10_000);
    expect(store.stored).toHaveLength(10);
  });
});

describe("flush", () => {
  test("of nothing is done", async () => {
    const { queue, clock } = setUp();
    expect(await queue.flush()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("writes all that was pushed before, at once, in batches", async () => {
    const { queue, store, push, clock } = setUp();
    push(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    expect(await queue.flush()).toBe(true);
    expect(store.attempts.map((ids) => ids.length)).toEqual([4, 4, 2]);
    expect(clock.pending).toBe(0);
  });

  test("does not wait for what comes after it", async () => {
    const { queue, store, push, clock } = setUp();
    store.script.push("hang", "hang");
    push(1);
    const flushed = queue.flush();
    push(2);
    store.release();
    expect(await flushed).toBe(true);
    expect(queue.stats().depth).toBe(1);
    await clock.advance(100);
    expect(store.attempts).toEqual([["1"], ["2"]]);
  });

  test("gives up after its time, and the records stay", async () => {
    const { queue, store, push, clock } = setUp();
    store.script.push("hang");
    push(1);
    const flushed = queue.flush(300);
    await clock.advance(300);
    expect(await flushed).toBe(false);
    expect(queue.stats().depth).toBe(1);
    store.release();
    await clock.advance(0);
    expect(queue.stats()).toMatchObject({ depth: 0, written: 1 });
  });

  test("does not sit out a backoff", async () => {
    const { queue, store, push, clock } = setUp();
    store.script.push("fail", "fail", "fail");
    push(1);
    await clock.advance(500);
    expect(store.attempts).toHaveLength(3);
    expect(await queue.flush()).toBe(true);
    expect(store.stored).toEqual(["1"]);
  });
});

describe("close", () => {
  test("leaves no timer, counts what waited as lost and refuses more", async () => {
    const { queue, push, clock, store } = setUp();
    push(1, 2);
    queue.close();
    queue.close();
    push(3);
    expect(clock.pending).toBe(0);
    expect(queue.stats()).toMatchObject({ depth: 0, dropped: { full: 0, closed: 3 } });
    expect(await queue.flush()).toBe(true);
    expect(store.attempts).toEqual([]);
  });

  test("tells a flush that waits, and counts a write under way by how it ends", async () => {
    const { queue, push, clock, store } = setUp();
    store.script.push("hang");
    push(1);
    const flushed = queue.flush();
    push(2);
    queue.close();
    expect(await flushed).toBe(false);
    expect(clock.pending).toBe(0);
    store.release();
    await clock.advance(0);
    expect(queue.stats()).toMatchObject({ written: 1, depth: 0, dropped: { closed: 1 } });
    expect(clock.pending).toBe(0);
  });

  test("during a backoff", async () => {
    const { queue, push, clock, store } = setUp();
    store.script.push("fail");
    push(1);
    await clock.advance(100);
    queue.close();
    expect(clock.pending).toBe(0);
    expect(queue.stats()).toMatchObject({ depth: 0, failed: 1, dropped: { closed: 1 } });
  });
});

test("whatever happens, every record is written once and in order, waits, or is counted as lost", async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("push" as const), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ type: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 700 }) }),
    fc.record({ type: fc.constant("script" as const), how: fc.constantFrom("fail", "throw", "hang") }),
    fc.record({ type: fc.constant("release" as const) }),
    fc.record({ type: fc.constant("flush" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { queue, push, clock, store } = setUp();
      let pushed = 0;
      for (const action of steps) {
        if (action.type === "push") for (let i = 0; i < action.count; i++) push(++pushed);
        else if (action.type === "advance") await clock.advance(action.ms);
        else if (action.type === "script") store.script.push(action.how as "fail" | "throw" | "hang");
        else if (action.type === "release") store.release();
        else void queue.flush(200);
        const { depth, written, dropped } = queue.stats();
        expect(written + depth + dropped.full).toBe(pushed);
        expect(depth).toBeLessThanOrEqual(10);
      }
      // A hung write is released when it comes; with the script at its end the queue runs dry.
      for (let i = 0; i < 60; i++) {
        store.release();
        await clock.advance(5_000);
      }
      const { written, dropped, depth } = queue.stats();
      expect(depth).toBe(0);
      expect(written + dropped.full).toBe(pushed);
      expect(store.stored).toHaveLength(written);
      expect(new Set(store.stored).size).toBe(written);
      expect(store.stored).toEqual(store.stored.toSorted((a, b) => Number(a) - Number(b)));
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 60 },
  );
});
