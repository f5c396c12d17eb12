/** Many jobs at once: bounds, turns, and embeddings that share a request. */
import { describe, expect, test } from "bun:test";
import type { Decision } from "../../core/decision.ts";
import { decisionWith, idOf } from "./fake-jobs.ts";
import { fakeRunners } from "./fake-runners.ts";

const fakes = fakeRunners();
const { asked, is, start, status } = fakes;

describe("many", () => {
  test("a use case runs as many as it may; those that are put back count as no try", async () => {
    for (let n = 1; n <= 40; n++) await fakes.work.submit(n);
    start();
    let most = 0;
    const done = new Set<unknown>();
    await fakes.work.until(async () => {
      const open = fakes.work.pending.filter((ask) => !done.has(ask));
      most = Math.max(most, open.length);
      const [first] = open;
      if (first) {
        done.add(first);
        first.answer();
      }
      return fakes.work.ended.length === 40;
    }, 50);
    expect(most).toBe(2);
    expect(
      (await fakes.work.store.jobs.list({ tenant: null, limit: 50 })).jobs.map(({ attempts }) => attempts),
    ).toEqual(Array.from({ length: 40 }, () => 1));
  });

  test("under the bound of all, a flood takes no more than its turn", async () => {
    fakes.work.concurrency = 1;
    for (let n = 1; n <= 30; n++) await fakes.work.submit(n);
    await fakes.work.submit(99, { useCase: "other" });
    start();
    await asked(1);
    for (let n = 0; n < 3; n++) {
      fakes.work.pending.at(-1)?.answer();
      await asked(n + 2);
    }
    expect(await status(99)).not.toBe("queued");
  });

  test("jobs of a use case that left the policy are asked for all the same, and refused by the path", async () => {
    fakes.work.settings.delete("chat");
    await fakes.work.submit(1);
    start();
    await asked(1);
    fakes.work.pending[0]?.answer({
      status: 404,
      body: { error: { code: "model_not_found", message: "Gone." } },
    });
    await is(1, "failed");
    expect(await fakes.work.job(1)).toMatchObject({ dead: false, fault: { code: "model_not_found" } });
  });
});

describe("embeddings together", () => {
  const vectors = (input: unknown) =>
    ({ useCase: "vectors", endpoint: "/v1/embeddings", body: { model: "vectors", input } }) as const;
  const answerTo = (inputs: readonly string[]) => ({
    body: {
      object: "list",
      data: inputs.map((input, index) => ({ index, embedding: [input.length] })),
      usage: { prompt_tokens: 100, total_tokens: 100 },
    },
  });

  test("go out when they are as many as may be, or when the first has waited", async () => {
    for (const n of [1, 2, 3, 4]) await fakes.work.submit(n, vectors(`text ${n}`));
    start();
    await asked(1);
    expect(fakes.work.pending[0]?.body.input).toEqual(["text 1", "text 2", "text 3"]);
    expect(fakes.work.pending).toHaveLength(1);
    await fakes.work.clock.advance(60);
    await asked(2);
    expect(fakes.work.pending[1]?.body.input).toBe("text 4");
    fakes.work.pending[0]?.answer(answerTo(["text 1", "text 2", "text 3"]));
    await is(3, "succeeded");
    const results = await Promise.all([1, 2, 3].map((n) => fakes.work.store.jobs.result(idOf(n))));
    const tokens = results.map((result) => JSON.parse(result ?? "").usage.total_tokens);
    expect(tokens.toSorted()).toEqual([33, 33, 34]);
  });

  test("an outage is everybody's; a refusal is looked into one by one", async () => {
    for (const n of [1, 2, 3]) await fakes.work.submit(n, vectors(`text ${n}`));
    start();
    await asked(1);
    fakes.work.pending[0]?.answer({ status: 503 });
    await is(3, "retrying");
    expect(fakes.work.pending).toHaveLength(1);
    await asked(2);
    const seen = () => fakes.work.pending.slice(1).flatMap(({ body }) => [body.input].flat());
    fakes.work.pending[1]?.answer({ status: 400 });
    let answered = 2;
    await fakes.work.until(async () => {
      const ask = fakes.work.pending[answered];
      if (ask) {
        answered++;
        ask.answer(ask.body.input === "text 2" ? { status: 400 } : answerTo([String(ask.body.input)]));
      }
      return fakes.work.ended.length === 3;
    });
    expect(await Promise.all([1, 2, 3].map(status))).toEqual(["succeeded", "failed", "succeeded"]);
    expect(seen()).toContain("text 2");
  });

  test("an answer that a model gave and nobody could use is looked into one by one", async () => {
    for (const n of [1, 2, 3]) await fakes.work.submit(n, vectors(`text ${n}`));
    start();
    await asked(1);
    const malformed = { kind: "malformed", code: "wrong_vectors" } as const;
    const attempts = [{ fault: malformed }, { fault: { kind: "outage", code: "provider_error" } }];
    const decision = decisionWith({
      fault: { kind: "exhausted", code: "all_attempts_failed" },
      attempts: attempts as unknown as Decision["attempts"],
    });
    fakes.work.pending[0]?.answer({ status: 503, decision });
    for (const n of [1, 2, 3]) {
      await asked(n + 1);
      const ask = fakes.work.pending[n];
      expect(ask?.body.input).toBe(`text ${n}`);
      ask?.answer(answerTo([`text ${n}`]));
      await is(n, "succeeded");
    }
    expect((await fakes.work.job(1)).attempts).toBe(1);
  });

  test("one that is cancelled leaves the others their request", async () => {
    for (const n of [1, 2, 3]) await fakes.work.submit(n, vectors(`text ${n}`));
    const runner = start();
    await asked(1);
    const end = {
      at: fakes.work.clock.now(),
      fault: null,
      answer: null,
      result: null,
      tell: true,
      messageId: "m",
    };
    await fakes.work.store.jobs.conclude(idOf(2), { ...end, status: "cancelled", dead: false });
    runner.cancelled(idOf(2));
    expect(fakes.work.pending[0]?.signal.aborted).toBe(false);
    fakes.work.pending[0]?.answer(answerTo(["a", "b", "c"]));
    await is(3, "succeeded");
    expect(await status(2)).toBe("cancelled");
  });
});
