/** Orders over circuits in SQLite: their statements and the rows behind them. */
import type { CircuitOrder } from "../../resilience/circuit-order.ts";
import type { CircuitOrderStore } from "../circuit-orders.ts";
import type { Writing } from "./file-store.ts";
import type { Row } from "./protocol.ts";

const LIST = "SELECT deployment, verb, until, at, origin, actor FROM circuit_orders WHERE environment = ?";
const PUT = `INSERT INTO circuit_orders (environment, deployment, verb, until, at, origin, actor)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (environment, deployment) DO UPDATE SET verb = excluded.verb, until = excluded.until,
    at = excluded.at, origin = excluded.origin, actor = excluded.actor
  WHERE excluded.at > at OR (excluded.at = at AND excluded.origin > origin)`;
const REMOVE =
  "DELETE FROM circuit_orders WHERE environment = ? AND deployment = ? AND at = ? AND origin = ?";

/** All by the thread that writes: every start reads it, and the other thread is for searches. */
export function sqliteCircuitOrders(write: Writing): CircuitOrderStore {
  return {
    async list(environment) {
      return (await write.one(LIST, environment ?? "")).map(orderOf);
    },
    async put(environment, { deployment, verb, until, stamp, by }) {
      await write.one(PUT, environment ?? "", deployment, verb, until, stamp.at, stamp.origin, by);
    },
    async remove(environment, { deployment, stamp }) {
      await write.one(REMOVE, environment ?? "", deployment, stamp.at, stamp.origin);
    },
  };
}

function orderOf({ deployment, verb, until, at, origin, actor }: Row): CircuitOrder {
  return {
    deployment: String(deployment),
    verb: verb === "reset" ? "reset" : "force-open",
    until: typeof until === "number" ? until : null,
    stamp: { at: Number(at), origin: String(origin) },
    by: String(actor),
  };
}
