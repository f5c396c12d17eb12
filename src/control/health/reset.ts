/** Puts a deployment back: closes its circuit, whatever had opened it, and ends the cooldown of its quota. */
import { ok, type Result } from "../../core/faults.ts";
import {
  type CircuitDesk,
  noteOrder,
  type OrderedReport,
  type Orderer,
  rowOf,
  unknownDeployment,
} from "./circuit-desk.ts";

/** Fault: `not_found`. Where replicas share their state, all of them follow. */
export async function resetCircuit(
  desk: CircuitDesk,
  deployment: string,
  { actor, reason }: Orderer,
): Promise<Result<OrderedReport>> {
  const before = rowOf(desk, deployment);
  if (!before || !desk.health.reset(deployment, actor)) {
    return { ok: false, fault: unknownDeployment() };
  }
  const { state, reason: openedBy, cooldownUntil } = before;
  const details = { reason, was: state, openedBy, cooldownUntil };
  const row = await noteOrder(desk, deployment, actor, { action: "circuit.reset", details });
  return ok(row ?? before);
}
