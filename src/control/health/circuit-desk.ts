/** What an operator's acts on circuits work with. Owns the shape; the acts are in files of their own. */
import type { Clock } from "../../core/clock.ts";
import { type Fault, fault } from "../../core/faults.ts";
import type { Health, HealthReport } from "../../resilience/health.ts";
import type { AuditDetails } from "../../store/audit-store.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";

export interface CircuitDesk {
  readonly health: Pick<Health, "reset" | "forceOpen" | "report">;
  readonly clock: Clock;
  readonly audit: Pick<AuditTrail, "note">;
  /**
   * Whether what was last ordered of `deployment` is kept for a later process; resolves soon. Until it is, it is tried.
   */
  kept(deployment: string): Promise<boolean>;
}

/** `kept`: a restart would lose the order, since the store cannot be written as yet. */
export interface OrderedReport extends HealthReport {
  readonly kept?: false;
}

/** Who does it, and why in their words; null: they did not say. */
export interface Orderer {
  readonly actor: string;
  readonly reason: string | null;
}

export function unknownDeployment(): Fault {
  return fault(
    "not_found",
    "unknown_deployment",
    "The policy in force has no deployment of this name. GET /admin/health lists them.",
  );
}

/** How the deployment is after the act. */
export function rowOf({ health, clock }: CircuitDesk, deployment: string): HealthReport | null {
  return health.report(clock.now()).find((row) => row.deployment === deployment) ?? null;
}

/**
 * Writes down what was done, once it is kept or is known not to be: nobody waits for the records of a store that could
 * not take the order itself. Null: there is no such deployment any more.
 */
export async function noteOrder(
  desk: CircuitDesk,
  deployment: string,
  actor: string,
  { action, details }: { readonly action: string; readonly details: AuditDetails },
): Promise<OrderedReport | null> {
  const unkept = (await desk.kept(deployment)) ? {} : ({ kept: false } as const);
  const noted = desk.audit.note({ actor, action, subject: deployment, details: { ...details, ...unkept } });
  if (unkept.kept === undefined) await noted;
  const row = rowOf(desk, deployment);
  return row && { ...row, ...unkept };
}
