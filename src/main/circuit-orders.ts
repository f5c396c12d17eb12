/**
 * Operators' orders over circuits, joined to this process: who brings them back at the start, and what the logs say of
 * those that end. order-writer.ts brings them into the store.
 */
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import { type Clock, sleep, within } from "../core/clock.ts";
import { type CircuitOrder, isOver, type OrderKeeper } from "../resilience/circuit-order.ts";
import type { Fleet } from "../resilience/fleet.ts";
import type { CircuitOrderStore } from "../store/circuit-orders.ts";
import { describeThrown, type Log } from "./log.ts";
import { AGAIN_MS, createOrderWriter } from "./order-writer.ts";

export interface CircuitOrderParts {
  readonly store: CircuitOrderStore;
  readonly environment: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
}

export interface CircuitOrders {
  readonly keeper: OrderKeeper;
  /** Whether what was last ordered of `deployment` outlasts this process; resolves soon. Until it does, it is tried. */
  kept(deployment: string): Promise<boolean>;
  /**
   * Gives the fleet what an earlier process has left: before the first request, unless the store is slow. An order over
   * a deployment that is not `known` stays as it is: a gateway with another policy on the same data may have given it.
   */
  restore(fleet: Pick<Fleet, "restore">, known: (deployment: string) => boolean): Promise<void>;
  /** The fleet has other deployments: what was left of those that are `known` by now is in force. */
  reconfigured(): void;
  /** Resolves soon, whatever the store does. */
  stop(): Promise<void>;
}

/** A start waits no longer for the store. */
const START_WAIT_MS = 1000;

/** Begins to read at once. */
export function openCircuitOrders(parts: CircuitOrderParts): CircuitOrders {
  const { store, environment, clock, log, audit } = parts;
  const stopped = new AbortController();
  const writer = createOrderWriter(parts);
  const read = async (): Promise<readonly CircuitOrder[]> => {
    for (;;) {
      try {
        return await store.list(environment);
      } catch (thrown) {
        if (stopped.signal.aborted) return [];
        log("error", "circuit_orders_not_read", describeThrown(thrown));
        await sleep(clock, AGAIN_MS, stopped.signal);
      }
    }
  };
  const reading = read();
  let takeUp = (): void => {};
  return {
    keeper: {
      keep: writer.put,
      forget(order, why) {
        writer.remove(order);
        const { deployment, verb, by, stamp } = order;
        if (verb === "reset" || why === "over") return;
        log("info", "circuit_order_ended", { deployment, by });
        const details = { by, since: stamp.at, why: "the policy has no such deployment any more" };
        void audit.note({ actor: "policy", action: "circuit.order_ended", subject: deployment, details });
      },
    },
    kept: writer.kept,
    async restore(fleet, known) {
      let left: readonly CircuitOrder[] = [];
      takeUp = () => {
        const orders = left.filter((order) => known(order.deployment) || isOver(order, clock.now()));
        if (orders.length === 0) return;
        left = left.filter((order) => !orders.includes(order));
        for (const order of orders) fleet.restore(order);
        const forced = orders.filter(({ verb }) => verb === "force-open");
        if (forced.length === 0) return;
        log("info", "circuit_orders_restored", { deployments: forced.map(({ deployment }) => deployment) });
      };
      const restored = reading.then((found) => {
        left = found;
        takeUp();
      });
      await within(clock, START_WAIT_MS, restored);
    },
    reconfigured: () => takeUp(),
    stop() {
      stopped.abort();
      return writer.close();
    },
  };
}
