/** Takes a deployment out: no call is made to it, whatever else is left. */
import { ok, type Result } from "../../core/faults.ts";
import {
  type CircuitDesk,
  noteOrder,
  type OrderedReport,
  type Orderer,
  unknownDeployment,
} from "./circuit-desk.ts";

/**
 * Until someone resets it, or for `forMs` milliseconds, after which it is probed like any other. Fault:
 * `not_found`. Where replicas share their state, all of them follow.
 */
export async function forceOpenCircuit(
  desk: CircuitDesk,
  deployment: string,
  forMs: number | null,
  { actor, reason }: Orderer,
): Promise<Result<OrderedReport>> {
  const until = forMs === null ? null : desk.clock.now() + forMs;
  if (!desk.health.forceOpen(deployment, actor, until ?? undefined)) {
    return { ok: false, fault: unknownDeployment() };
  }
  const details = { reason, until };
  const row = await noteOrder(desk, deployment, actor, { action: "circuit.forced_open", details });
  return row ? ok(row) : { ok: false, fault: unknownDeployment() };
}
