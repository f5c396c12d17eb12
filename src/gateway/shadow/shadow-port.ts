/** What the data plane sees of shadows. Owns the port; the rooms beside it need to know no more. */
import type { Caller } from "../../core/caller.ts";
import type { Clock, Random } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import type { HealthView } from "../../core/health.ts";
import type { Ids } from "../../core/ids.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest, WireId } from "../../core/request.ts";
import type { Authorize } from "../../providers/authorize.ts";
import type { Transport } from "../../providers/transport.ts";
import type { SchemaChecks } from "../format/judge-schema.ts";

/** Why a copy was not made. */
export type ShadowSkip = "busy" | "cost" | "unhealthy" | "stopped";

/** The live request that is copied; an exchange is one. */
export interface LiveRequest {
  readonly wire: { readonly id: WireId };
  readonly snapshot: { readonly version: string };
  readonly requestId: string;
  readonly decisionId: string;
  readonly traceId: string;
  readonly traceFlags: string;
  readonly tracestate: string | null;
  readonly caller: Caller | null;
  readonly plan: RoutePlan | null;
}

/** What copies need of the process; a gateway is that. */
export interface ShadowPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly authorize: Authorize;
  readonly transport: Transport;
  readonly health: HealthView;
  readonly decisions: { push(decision: Decision): void };
  readonly metrics: {
    shadow(decision: Decision): void;
    shadowSkipped(rollout: string, why: ShadowSkip): void;
  };
  /** What copies cost is the tenant's whose request was copied; absent: it is not counted. */
  readonly spend?: { count(decision: Decision): void };
  readonly schemaChecks?: SchemaChecks;
  reportInternal(requestId: string, thrown: unknown): void;
}

export interface Shadows {
  /** Copies what the live request's plan says. Returns at once, never throws. `request`: as the caller sent it. */
  mirror(ports: ShadowPorts, live: LiveRequest, request: ModelRequest): void;
  /** Ends those under way, and makes no more. Resolves when each has left its record. */
  stop(): Promise<void>;
}
