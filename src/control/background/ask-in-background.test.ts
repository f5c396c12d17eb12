import { beforeEach, expect, test } from "bun:test";
import { askInBackground } from "./ask-in-background.ts";
import type { InferAnswer } from "./infer.ts";

const ANSWER: InferAnswer = { status: 200, requestId: "req_1", body: {} };

let wanted: AbortController;
let asked: AbortSignal[];
let call: PromiseWithResolvers<InferAnswer>;
let reports: unknown[];

beforeEach(() => {
  wanted = new AbortController();
  asked = [];
  call = Promise.withResolvers();
  reports = [];
});

const ask = () =>
  askInBackground(
    wanted.signal,
    (signal) => {
      asked.push(signal);
      return call.promise;
    },
    (thrown) => void reports.push(thrown),
  );

test("an answer is handed on", async () => {
  const outcome = ask();
  call.resolve(ANSWER);
  expect(await outcome).toBe(ANSWER);
  expect(asked).toEqual([wanted.signal]);
});

test("what the gateway fails on is broken, and reported", async () => {
  const outcome = ask();
  call.reject("a defect");
  expect(await outcome).toBe("broken");
  expect(reports).toEqual(["a defect"]);
});

test("one that nobody wants any more is not waited for, and what comes of it later is not told", async () => {
  const outcome = ask();
  wanted.abort();
  expect(await outcome).toBe("unwanted");
  call.reject("too late");
  await call.promise.catch(() => undefined);
  expect(reports).toEqual([]);
});

test("one that was never wanted is not made", async () => {
  wanted.abort();
  expect(await ask()).toBe("unwanted");
  expect(asked).toEqual([]);
});
