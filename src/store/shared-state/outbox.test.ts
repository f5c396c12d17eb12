import { describe, expect, test } from "bun:test";
import type { FleetNews } from "../../resilience/shared-state.ts";
import { decodeNews, encodeNews } from "./news-codec.ts";
import { createOutbox } from "./outbox.ts";

const opened = (deployment: string, at: number, forMs: number | null = 5000): FleetNews => ({
  kind: "opened",
  deployment,
  stamp: { at, origin: "a" },
  reason: "failures",
  forMs,
  openMs: 5000,
  probingMs: 10_000,
});
const cooling = (forMs: number): FleetNews => ({ kind: "cooling", quotaGroup: "q", forMs });
const closed: FleetNews = { kind: "closed", deployment: "x", stamp: { at: 9, origin: "a" }, ordered: true };

describe("news that waits to be told", () => {
  test("is replaced by newer news of the same subject, and of no other", () => {
    const outbox = createOutbox();
    outbox.put(opened("x", 1), 0);
    outbox.put(opened("y", 2), 0);
    outbox.put(opened("x", 3), 0);
    outbox.put(closed, 0);
    expect(outbox.take(0)).toEqual([opened("y", 2), opened("x", 3), closed]);
    expect(outbox.size).toBe(0);
  });

  test("grows shorter while it waits, and never less than nothing", () => {
    const outbox = createOutbox();
    outbox.put(opened("x", 1, 5000), 1000);
    outbox.put(opened("y", 1, null), 1000);
    outbox.put(opened("z", 1, 500), 1000);
    outbox.put(cooling(2500), 1000);
    expect(outbox.take(3000)).toEqual([
      opened("x", 1, 3000),
      opened("y", 1, null),
      opened("z", 1, 0),
      cooling(500),
    ]);
  });

  test("is not told where it is a cooldown that has run out, but where it is that one was ended", () => {
    const outbox = createOutbox();
    outbox.put(cooling(2000), 0);
    expect(outbox.take(10_000)).toEqual([]);
    outbox.put(cooling(0), 0);
    const taken = outbox.take(10_000);
    expect(taken).toEqual([cooling(0)]);
    outbox.giveBack(taken, 10_000);
    expect(outbox.take(20_000)).toEqual([cooling(0)]);
  });

  test("that could not be told waits on, unless something newer came", () => {
    const outbox = createOutbox();
    outbox.put(opened("x", 1), 0);
    outbox.put(opened("y", 1), 0);
    const taken = outbox.take(0);
    outbox.put(opened("x", 2), 0);
    outbox.giveBack(taken, 0);
    expect(outbox.take(0)).toEqual([opened("x", 2), opened("y", 1)]);
  });

  test("is bounded: the oldest subject is dropped", () => {
    const outbox = createOutbox();
    for (let count = 0; count < 5000; count++) outbox.put(opened(`d${count}`, count), 0);
    expect(outbox.size).toBe(1000);
    expect(outbox.take(0).at(-1)).toEqual(opened("d4999", 4999));
  });
});

describe("news as text", () => {
  test.each([
    opened("x", 1),
    opened("x", 1, null),
    closed,
    { kind: "cooling", quotaGroup: "a/b", forMs: 7 } as const,
  ])("%p comes back as it was", (news) => expect(decodeNews(encodeNews(news))).toEqual(news));

  test.each([
    "",
    "null",
    "[]",
    '{"kind":"other"}',
    '{"kind":"opened","deployment":"x"}',
    encodeNews(opened("x", 1)).replace('"failures"', '"because"'),
    encodeNews(opened("x", 1)).replace('"forMs":5000', '"forMs":-1'),
    encodeNews(opened("x", 1)).replace('"at":1', '"at":"1"'),
    '{"kind":"cooling","quotaGroup":7,"forMs":1}',
  ])("%p is no news", (text) => expect(decodeNews(text)).toBeNull());

  test("no duration is longer than a day", () => {
    expect(decodeNews('{"kind":"cooling","quotaGroup":"q","forMs":1e12}')).toMatchObject({
      forMs: 86_400_000,
    });
  });
});
