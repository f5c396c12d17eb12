import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../../core/fake-clock.ts";
import { fakeSource, saying } from "./fake-source.ts";
import { createSourcePoller, type PollPace } from "./poll-source.ts";
import type { Fetched, SourceStatus } from "./source.ts";

const PACE: PollPace = {
  intervalMs: 30_000,
  jitter: 0.1,
  firstBackoffMs: 1_000,
  maxBackoffMs: 300_000,
  limitMs: 10_000,
};
const FAILED: Fetched = { result: "failed", problem: "It is down." };

function setUp(pace: PollPace = PACE, random = () => 0.5) {
  const clock = new FakeClock();
  const source = fakeSource();
  const offered: string[] = [];
  const statuses: SourceStatus[] = [];
  let taking: Promise<void> = Promise.resolve();
  const poller = createSourcePoller(source, pace, {
    clock,
    random,
    onTexts: async ({ texts }) => {
      offered.push(texts.map(({ text }) => text).join());
      await taking;
    },
    onStatus: (status) => void statuses.push(status),
  });
  return {
    clock,
    source,
    poller,
    offered,
    statuses,
    take: (how: Promise<void>) => {
      taking = how;
    },
  };
}

describe("the first question", () => {
  test("gives the texts, and the same texts later are no change", async () => {
    const { clock, source, poller, offered } = setUp();
    source.says(saying("a"));
    expect(await poller.first(10_000)).toEqual({
      texts: [{ file: "policy.yaml", text: "a" }],
      problem: null,
    });
    poller.start();
    await clock.advance(90_000);
    expect(offered).toEqual([]);
    source.says(saying("b"));
    await clock.advance(30_000);
    expect(offered).toEqual(["b"]);
    poller.stop();
    expect(clock.pending).toBe(0);
  });

  test("of the store each state is told, one with the texts of before, too", async () => {
    const { clock, source, poller, offered } = setUp();
    const state = (revision: number): Fetched => {
      const head = { revision, at: 0, actor: "ops", note: null, documents: { "": "a" } };
      return { result: "texts", texts: [{ file: "policy.yaml", text: "a" }], revision: `${revision}`, head };
    };
    source.says(state(1));
    await poller.first(10_000);
    poller.start();
    await clock.advance(30_000);
    expect(offered).toEqual([]);
    source.says(state(3));
    await clock.advance(60_000);
    expect(offered).toEqual(["a"]);
    poller.stop();
  });

  test("fails with the source's problem, or after its time", async () => {
    const { clock, source, poller } = setUp();
    source.says(FAILED);
    expect(await poller.first(10_000)).toEqual({ texts: null, problem: "It is down." });
    source.says(new Promise(() => {}));
    const asked = poller.first(3_000);
    await clock.advance(3_000);
    expect(await asked).toEqual({ texts: null, problem: "It did not answer within 3 s." });
  });

  test("a source that throws is a source that failed", async () => {
    const { source, poller } = setUp();
    source.says(Promise.reject(new Error("with a secret")));
    const first = await poller.first(1_000);
    expect(first.texts).toBeNull();
    expect(first.problem).not.toContain("secret");
  });
});

describe("when it asks", () => {
  test.each([
    [0, 27_000],
    [0.5, 30_000],
    [0.999_999, 33_000],
  ])("chance %p: after about %p ms", async (chance, expected) => {
    const { clock, source, poller } = setUp(PACE, () => chance);
    source.says(saying("a"));
    await poller.first(1_000);
    poller.start();
    await clock.advance(expected - 50);
    expect(source.asked).toBe(1);
    await clock.advance(51);
    expect(source.asked).toBe(2);
    poller.stop();
  });

  test("a time that the source names is kept, and never undercut", async () => {
    const { clock, source, poller } = setUp(PACE, () => 0);
    source.says({ ...saying("a"), nextMs: 60_000 } as Fetched);
    await poller.first(1_000);
    poller.start();
    await clock.advance(59_999);
    expect(source.asked).toBe(1);
    await clock.advance(1);
    expect(source.asked).toBe(2);
    poller.stop();
  });

  test("failures: 1 s, doubling to 5 min, half of it chance; an answer ends that", async () => {
    const { clock, source, poller, statuses } = setUp(PACE, () => 1);
    source.says(FAILED);
    await poller.first(1_000);
    poller.start();
    const gaps: number[] = [];
    for (let before = clock.now(); gaps.length < 11; ) {
      const { asked } = source;
      while (source.asked === asked) await clock.advance(500);
      gaps.push((clock.now() - before) / 1000);
      before = clock.now();
    }
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(statuses.at(-1)).toMatchObject({ ok: false, failures: 12 });
    source.says(saying("a"));
    await clock.advance(300_000);
    expect(statuses.at(-1)).toMatchObject({ ok: true, failures: 0 });
    poller.stop();
  });

  test("a source that asks for patience gets it, up to the longest pause", async () => {
    const { clock, source, poller } = setUp();
    source.says({ result: "failed", problem: "Busy.", retryAfterMs: 90_000 });
    await poller.first(1_000);
    poller.start();
    await clock.advance(89_999);
    expect(source.asked).toBe(1);
    await clock.advance(1);
    expect(source.asked).toBe(2);
    source.says({ result: "failed", problem: "Busy.", retryAfterMs: 86_400_000 });
    await clock.advance(90_000);
    expect(source.asked).toBe(3);
    await clock.advance(300_000);
    expect(source.asked).toBe(4);
    poller.stop();
  });

  test("what cannot be asked cheaply often enough: no pause grows where none should", async () => {
    const pace = { ...PACE, intervalMs: 250, jitter: 0, firstBackoffMs: 250, maxBackoffMs: 250 };
    const { clock, source, poller } = setUp(pace);
    source.says(FAILED);
    await poller.first(1_000);
    poller.start();
    await clock.advance(2_500);
    expect(source.asked).toBe(11);
    poller.stop();
  });
});

describe("one at a time", () => {
  test("a question that is late is given up, and none is put beside it while it hangs", async () => {
    const { clock, source, poller, offered, statuses } = setUp();
    source.says(saying("a"));
    await poller.first(1_000);
    poller.start();
    let answer = (_: Fetched): void => {};
    source.says(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    await clock.advance(120_000);
    expect(source.asked).toBe(2);
    expect(source.atOnce).toBe(1);
    expect(statuses.at(-1)?.lastError?.message).toContain("still without an answer");
    // What it says in the end is old news: it was given up.
    answer(saying("late"));
    source.says(saying("b"));
    await clock.advance(300_000);
    expect(offered).toEqual(["b"]);
    poller.stop();
  });

  test("while a change is being taken, nothing is asked", async () => {
    const { clock, source, poller, take } = setUp();
    source.says(saying("a"));
    await poller.first(1_000);
    poller.start();
    let taken = (): void => {};
    take(
      new Promise((resolve) => {
        taken = resolve;
      }),
    );
    source.says(saying("b"));
    await clock.advance(300_000);
    expect(source.asked).toBe(2);
    taken();
    await clock.advance(30_000);
    expect(source.asked).toBe(3);
    poller.stop();
  });

  test("stop gives up at once; an answer that comes later changes nothing", async () => {
    const { clock, source, poller, offered, statuses } = setUp();
    source.says(saying("a"));
    await poller.first(1_000);
    poller.start();
    let answer = (_: Fetched): void => {};
    source.says(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    await clock.advance(30_000);
    const told = statuses.length;
    poller.stop();
    expect(clock.pending).toBe(0);
    answer(saying("b"));
    await clock.advance(600_000);
    expect(offered).toEqual([]);
    expect(statuses.length).toBe(told);
    expect(source.asked).toBe(2);
  });
});

test("the status tells when it answered last, what went wrong last, and its revision", async () => {
  const { clock, source, poller } = setUp();
  expect(poller.status()).toMatchObject({ kind: "https", ok: false, lastOkAt: null, lastError: null });
  source.says({ ...saying("a"), revision: "v7" } as Fetched);
  await poller.first(1_000);
  const answeredAt = clock.now();
  poller.start();
  source.says(FAILED);
  await clock.advance(30_000);
  expect(poller.status()).toEqual({
    kind: "https",
    address: "https://policies.example/policy.yaml",
    ok: false,
    lastOkAt: answeredAt,
    lastError: { at: answeredAt + 30_000, message: "It is down." },
    failures: 1,
    revision: "v7",
  });
  poller.stop();
});
