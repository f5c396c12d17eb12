/** What a gateway is put together from, by the time that its policy is in force. */
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import type { ReplicaList } from "../control/fleet/list-replicas.ts";
import type { PolicyControl } from "../control/policy/in-force/policy-control.ts";
import type { WatchStatus } from "../control/policy/policy-acts.ts";
import type { RolloutDesk } from "../control/rollout/operate.ts";
import type { Clock } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import type { FlagSource } from "../core/flags.ts";
import type { Ids } from "../core/ids.ts";
import type { CompilePorts } from "../policy/compile/compile.ts";
import type { Authorize } from "../providers/authorize.ts";
import type { Transport } from "../providers/transport.ts";
import type { Fleet } from "../resilience/fleet.ts";
import type { JobQueue } from "../store/job-queue.ts";
import type { Store } from "../store/ports.ts";
import type { Log } from "./log.ts";

export interface Parts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly store: Store;
  /** Where jobs wait: the store's own, or SQS. */
  readonly jobQueue: JobQueue;
  readonly control: PolicyControl;
  readonly desk: RolloutDesk;
  /** Which gateways there are. */
  replicas(): Promise<ReplicaList>;
  /** A version that is compared with the one before it. */
  watched(): WatchStatus | null;
  /** Each request that has ended, but copies for shadows. */
  onDecision(decision: Decision): void;
  readonly audit: AuditTrail;
  readonly authorize: Authorize;
  readonly transport: Transport;
  /** Whoever decides feature flags before the policy does; null: nobody. */
  readonly flags: FlagSource | null;
  /** The folder of the policy: folders that it names are beside it. */
  readonly policyFolder: string;
  /** Where inference profiles send calls to. */
  readonly profileRegions: NonNullable<CompilePorts["profileRegions"]>;
  /** This gateway among its replicas, if it has any. */
  readonly fleet: Fleet;
  /** Whether what was last ordered of `deployment` outlasts this process; resolves soon. */
  circuitOrdersKept(deployment: string): Promise<boolean>;
  ready(): boolean;
}
