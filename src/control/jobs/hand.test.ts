import { describe, expect, test } from "bun:test";
import type { JobSettings } from "../../core/job-settings.ts";
import type { JobOrder } from "../../core/jobs.ts";
import type { Delivery } from "../../store/job-queue.ts";
import { createHand } from "./hand.ts";
import { type Held, hold } from "./held.ts";

function held(id: string, useCase: string, change: Partial<JobOrder> = {}, since = 0): Held {
  const order = {
    id,
    useCase,
    endpoint: "/v1/chat/completions",
    body: {},
    headers: {},
    ...change,
  } as JobOrder;
  const delivery = {
    id,
    group: useCase,
    body: "x".repeat(10),
    receipt: id,
    attempts: 1,
    sentAt: 0,
  } as Delivery;
  return hold(delivery, order, { expiresAt: 1e9, since, heldUntil: 1e9 });
}

const plain: JobSettings = { concurrency: 1, maxAttempts: 5, microBatch: null };
const batched: JobSettings = { concurrency: 2, maxAttempts: 5, microBatch: { max: 3, waitMs: 100 } };
const ids = (chosen: readonly Held[] | null) => chosen?.map(({ order }) => order.id) ?? null;

describe("turns", () => {
  test("go round the use cases that may run one more", () => {
    const hand = createHand((useCase) => ({ ...plain, concurrency: useCase === "a" ? 3 : 1 }));
    for (const n of [1, 2, 3, 4]) hand.add(held(`a${n}`, "a"));
    for (const n of [1, 2]) hand.add(held(`b${n}`, "b"));
    expect([1, 2, 3, 4].map(() => ids(hand.next(0)))).toEqual([["a1"], ["b1"], ["a2"], ["a3"]]);
    expect(hand.next(0)).toBeNull();
    hand.done("b");
    expect(ids(hand.next(0))).toEqual(["b2"]);
    hand.done("a");
    expect(ids(hand.next(0))).toEqual(["a4"]);
    for (const useCase of ["a", "a", "a", "b"]) hand.done(useCase);
    expect([hand.running("a"), hand.running("b")]).toEqual([0, 0]);
  });

  test("a use case keeps a few waiting, and what is dropped is not given out", () => {
    const hand = createHand(() => plain);
    const [first, second] = [held("a1", "a"), held("a2", "a")];
    hand.add(first);
    expect(hand.hasRoom("a")).toBe(true);
    hand.add(second);
    expect([hand.hasRoom("a"), hand.hasRoom("b")]).toEqual([false, true]);
    expect([hand.drop(first), hand.drop(first)]).toEqual([true, false]);
    expect(ids(hand.next(0))).toEqual(["a2"]);
  });
});

describe("company", () => {
  const embedding = (id: string, input: unknown, since = 0, change: Partial<JobOrder> = {}) =>
    held(
      id,
      "v",
      { endpoint: "/v1/embeddings", keyId: "k", tenant: "t", body: { model: "v", input }, ...change },
      since,
    );

  test("is waited for, and no longer than is allowed", () => {
    const hand = createHand(() => batched);
    hand.add(embedding("v1", "a", 0));
    hand.add(embedding("v2", "b", 60));
    expect([hand.next(99), hand.nextIn(99), hand.nextIn(40)]).toEqual([null, 1, 60]);
    expect(ids(hand.next(100))).toEqual(["v1", "v2"]);
    expect(hand.nextIn(100)).toBeNull();
  });

  test("is complete at its bound, and leaves the rest for the next", () => {
    const hand = createHand(() => batched);
    for (const n of [1, 2, 3, 4]) hand.add(embedding(`v${n}`, "a", 50));
    expect([ids(hand.next(50)), ids(hand.next(50))]).toEqual([["v1", "v2", "v3"], null]);
  });

  test("has the same key, parameters and kind of input", () => {
    const hand = createHand(() => ({ ...batched, concurrency: 9, microBatch: { max: 9, waitMs: 0 } }));
    hand.add(embedding("v1", "a"));
    hand.add(embedding("other key", "a", 0, { keyId: "other" }));
    hand.add(embedding("tokens", [1, 2]));
    hand.add(embedding("v2", ["b", "c"], 0, { body: { input: ["b", "c"], model: "v" } }));
    hand.add(embedding("small", "a", 0, { body: { model: "v", input: "a", dimensions: 8 } }));
    hand.add(embedding("here", "a", 0, { headers: { "x-pointsman-residency": "eu-*" } }));
    hand.add(held("chat", "v"));
    const all = Array.from({ length: 6 }, () => ids(hand.next(0)));
    expect(all.toSorted()).toEqual([["chat"], ["here"], ["other key"], ["small"], ["tokens"], ["v1", "v2"]]);
  });

  test("stays within the wire's inputs", () => {
    const hand = createHand(() => ({ ...batched, microBatch: { max: 9, waitMs: 100 } }));
    hand.add(embedding("v1", Array(1500).fill("a")));
    hand.add(embedding("v2", Array(1000).fill("a")));
    expect(ids(hand.next(0))).toEqual(["v1"]);
    expect(hand.next(0)).toBeNull();
  });
});
