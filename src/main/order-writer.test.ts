import { describe, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import type { CircuitOrder } from "../resilience/circuit-order.ts";
import { createOrderWriter } from "./order-writer.ts";

function anOrder(at: number, change: Partial<CircuitOrder> = {}): CircuitOrder {
  const stamp = { at, origin: "gw_1" };
  return { deployment: "large-us", verb: "force-open", until: null, stamp, by: "ops-1", ...change };
}

/** A store that takes nothing while it is `locked`, and does not even say so while it is `mute`. */
function setUp() {
  const clock = new FakeClock();
  const written: string[] = [];
  const logged: string[] = [];
  const store = { is: "well" as "well" | "locked" | "mute" };
  const act = (name: string) => async (_environment: string | null, order: CircuitOrder) => {
    if (store.is === "mute") await new Promise(() => undefined);
    if (store.is === "locked") throw new Error("busy");
    written.push(`${name} ${order.deployment} ${order.stamp.at}`);
  };
  const ports = { put: act("put"), remove: act("remove") };
  const log = (_level: string, event: string) => void logged.push(event);
  const writer = createOrderWriter({ store: ports, environment: null, clock, log });
  return { clock, written, logged, store, writer };
}

describe("an order that the store does not take", () => {
  test("is said not to be kept, and is written as soon as it can be", async () => {
    const { clock, written, logged, store, writer } = setUp();
    store.is = "locked";
    writer.put(anOrder(1));
    expect(await writer.kept("large-us")).toBe(false);
    expect(await writer.kept("large-eu")).toBe(true);
    await clock.advance(60_000);
    expect([written, logged]).toEqual([[], ["circuit_order_not_kept"]]);
    store.is = "well";
    await clock.advance(5000);
    expect(written).toEqual(["put large-us 1"]);
    expect(logged).toEqual(["circuit_order_not_kept", "circuit_order_written_late"]);
    expect([await writer.kept("large-us"), clock.pending]).toEqual([true, 0]);
  });

  test("gives way to a later one, which need not wait for its turn", async () => {
    const { clock, written, store, writer } = setUp();
    store.is = "locked";
    writer.put(anOrder(1));
    writer.put(anOrder(1, { deployment: "large-eu" }));
    await writer.kept("large-us");
    store.is = "well";
    writer.put(anOrder(2, { verb: "reset" }));
    expect(await writer.kept("large-us")).toBe(true);
    expect(written).toEqual(["put large-us 2"]);
    await clock.advance(5000);
    expect(written).toEqual(["put large-us 2", "put large-eu 1"]);
  });

  test("takes with it the one that it was to replace, where it ends before it is kept", async () => {
    const { clock, written, store, writer } = setUp();
    store.is = "locked";
    writer.put(anOrder(2));
    writer.remove(anOrder(2));
    store.is = "well";
    await clock.advance(5000);
    expect(written).toEqual(["put large-us 2", "remove large-us 2"]);
  });

  test("is waited for a moment, and at the end tried once more", async () => {
    const { clock, written, store, writer } = setUp();
    store.is = "mute";
    writer.put(anOrder(1));
    const kept = writer.kept("large-us");
    await clock.advance(2000);
    expect([await kept, clock.pending]).toEqual([false, 0]);
    const other = setUp();
    other.store.is = "locked";
    other.writer.put(anOrder(1));
    await other.writer.kept("large-us");
    other.store.is = "well";
    await other.writer.close();
    expect([other.written, written, other.clock.pending]).toEqual([["put large-us 1"], [], 0]);
  });
});
