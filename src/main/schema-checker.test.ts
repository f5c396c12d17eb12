import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Clock } from "../core/clock.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { type CheckerEvents, createSchemaChecker, type SchemaQuestion } from "./schema-checker.ts";
import { systemClock } from "./system.ts";

// Real processes start when a busy machine lets them: a bound for what hangs, and no measure of anything.
setDefaultTimeout(60_000);

const FITS = [{ type: "fits", at: 0 }] as const;
const SCHEMA = { type: "number" };
const ONE = [["1"]];

/** The real one, for machines that have other things to do: nothing has waited, and limits are four times as long. */
const PATIENT: Clock = {
  now: () => 0,
  wall: () => 0,
  after: (delayMs, callback) => systemClock().after(delayMs * 4, callback),
};

interface FakeLife {
  readonly events: CheckerEvents;
  readonly asked: SchemaQuestion[];
  ended: boolean;
}

/** Processes that say what a test says. */
function fakeProcesses() {
  const clock = new FakeClock();
  const started: FakeLife[] = [];
  const checker = createSchemaChecker(clock, (events) => {
    const life: FakeLife = { events, asked: [], ended: false };
    started.push(life);
    return {
      send: (question) => void life.asked.push(question),
      kill() {
        life.ended = true;
      },
    };
  });
  return { checker, started, clock };
}

describe("a real process", () => {
  test("judges, also by patterns, and says nothing of what it cannot run", async () => {
    const checker = createSchemaChecker(PATIENT);
    const schema = { type: "string", pattern: "^a+$" };
    const answers = await Promise.all([
      checker.judge(schema, [['"b"', '"aa"'], ['"a"']]),
      checker.judge(schema, [['"b"']]),
      checker.judge({ pattern: "(?i)a" }, [['"a"']]),
      checker.judge({ $ref: "https://example.invalid/x.json" }, ONE),
      checker.judge({ $ref: "#" }, ONE),
      checker.judge(schema, [['"aaa"']]),
    ]);
    expect(answers).toEqual([
      [
        { type: "fits", at: 1 },
        { type: "fits", at: 0 },
      ],
      [{ type: "violates", keyword: "pattern", where: "#" }],
      null,
      null,
      null,
      FITS,
    ]);
    checker.stop();
  });

  test("is ended within an expression that does not come to an end, and what waited is checked", async () => {
    const checker = createSchemaChecker(PATIENT);
    const endless = { pattern: "a*a*a*a*a*b" };
    const first = checker.judge(endless, [[JSON.stringify("a".repeat(5_000))]]);
    const second = checker.judge(SCHEMA, ONE);
    expect(await first).toBeNull();
    expect(await second).toEqual(FITS);
    checker.stop();
  });
});

test("starts with the first check, runs one at a time, and ends when nobody asks", async () => {
  const { checker, started, clock } = fakeProcesses();
  expect(started).toHaveLength(0);
  const answers = [checker.judge(SCHEMA, ONE), checker.judge(SCHEMA, [["2"]])];
  expect(started).toHaveLength(1);
  expect(started[0]?.asked).toEqual([{ schema: '{"type":"number"}', choices: ONE }]);
  started[0]?.events.said("ready");
  started[0]?.events.said(FITS);
  expect(started[0]?.asked).toHaveLength(2);
  started[0]?.events.said(null);
  expect(await Promise.all(answers)).toEqual([FITS, null]);
  await clock.advance(61_000);
  expect(started[0]?.ended).toBeTrue();
  void checker.judge(SCHEMA, ONE);
  expect(started).toHaveLength(2);
  checker.stop();
  expect(started[1]?.ended).toBeTrue();
  expect(clock.pending).toBe(0);
});

test("a check that takes too long has no answer; the next one has a new process and its own limit", async () => {
  const { checker, started, clock } = fakeProcesses();
  const first = checker.judge(SCHEMA, ONE);
  const second = checker.judge(SCHEMA, ONE);
  // Starting is not the check's own time.
  await clock.advance(400);
  started[0]?.events.said("ready");
  await clock.advance(240);
  expect(started[0]?.ended).toBeFalse();
  await clock.advance(20);
  expect(started[0]?.ended).toBeTrue();
  expect(await first).toBeNull();
  started[0]?.events.said(FITS);
  started[0]?.events.ended();
  await clock.advance(200);
  started[1]?.events.said("ready");
  started[1]?.events.said(FITS);
  expect(await second).toEqual(FITS);
  checker.stop();
});

test("what waited too long, or finds too many waiting, has no answer", async () => {
  const { checker, started, clock } = fakeProcesses();
  const answers = Array.from({ length: 65 }, () => checker.judge(SCHEMA, ONE));
  expect(await checker.judge(SCHEMA, ONE)).toBeNull();
  started[0]?.events.said("ready");
  await clock.advance(200);
  started[0]?.events.said(FITS);
  await clock.advance(3_000);
  expect(await Promise.all(answers)).toEqual([FITS, ...Array.from({ length: 64 }, () => null)]);
  checker.stop();
});

test("what is longer than may be sent, or cannot be written, has no answer", async () => {
  const { checker, started } = fakeProcesses();
  const endless: { not?: object } = {};
  endless.not = endless;
  expect(await checker.judge(SCHEMA, [["1".repeat(5 * 1024 * 1024)]])).toBeNull();
  expect(await checker.judge(endless, ONE)).toBeNull();
  expect(started).toHaveLength(0);
});

test("a process that does not start is not tried again at once", async () => {
  const { checker, started, clock } = fakeProcesses();
  const first = checker.judge(SCHEMA, ONE);
  const second = checker.judge(SCHEMA, ONE);
  started[0]?.events.ended();
  expect(await Promise.all([first, second, checker.judge(SCHEMA, ONE)])).toEqual([null, null, null]);
  expect(started).toHaveLength(1);
  await clock.advance(6_000);
  void checker.judge(SCHEMA, ONE);
  expect(started).toHaveLength(2);
  checker.stop();
});

test("one that is stopped answers nobody any more", async () => {
  const { checker, started } = fakeProcesses();
  const answers = [checker.judge(SCHEMA, ONE), checker.judge(SCHEMA, ONE)];
  checker.stop();
  expect(await Promise.all([...answers, checker.judge(SCHEMA, ONE)])).toEqual([null, null, null]);
  expect(started).toHaveLength(1);
});
