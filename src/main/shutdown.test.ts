import { describe, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import type { Log } from "./log.ts";
import { type Drainable, drain } from "./shutdown.ts";

const LIMITS = { graceMs: 0, drainMs: 1_000 };

/** Parts with `open` connections, and `underWay` requests that conclude `concludeMs` after they were cut off. */
function world(open: number, underWay: number, concludeMs: number) {
  const clock = new FakeClock();
  const events: string[] = [];
  let left = underWay;
  const parts: Drainable = {
    markNotReady: () => {},
    stopListening: () => {},
    pending: () => open,
    async cutOff() {
      events.push("cut");
      clock.after(concludeMs, () => {
        left = 0;
        events.push("concluded");
      });
    },
    underWay: () => left,
    async flush() {
      events.push("flushed");
      return true;
    },
    async close() {
      events.push("closed");
    },
  };
  const log: Log = (_level, event, fields) => {
    if (fields && "unrecorded" in fields) events.push(`${event}: ${fields.unrecorded}`);
  };
  return { clock, events, code: drain(parts, LIMITS, clock, log) };
}

describe("drain", () => {
  test("what was cut is recorded before the records are flushed", async () => {
    const { clock, events, code } = world(2, 2, 400);
    await clock.advance(5_000);
    expect(events).toEqual(["cut", "concluded", "flushed", "closed"]);
    expect(await code).toBe(1);
  });

  test("it does not wait for ever for what does not conclude", async () => {
    const { clock, events, code } = world(2, 2, 60_000);
    await clock.advance(5_000);
    expect(events).toEqual(["cut", "requests_unrecorded: 2", "flushed", "closed"]);
    expect(await code).toBe(1);
  });

  test("its limits hold when the machine's clock is set back", async () => {
    const { clock, events, code } = world(2, 2, 60_000);
    clock.now = () => 0;
    await clock.advance(5_000);
    expect(events).toEqual(["cut", "requests_unrecorded: 2", "flushed", "closed"]);
    expect(await code).toBe(1);
  });

  test("with nothing under way it waits for nothing", async () => {
    const { clock, events, code } = world(0, 0, 60_000);
    await clock.advance(0);
    expect(events).toEqual(["cut", "flushed", "closed"]);
    expect(await code).toBe(0);
  });
});
