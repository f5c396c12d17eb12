/** What every store owes operators' orders over circuits: the later one of each deployment, by environment. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { CircuitOrder } from "../../../src/resilience/circuit-order.ts";
import type { Store } from "../../../src/store/ports.ts";

const AT = 1_700_000_000_000;

export const anOrder = (at: number, change: Partial<CircuitOrder> = {}): CircuitOrder => ({
  deployment: "large-us",
  verb: "force-open",
  until: null,
  stamp: { at: AT + at, origin: "gw_1" },
  by: "ops-1",
  ...change,
});

export function circuitOrderContract(name: string, open: () => Promise<Store>): void {
  describe(`orders over circuits in ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test("of each deployment the later one is kept, as it was given, whichever was written last", async () => {
      const { circuitOrders } = store;
      expect(await circuitOrders.list(null)).toEqual([]);
      const timed = anOrder(1, { deployment: "large-eu", until: AT + 60_000, by: "ops-2" });
      await circuitOrders.put(null, anOrder(1));
      await circuitOrders.put(null, timed);
      const reset = anOrder(3, { verb: "reset" });
      await circuitOrders.put(null, reset);
      await circuitOrders.put(null, anOrder(2));
      const found = await circuitOrders.list(null);
      expect(found.toSorted((a, b) => (a.deployment < b.deployment ? -1 : 1))).toEqual([timed, reset]);
    });

    test("of the same time that of the greater origin is the later one", async () => {
      const { circuitOrders } = store;
      const of = (origin: string) => anOrder(0, { stamp: { at: AT, origin }, by: origin });
      for (const origin of ["gw_2", "gw_3", "gw_1"]) await circuitOrders.put(null, of(origin));
      expect(await circuitOrders.list(null)).toEqual([of("gw_3")]);
    });

    test("one environment's are no other's", async () => {
      const { circuitOrders } = store;
      await circuitOrders.put("prod", anOrder(1));
      await circuitOrders.put(null, anOrder(2));
      expect(await circuitOrders.list("prod")).toEqual([anOrder(1)]);
      expect(await circuitOrders.list("dev")).toEqual([]);
      await circuitOrders.remove("dev", anOrder(1));
      await circuitOrders.remove("prod", anOrder(1));
      expect(await circuitOrders.list("prod")).toEqual([]);
      expect(await circuitOrders.list(null)).toEqual([anOrder(2)]);
    });

    test("a later one than that which is taken out stays", async () => {
      const { circuitOrders } = store;
      await circuitOrders.put(null, anOrder(2));
      await circuitOrders.remove(null, anOrder(1));
      expect(await circuitOrders.list(null)).toEqual([anOrder(2)]);
    });
  });
}
