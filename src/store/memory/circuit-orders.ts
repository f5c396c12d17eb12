/** Orders over circuits of a store that forgets with the process. */
import type { CircuitOrder } from "../../resilience/circuit-order.ts";
import { isLater } from "../../resilience/shared-state.ts";
import type { CircuitOrderStore } from "../circuit-orders.ts";

export function memoryCircuitOrders(assertOpen: () => void): CircuitOrderStore {
  const everyOrder = new Map<string | null, Map<string, CircuitOrder>>();
  const ordersOf = (environment: string | null): Map<string, CircuitOrder> => {
    assertOpen();
    const orders = everyOrder.get(environment) ?? new Map<string, CircuitOrder>();
    everyOrder.set(environment, orders);
    return orders;
  };
  return {
    list: async (environment) => [...ordersOf(environment).values()],
    async put(environment, order) {
      const orders = ordersOf(environment);
      if (isLater(order.stamp, orders.get(order.deployment)?.stamp ?? null))
        orders.set(order.deployment, order);
    },
    async remove(environment, { deployment, stamp }) {
      const orders = ordersOf(environment);
      const found = orders.get(deployment)?.stamp;
      if (found?.at === stamp.at && found.origin === stamp.origin) orders.delete(deployment);
    },
  };
}
