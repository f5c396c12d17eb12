/** The record of one request: what was asked, decided, tried and answered. Never bodies or secrets. */
import type { Contract } from "./contract.ts";
import type { FinishReason, Usage } from "./events.ts";
import type { FaultCause, FaultKind } from "./faults.ts";
import type { NanoDollars } from "./money.ts";
import type { DegradedLabel, Experiment, OverflowLabel, Refusal, RungKind, RungLabel } from "./plan.ts";
import type { RoutingFacts } from "./routing-facts.ts";

/** One call to one deployment, or the reason it was passed over without one. */
export interface Attempt {
  readonly rung: RungKind;
  readonly deployment: string;
  readonly model: string;
  /** By which the policy names the model; absent: by its own name. */
  readonly alias?: string;
  readonly provider: string;
  readonly region: string;
  /**
   * `skipped`: the circuit, a cooldown or the cost ceiling kept the ladder from calling it, or it could not be told what
   * was asked (`unsent`, with the fault). `hedged_out`: ended
   * because the call beside it answered first; its usage is an estimate.
   */
  readonly result: "ok" | "fault" | "skipped" | "hedged_out";
  readonly fault?: { readonly kind: FaultKind; readonly code: string; readonly cause?: FaultCause };
  readonly skipped?: "circuit_open" | "cooling_down" | "cost_ceiling" | "retry_budget" | "unsent";
  /** Milliseconds since the request arrived. */
  readonly startedAtMs: number;
  /** Milliseconds the ladder waited before this attempt. */
  readonly waitedMs: number;
  readonly durationMs: number;
  /** Milliseconds from the attempt's start to its first content; absent where nothing came. */
  readonly firstTokenMs?: number;
  readonly usage?: Usage;
  readonly cost: NanoDollars | null;
  /**
   * Present where it took over a stream that had broken: `prefill` went on from the text, `fresh` was asked anew
   * and joined where it had said the same. `chars`: how much had been told by then.
   */
  readonly continues?: { readonly mode: "prefill" | "fresh"; readonly chars: number };
  /** Present on a second call, made because the first was slow to begin. */
  readonly hedge?: true;
  /** Present on a call that was not for the answer itself: a summary of history, a restricted stand-in. */
  readonly purpose?: "overflow_summary" | "summarize_only";
}

/** How many of `attempts` were calls: the others were passed over without one. */
export function countCalls(attempts: readonly Attempt[]): number {
  let calls = 0;
  for (const { result } of attempts) if (result !== "skipped") calls++;
  return calls;
}

/** How the answer cache was used: `hit` and `stale` answered, `miss` did not, `refresh` was not asked. */
export type CacheUse = "hit" | "stale" | "miss" | "refresh";

export type DecisionOutcome = "answered" | "degraded" | "failed" | "cancelled";

export interface Decision {
  readonly id: string;
  readonly requestId: string;
  readonly traceId: string;
  /** Epoch milliseconds when the request arrived. */
  readonly at: number;
  readonly keyId: string;
  readonly tenant: string;
  readonly tier: string;
  readonly wire: string;
  /** The use case that was resolved; null when the request was refused before one was. */
  readonly useCase: string | null;
  readonly rule: string | null;
  readonly policyVersion: string;
  readonly stream: boolean;
  readonly contract: Contract;
  readonly estimatedInputTokens: number;
  readonly refusals: readonly Refusal[];
  readonly attempts: readonly Attempt[];
  readonly outcome: DecisionOutcome;
  readonly status: number;
  readonly rung: RungLabel | null;
  readonly degraded: DegradedLabel | null;
  readonly model: string | null;
  readonly modelVersion: string | null;
  readonly provider: string | null;
  readonly region: string | null;
  /** Without the stop sequence that ended it, which is the caller's text. */
  readonly finish: Omit<FinishReason, "stopSequence"> | null;
  readonly fault: { readonly kind: FaultKind; readonly code: string } | null;
  readonly usage: Usage;
  /** Of all attempts together; null where a model has no price. */
  readonly cost: NanoDollars | null;
  readonly warnings: readonly string[];
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly simulated: boolean;
  /** Absent where the use case keeps no answers, or the request is none that could be kept. */
  readonly cache?: CacheUse;
  /** Present where the request was too long for its model. `dropped`: messages that were left out or summarized. */
  readonly overflow?: { readonly how: OverflowLabel; readonly dropped: number };
  /** Present where a later rung was called first, so that it is known to work. */
  readonly exercise?: true;
  /** Id of the ticket that a person is to answer. */
  readonly ticket?: string;
  /** The arm of a rollout that the request was in; absent where none took it in. */
  readonly experiment?: Experiment;
  /** Id of the decision that this is the copy of: a shadow's, which no caller was answered with. */
  readonly shadowOf?: string;
  /** Absent where the request was refused before it was routed, in a shadow's record, and in those of old. */
  readonly routing?: RoutingFacts;
  /** Of a shadow that was asked for JSON: whether it was, and fitted the schema. */
  readonly formatValid?: boolean;
}
