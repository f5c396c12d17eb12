import { describe, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import { fault } from "../core/faults.ts";
import { Watchdog } from "./watchdog.ts";

const timeouts = { connect: 100, firstToken: 500, idle: 200, total: 1000 };
const limits = {
  timeouts,
  committedTotalMs: 3000,
  callerSignal: null,
  canConnect: () => Promise.resolve(true),
};

describe("watchdog", () => {
  test("a stream that says nothing is ended at the first-token limit, whatever is not content", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    await clock.advance(400);
    watchdog.touch(false);
    await clock.advance(99);
    expect(watchdog.fault).toBeNull();
    await clock.advance(1);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "first_token_timeout" });
    expect(watchdog.signal.aborted).toBe(true);
  });

  test("a stream that falls silent is ended after the idle limit, counted from its last event", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    await clock.advance(400);
    watchdog.touch(true);
    for (let i = 0; i < 3; i++) {
      await clock.advance(199);
      watchdog.touch(true);
    }
    expect(watchdog.fault).toBeNull();
    await clock.advance(200);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "idle_timeout" });
  });

  test("a stream that is alive without content has three times the idle limit, and no more", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    watchdog.touch(true);
    for (let elapsed = 0; elapsed < 500; elapsed += 100) {
      await clock.advance(100);
      watchdog.touch(false);
    }
    await clock.advance(99);
    expect(watchdog.fault).toBeNull();
    await clock.advance(1);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "idle_timeout" });
  });

  test("a stream whose answer is all there is not waited for as long as one that may say more", async () => {
    const clock = new FakeClock();
    const patient = { ...limits, timeouts: { ...timeouts, idle: 60_000, total: 90_000 } };
    const watchdog = new Watchdog(clock, patient, true);
    watchdog.touch(true);
    watchdog.complete();
    await clock.advance(1_999);
    expect(watchdog.fault).toBeNull();
    watchdog.touch(true);
    await clock.advance(50_000);
    expect(watchdog.fault).toBeNull();
    watchdog.complete();
    await clock.advance(2_000);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "idle_timeout" });
  });

  test("one that was alive and falls silent is ended after the idle limit, and content begins anew", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    watchdog.touch(true);
    await clock.advance(150);
    watchdog.touch(false);
    await clock.advance(150);
    watchdog.touch(true);
    for (let elapsed = 0; elapsed < 450; elapsed += 150) {
      await clock.advance(150);
      watchdog.touch(false);
    }
    expect(watchdog.fault).toBeNull();
    await clock.advance(150);
    expect(watchdog.fault).toMatchObject({ code: "idle_timeout" });
  });

  test("once content has come, a stream may use the time that was held back for later rungs", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    for (let elapsed = 0; elapsed < 2900; elapsed += 100) {
      await clock.advance(100);
      watchdog.touch(true);
    }
    expect(watchdog.fault).toBeNull();
    await clock.advance(100);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "total_timeout" });
  });

  test("a whole answer has the total limit alone", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, false);
    await clock.advance(999);
    expect(watchdog.fault).toBeNull();
    await clock.advance(1);
    expect(watchdog.fault).toMatchObject({ kind: "timeout", code: "total_timeout" });
  });

  test("an endpoint that is silent and cannot be reached is given up before any other limit", async () => {
    const clock = new FakeClock();
    const asked: number[] = [];
    const canConnect = (withinMs: number) => {
      asked.push(withinMs);
      return Promise.resolve(false);
    };
    const watchdog = new Watchdog(clock, { ...limits, canConnect }, false);
    await clock.advance(49);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toEqual([50]);
    expect(watchdog.fault).toMatchObject({ kind: "outage", code: "connect_timeout" });
  });

  test("an endpoint that has answered, or that can be reached, is not doubted", async () => {
    const clock = new FakeClock();
    const unreachable = { ...limits, canConnect: () => Promise.resolve(false) };
    const answered = new Watchdog(clock, unreachable, false);
    answered.answered();
    const reachable = new Watchdog(clock, limits, false);
    await clock.advance(900);
    expect(answered.fault).toBeNull();
    expect(reachable.fault).toBeNull();
  });

  test("the caller's leaving aborts the call within half a second, or before it begins", async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const watchdog = new Watchdog(clock, { ...limits, callerSignal: caller.signal }, true);
    caller.abort();
    await clock.advance(500);
    expect(watchdog.fault?.kind).toBe("cancelled");
    expect(new Watchdog(clock, { ...limits, callerSignal: AbortSignal.abort() }, true).signal.aborted).toBe(
      true,
    );
    expect(clock.pending).toBe(0);
  });

  test("a call that is not needed any more is ended at once, and one that is over has nothing that listens", () => {
    const clock = new FakeClock();
    const end = new AbortController();
    const ended = new Watchdog(clock, { ...limits, endSignal: end.signal }, true);
    const over = new Watchdog(clock, { ...limits, endSignal: end.signal }, true);
    over.stop();
    end.abort();
    expect(ended.fault).toMatchObject({ kind: "cancelled", code: "call_ended" });
    expect(ended.signal.aborted).toBe(true);
    expect([over.fault, over.signal.aborted, clock.pending]).toEqual([null, false, 0]);
    expect(new Watchdog(clock, { ...limits, endSignal: end.signal }, true).signal.aborted).toBe(true);
  });

  test("the first reason stays, and a stopped watchdog leaves no timer", async () => {
    const clock = new FakeClock();
    const watchdog = new Watchdog(clock, limits, true);
    watchdog.abort(fault("cancelled", "caller_left", "Left."));
    watchdog.abort(fault("internal", "other", "Other."));
    expect(watchdog.fault?.code).toBe("caller_left");
    const stopped = new Watchdog(clock, limits, true);
    stopped.stop();
    await clock.advance(10_000);
    expect(stopped.fault).toBeNull();
    expect(clock.pending).toBe(0);
  });
});
