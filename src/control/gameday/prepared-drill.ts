/** A drill that is ready to run against a policy: every name found, every time on the clock. Owns the shape. */
import type { Prices } from "../../core/money.ts";
import type { FaultInput } from "../../providers/simulator/fault-list.ts";
import type { Slo, Watched } from "./drill.ts";

/** Times are milliseconds on the clock. */
export interface PreparedDrill {
  readonly name: string;
  readonly description: string;
  readonly seed: number;
  readonly compress: number;
  readonly policyVersion: string;
  readonly useCases: readonly DrillUseCase[];
  readonly load: DrillLoad;
  /** What the simulated deployments are like, as the simulator reads it; faults are injected when the load begins. */
  readonly scenario: string;
  readonly faults: readonly DrillFault[];
  readonly deployments: readonly DrillDeployment[];
  /** By model; absent: it has no price. */
  readonly prices: ReadonlyMap<string, Prices>;
  readonly slo: Slo;
  readonly openWithinMs: number | null;
  readonly recoverWithinMs: number | null;
  readonly stopConditions: readonly PreparedStop[];
}

export interface DrillUseCase {
  readonly id: string;
  /** Words, or vectors: a use case has requests of one kind. */
  readonly asks: "chat" | "embed";
  readonly weight: number;
  readonly stream: number;
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly prompts: readonly string[];
  readonly deadlineMs: number;
}

export interface DrillLoad {
  /** Null: `concurrency` counts. */
  readonly ratePerSecond: number | null;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly surges: readonly { readonly startMs: number; readonly endMs: number; readonly times: number }[];
}

export interface DrillFault {
  readonly name: string;
  /** `503`, `hang`, `cut after 25 tokens`: for people. */
  readonly kind: string;
  /** As it is injected at the moment the load begins. */
  readonly input: FaultInput;
  readonly deployments: readonly string[];
  /** When it is active while the load lasts, in order. */
  readonly bands: readonly Band[];
}

export interface Band {
  readonly startMs: number;
  readonly endMs: number;
}

export interface DrillDeployment {
  readonly id: string;
  readonly model: string;
  readonly region: string;
  readonly simulated: boolean;
}

export interface PreparedStop {
  readonly metric: Watched;
  readonly below: number | null;
  readonly above: number | null;
  readonly overMs: number;
}
