/** What an operator's acts on circuits work with. Owns the shape; the acts are in files of their own. */
import type { Clock } from "../../core/clock.ts";
import { type Fault, fault } from "../../core/faults.ts";
import type { Health, HealthReport } from "../../resilience/health.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";

export interface CircuitDesk {
  readonly health: Pick<Health, "reset" | "forceOpen" | "report">;
  readonly clock: Clock;
  /** Null: no audit log is kept. */
  readonly audit: Pick<AuditTrail, "note"> | null;
  /** Resolves when what was ordered until now is kept for a later process, or cannot be. */
  kept(): Promise<void>;
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
