/** What the data plane works with: the snapshot in force, the fleet's state and the ports to the outside. */
import type { Clock, Random } from "../core/clock.ts";
import type { FlagSource } from "../core/flags.ts";
import type { Ids } from "../core/ids.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../core/snapshot.ts";
import type { Authorize } from "../providers/authorize.ts";
import type { Transport } from "../providers/transport.ts";
import type { Health } from "../resilience/health.ts";
import type { RetryBudget } from "../resilience/retry-budget.ts";
import type { DecisionQueue } from "../store/decision-queue.ts";
import type { Admission } from "./admit.ts";
import type { StandIns } from "./degraded/stand-ins.ts";
import type { SchemaChecks } from "./format/judge-schema.ts";
import type { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import type { Shadows } from "./shadow/shadow-port.ts";
import type { SpendLedger } from "./spend/spend-ledger.ts";

/** Bounds of what a caller may send. */
export interface IngressLimits {
  readonly maxBodyBytes: number;
  readonly maxJsonDepth: number;
  /** Characters of all headers together. */
  readonly maxHeaderChars: number;
  /** Milliseconds for the body to arrive. */
  readonly bodyTimeoutMs: number;
}

export const DEFAULT_INGRESS_LIMITS: IngressLimits = {
  maxBodyBytes: 20 * 1024 * 1024,
  maxJsonDepth: 64,
  maxHeaderChars: 16 * 1024,
  bodyTimeoutMs: 30_000,
};

export interface Gateway {
  /** The snapshot in force; a request reads it once and keeps what it read. */
  snapshot(): ConfigSnapshot;
  /** Two versions, while one takes over by steps; null or absent: `snapshot` is everybody's. */
  split?(): SplitSnapshots | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  /** How calls to providers prove themselves. */
  readonly authorize: Authorize;
  /** How they reach them. */
  readonly transport: Transport;
  readonly health: Health;
  readonly retryBudget: RetryBudget;
  readonly admission: Admission;
  readonly decisions: DecisionQueue;
  readonly metrics: GatewayMetrics;
  readonly ingress: IngressLimits;
  /** What answers without a model, beyond the policy's own words; absent: those modes pass on. */
  readonly standIns?: StandIns;
  /** Flags that another system decides; absent: the policy alone says. */
  readonly flags?: FlagSource | null;
  /** What was spent, for rules that read it; absent: nothing is counted. */
  readonly spend?: SpendLedger;
  /** Copies of requests for candidates; absent: none are made. */
  readonly shadows?: Shadows;
  /** Whether the process ends and cuts off what is under way; absent: it does not. */
  drained?(): boolean;
  /** Where answers are held to schemas that may take long; absent: they are not checked. */
  readonly schemaChecks?: SchemaChecks;
  /** Faults that are the gateway's own; the argument holds no body and no secret. */
  reportInternal(requestId: string, thrown: unknown): void;
}
