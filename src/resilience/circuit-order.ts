/**
 * What an operator has ordered of a deployment's circuit. Owns the shape and when it is over; fleet.ts decides which of
 * two holds, and a store keeps it, since nobody could learn it anew.
 */
import type { Stamp } from "./shared-state.ts";

export interface CircuitOrder {
  readonly deployment: string;
  readonly verb: "force-open" | "reset";
  /** Epoch milliseconds by the clock of this machine; null: until further notice, as every reset. */
  readonly until: number | null;
  /** Of two orders the later one holds. */
  readonly stamp: Stamp;
  /** Who gave it, by the id of their key. */
  readonly by: string;
}

/** Keeps what is in force for a later process. Returns at once and never throws. */
export interface OrderKeeper {
  /** It takes the place of the deployment's earlier one. */
  keep(order: CircuitOrder): void;
  /** `gone`: the policy has no such deployment any more; `over`: its time was. */
  forget(order: CircuitOrder, why: "gone" | "over"): void;
}

export function isOver({ until }: CircuitOrder, now: number): boolean {
  return until !== null && until <= now;
}
