/** Closes a circuit, whatever had opened it. */
import { ok, type Result } from "../../core/faults.ts";
import type { HealthReport } from "../../resilience/health.ts";
import { type CircuitDesk, type Orderer, rowOf, unknownDeployment } from "./circuit-desk.ts";

/** Fault: `not_found`. Where replicas share their state, all of them follow. */
export async function resetCircuit(
  desk: CircuitDesk,
  deployment: string,
  { actor, reason }: Orderer,
): Promise<Result<HealthReport>> {
  const before = rowOf(desk, deployment);
  if (!before || !desk.health.reset(deployment, actor)) {
    return { ok: false, fault: unknownDeployment() };
  }
  await desk.kept();
  await desk.audit?.note({
    actor,
    action: "circuit.reset",
    subject: deployment,
    details: { reason, was: before.state, openedBy: before.reason },
  });
  return ok(rowOf(desk, deployment) ?? before);
}
