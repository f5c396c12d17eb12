/**
 * Operators' orders over circuits, as a port: of each deployment the one that holds. Owns the shape; what an order does
 * is the resilience room's business. Gateways of several environments may share a store: an order is of one of them.
 */
import type { CircuitOrder } from "../resilience/circuit-order.ts";

export interface CircuitOrderStore {
  /** `environment` null: gateways of no environment in particular. */
  list(environment: string | null): Promise<readonly CircuitOrder[]>;
  /** Takes the place of an earlier one; a later one stays. When it resolves, the order survives `kill -9`. */
  put(environment: string | null, order: CircuitOrder): Promise<void>;
  /** Takes the order of that stamp out; a later one stays. */
  remove(environment: string | null, order: Pick<CircuitOrder, "deployment" | "stamp">): Promise<void>;
}
