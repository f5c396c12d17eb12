import { expect, test } from "bun:test";
import { fakeTrail } from "../control/audit/fake-trail.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { CircuitOrder } from "../resilience/circuit-order.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { openCircuitOrders } from "./circuit-orders.ts";

test("an order over a deployment that a start does not know is in force when the policy has it", async () => {
  const clock = new FakeClock();
  const store = createMemoryStore();
  const stamp = { at: clock.now(), origin: "gw_1" };
  const order: CircuitOrder = { deployment: "claude", verb: "force-open", until: null, stamp, by: "ops" };
  await store.circuitOrders.put(null, order);
  const audit = fakeTrail(store.audit, clock);
  const orders = openCircuitOrders({
    ...{ store: store.circuitOrders, environment: null, clock, audit },
    log: () => {},
  });
  const known = new Set<string>();
  const restored: string[] = [];
  const fleet = { restore: ({ deployment }: CircuitOrder) => void restored.push(deployment) };
  await orders.restore(fleet, (deployment) => known.has(deployment));
  orders.reconfigured();
  expect(restored).toEqual([]);
  known.add("claude");
  orders.reconfigured();
  orders.reconfigured();
  expect(restored).toEqual(["claude"]);
  await orders.stop();
});
