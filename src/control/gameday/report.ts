/** What a drill found out: the one shape that `--json`, the terminal and the page are made from. Owns the words. */
import type { Check } from "./judge.ts";
import type { Band } from "./prepared-drill.ts";
import type { Served } from "./tally.ts";
import type { LaneState } from "./watch-circuits.ts";

/** Durations in milliseconds or seconds as named, shares from 0 to 1, money in US dollars. */
export interface DrillReport {
  readonly pass: boolean;
  readonly name: string;
  readonly description: string;
  /** ISO 8601. */
  readonly started_at: string;
  readonly policy: string;
  readonly seed: number;
  readonly compress: number;
  /** Of the load, as planned and as it was. */
  readonly planned_s: number;
  readonly lasted_s: number;
  /** Why the drill ended before its load did; null: it did not. */
  readonly stop_reason: string | null;
  readonly stopped_by: "stop_condition" | "interrupt" | "gateway" | null;

  /** Requests that ended; those given up with the drill are counted apart. */
  readonly requests: number;
  readonly cancelled: number;
  /** Due and never sent: too many were under way. */
  readonly unsent: number;
  readonly availability: number;
  readonly degraded_share: number;
  readonly truncated_as_complete: number;
  readonly wrong_answers: number;
  readonly hung: number;
  readonly unexplained: number;
  readonly late: number;
  readonly by_ending: Readonly<Record<string, number>>;
  readonly by_rung: Readonly<Record<string, number>>;
  readonly by_use_case: Readonly<
    Record<string, { readonly requests: number; readonly availability: number }>
  >;
  readonly errors: Readonly<Record<string, number>>;

  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly longest_ms: number | null;
  readonly first_token_p50_ms: number | null;
  readonly first_token_p99_ms: number | null;
  /** How late this process itself sent its requests: a high one makes the latencies doubtful. */
  readonly generator_lag_p99_ms: number | null;

  /** Calls to models for one request. */
  readonly amplification: number;
  readonly upstream_calls: Readonly<Record<string, number>>;
  /** Calls that each kind of fault struck, as the simulator counts them. */
  readonly faults_struck: Readonly<Record<string, number>>;
  readonly cost: {
    readonly usd: number;
    readonly primary_alone_usd: number;
    /** Share of `primary_alone_usd`; null where that is 0 or a model has no price. */
    readonly extra: number | null;
    /** Decision records that the sums are made of. */
    readonly records: number;
  };

  /** The slowest of `circuits`; null: none opened, or one did not close again. */
  readonly opened_s: number | null;
  readonly recovered_s: number | null;
  readonly circuits: readonly {
    readonly deployment: string;
    readonly opened: boolean;
    readonly reason: string | null;
    /** Null: it did not open, or without a fault of the schedule. */
    readonly opened_s: number | null;
    readonly recovered_s: number | null;
  }[];
  readonly checks: readonly Check[];
  /** What makes a figure doubtful. */
  readonly notes: readonly string[];
  readonly timeline: Timeline;
}

export interface Timeline {
  /** One entry a second, by when requests were due. */
  readonly seconds: readonly (Readonly<Record<Served, number>> & { readonly p99_ms: number | null })[];
  readonly faults: readonly {
    readonly name: string;
    readonly kind: string;
    readonly bands: readonly Band[];
  }[];
  readonly circuits: readonly {
    readonly deployment: string;
    readonly changes: readonly { readonly atMs: number; readonly state: LaneState }[];
  }[];
}
