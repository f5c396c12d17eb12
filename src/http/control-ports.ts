/** What the control interface asks of the rooms below it. */
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import type { BatchPorts } from "../control/batches/batch-ports.ts";
import type { ExplainQuestion } from "../control/explain/explain-request.ts";
import type { ReplicaList } from "../control/fleet/list-replicas.ts";
import type { CircuitDesk } from "../control/health/circuit-desk.ts";
import type { JobPorts } from "../control/jobs/job-ports.ts";
import type { PolicyStatus } from "../control/policy/in-force/policy-control.ts";
import type { ReplayPorts } from "../control/replay/replay-store.ts";
import type { RolloutDesk } from "../control/rollout/operate.ts";
import type { TicketPorts } from "../control/tickets/ticket-ports.ts";
import type { Caller } from "../core/caller.ts";
import type { Result } from "../core/faults.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import type { Explanation } from "../policy/explain/explain.ts";
import type { HealthReport } from "../resilience/health.ts";
import type { ActivationHistory } from "../store/activation-store.ts";
import type { DecisionStore } from "../store/decision-store.ts";
import type { QueueReport } from "../store/job-queue/queue-report.ts";

export interface ControlPorts {
  readonly decisions: DecisionStore;
  readonly activations: ActivationHistory;
  /** The policy in force; with a caller, the one that takes over from it where that alone has the key. */
  snapshot(caller?: Caller): ConfigSnapshot;
  policyStatus(): PolicyStatus;
  healthReport(): readonly HealthReport[];
  queueReport(): Promise<QueueReport>;
  explain(question: ExplainQuestion): Promise<Result<Explanation>>;
  readonly replay: ReplayPorts;
  /** The caller of a request that the guard has let through. */
  callerOf(headers: Headers): Caller | null;
  ready(): boolean;
  /** Prometheus text. */
  metricsText(): string;
  nextRequestId(): string;
  /** Files, and batches of requests in them. */
  readonly batching: BatchPorts;
  readonly jobs: JobPorts;
  readonly tickets: TicketPorts;
  /** Where the policy, its rollouts and its model aliases are changed. */
  readonly desk: RolloutDesk;
  /** What is known of this gateway and others. */
  replicas(): Promise<ReplicaList>;
  /** Where circuits are ordered about. */
  readonly circuits: CircuitDesk;
  readonly audit: AuditTrail;
  /** A JSON body within the bounds that inference keeps, too; `absent` is what an empty one counts as, if anything. */
  readBody(request: Request, absent?: unknown): Promise<Result<unknown>>;
  /** A body of any kind with a bound of its own, and the others of inference. */
  readBytes(request: Request, maxBytes: number): Promise<Result<Uint8Array>>;
}
