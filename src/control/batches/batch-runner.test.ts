/** What happens to the requests of a batch: a store in memory, a model that answers when told, time by hand. */
import { describe, expect, test } from "bun:test";
import { DEFAULT_WORK_LIMITS } from "./batch-ports.ts";
import { startBatchRunner } from "./batch-runner.ts";
import { createFakeWork, globex, ids, inputLine, isOver, start, stopped } from "./fake-work.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("a batch", () => {
  test("is answered request by request, and its files say what came of each", async () => {
    const work = createFakeWork((id) =>
      id === "r1"
        ? { status: 400, requestId: "req_bad", body: { error: { message: "no", code: "bad" } } }
        : { body: { id, usage: { prompt_tokens: 10, completion_tokens: 4 } }, requestId: `req_${id}` },
    );
    const id = await work.add(1, ids(3));
    const runner = start(work);
    await work.until(isOver(work, id));
    const batch = await work.batch(id);
    expect(batch).toMatchObject({
      status: "completed",
      model: "support-chat",
      counts: { total: 3, completed: 2, failed: 1 },
      usage: { inputTokens: 20, outputTokens: 8 },
    });
    const { createdAt, inProgressAt, finalizingAt, completedAt, expiredAt } = batch.times;
    expect([inProgressAt, finalizingAt, completedAt].every((at) => at !== null && at >= createdAt)).toBe(
      true,
    );
    expect(expiredAt).toBeNull();
    expect(await work.outputs(id)).toEqual([
      {
        id: expect.stringMatching(/^batch_req_/),
        custom_id: "r0",
        response: {
          status_code: 200,
          request_id: "req_r0",
          body: { id: "r0", usage: { prompt_tokens: 10, completion_tokens: 4 } },
        },
        error: null,
      },
      expect.objectContaining({ custom_id: "r2" }),
    ]);
    expect(await work.errors(id)).toEqual([
      {
        id: expect.stringMatching(/^batch_req_/),
        custom_id: "r1",
        response: {
          status_code: 400,
          request_id: "req_bad",
          body: { error: { message: "no", code: "bad" } },
        },
        error: null,
      },
    ]);
    await stopped(work, runner);
  });

  test("with an input that does not fit fails, and no request of it is made", async () => {
    const work = createFakeWork(() => ({}));
    const id = await work.addText(1, `${inputLine("a")}not json\n${inputLine("a")}`);
    const runner = start(work);
    await work.until(isOver(work, id));
    expect(await work.batch(id)).toMatchObject({
      status: "failed",
      issues: [
        { code: "invalid_json_line", line: 2 },
        { code: "duplicate_custom_id", line: 3, param: "custom_id" },
      ],
      counts: { total: 0, completed: 0, failed: 0 },
      outputFileId: null,
      errorFileId: null,
    });
    expect(work.asked).toEqual([]);
    await stopped(work, runner);
  });

  test("that is made while nobody looks is found when somebody wakes the runner", async () => {
    const work = createFakeWork(() => ({}));
    const runner = start(work);
    await work.clock.advance(1_000);
    const id = await work.add(1, ids(1));
    runner.wake();
    await work.until(isOver(work, id), 1);
    expect(work.clock.now()).toBeLessThan(1_700_000_000_000 + 2_000);
    await stopped(work, runner);
  });
});

describe("how much at once", () => {
  test("never more requests than allowed, of all batches together", async () => {
    const work = createFakeWork(null);
    for (const n of [1, 2, 3]) await work.add(n, ids(20, `b${n}-`), n === 3 ? { caller: globex } : {});
    const runner = start(work);
    for (let answered = 0; answered < 60; answered++) {
      await work.until(() => work.pending.length > 0, 1);
      expect(work.pending.length).toBeLessThanOrEqual(8);
      work.pending[0]?.answer({});
    }
    await work.until(async () => (await work.batch("batch_0003")).status === "completed");
    expect(work.peak()).toBe(8);
    expect(new Set(work.asked).size).toBe(60);
    await stopped(work, runner);
  });

  test("a small batch does not wait for a large one to end", async () => {
    const work = createFakeWork(null);
    const large = await work.add(1, ids(400, "large-"));
    const runner = start(work);
    await work.until(() => work.pending.length === 8, 1);
    const small = await work.add(2, ids(4, "small-"), { caller: globex });
    runner.wake();
    let answers = 0;
    await work.until(async () => {
      work.pending[0]?.answer({});
      answers++;
      return (await work.batch(small)).status === "completed";
    }, 1);
    expect(answers).toBeLessThan(60);
    expect((await work.batch(large)).status).toBe("in_progress");
    await stopped(work, runner);
  });

  test("one tenant's batches leave room for another's", async () => {
    const work = createFakeWork(null);
    for (const n of [1, 2, 3, 4]) await work.add(n, ids(50, `b${n}-`));
    const other = await work.add(5, ids(1, "other-"), { caller: globex });
    const runner = start(work, { bounds: { batches: 3, batchesPerTenant: 2 } });
    await work.until(async () => {
      work.pending[0]?.answer({});
      return (await work.batch(other)).status === "completed";
    }, 1);
    expect((await work.batch("batch_0003")).status).toBe("validating");
    await stopped(work, runner);
  });

  test("large requests are in hand one by one", async () => {
    const work = createFakeWork(null);
    const text = ids(6)
      .map((id) => inputLine(id, { padding: "x".repeat(600) }))
      .join("");
    await work.addText(1, text);
    const runner = start(work, { bounds: { bytesInHand: 1_000 } });
    for (let answered = 0; answered < 6; answered++) {
      await work.until(() => work.pending.length > 0, 1);
      await work.clock.advance(10);
      expect(work.pending).toHaveLength(1);
      work.pending[0]?.answer({});
    }
    await work.until(isOver(work, "batch_0001"));
    await stopped(work, runner);
  });
});

describe("answers that say later", () => {
  test.each([429, 503])("%p: it is asked again, after a while, until there is an answer", async (status) => {
    const work = createFakeWork((_, nth) => (nth < 4 ? { status } : {}));
    const id = await work.add(1, ids(1));
    const runner = start(work);
    await work.until(isOver(work, id));
    expect(work.asked).toHaveLength(4);
    expect((await work.batch(id)).counts).toEqual({ total: 1, completed: 1, failed: 0 });
    await stopped(work, runner);
  });

  test("waits are spread over a range that doubles up to its ceiling", async () => {
    const work = createFakeWork(() => ({ status: 429 }));
    const at: number[] = [];
    await work.add(1, ids(1));
    const ports = work.ports({ random: () => 0.5 });
    const runner = startBatchRunner({
      ...ports,
      infer: (...call) => {
        at.push(work.clock.now());
        return ports.infer(...call);
      },
    });
    await work.until(isOver(work, "batch_0001"), 100);
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, ...Array(6).fill(30_000)]);
    await stopped(work, runner);
  });

  test("a stated Retry-After is kept, within reason", async () => {
    const wishes = [7_000, 10 * DAY_MS];
    const work = createFakeWork((_, nth) =>
      nth <= wishes.length ? { status: 429, retryAfterMs: wishes[nth - 1] ?? null } : {},
    );
    const id = await work.add(1, ids(1));
    const runner = start(work, { random: () => 0 });
    await work.clock.advance(6_999);
    expect(work.asked).toHaveLength(1);
    await work.clock.advance(1);
    expect(work.asked).toHaveLength(2);
    await work.until(isOver(work, id), 1_000);
    expect(work.clock.now() - 1_700_000_000_000).toBeLessThan(
      7_000 + DEFAULT_WORK_LIMITS.retryAfterMaxMs + 10_000,
    );
    await stopped(work, runner);
  });

  test("after too many the last one stands, among the errors", async () => {
    const work = createFakeWork(() => ({ status: 429, body: { error: { code: "rate_limited" } } }));
    const id = await work.add(1, ids(1));
    const runner = start(work, { bounds: { retries: 3 } });
    await work.until(isOver(work, id));
    expect(work.asked).toHaveLength(4);
    expect(await work.errors(id)).toMatchObject([{ response: { status_code: 429 }, error: null }]);
    expect((await work.batch(id)).counts).toEqual({ total: 1, completed: 0, failed: 1 });
    await stopped(work, runner);
  });

  test("while a throttled batch waits, another one goes on", async () => {
    const work = createFakeWork((id) => (id.startsWith("slow") ? { status: 429, retryAfterMs: 60_000 } : {}));
    await work.add(1, ids(20, "slow-"));
    const other = await work.add(2, ids(50, "quick-"), { caller: globex });
    const runner = start(work);
    await work.until(isOver(work, other), 10);
    expect(work.clock.now() - 1_700_000_000_000).toBeLessThan(5_000);
    expect(work.asked.filter((id) => id.startsWith("slow"))).toHaveLength(8);
    await stopped(work, runner);
  });

  test.each([400, 401, 404, 500, 502, 504])("%p is an answer, and stands", async (status) => {
    const work = createFakeWork(() => ({ status }));
    const id = await work.add(1, ids(1));
    const runner = start(work);
    await work.until(isOver(work, id));
    expect(work.asked).toHaveLength(1);
    expect(await work.errors(id)).toMatchObject([{ response: { status_code: status } }]);
    await stopped(work, runner);
  });

  test("a defect of the gateway is reported, and the request ends with an error of its own", async () => {
    const work = createFakeWork(null);
    const id = await work.add(1, ids(2));
    const runner = start(work);
    await work.until(() => work.pending.length === 2, 1);
    const thrown = new Error("defect");
    work.pending[0]?.fail(thrown);
    work.pending[0]?.answer({});
    await work.until(isOver(work, id));
    expect(work.reports).toEqual([{ batchId: id, thrown }]);
    expect(await work.errors(id)).toMatchObject([
      { custom_id: "r0", response: null, error: { code: "internal_error" } },
    ]);
    expect((await work.batch(id)).counts).toEqual({ total: 2, completed: 1, failed: 1 });
    await stopped(work, runner);
  });
});
