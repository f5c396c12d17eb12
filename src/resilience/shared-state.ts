/**
 * What replicas of a gateway tell each other of the deployments they all call. Owns the port and the words
 * on it; a driver carries them, fleet.ts makes sense of them. The gateway works from its own memory with or
 * without a driver that works.
 */
import type { HealthSignal } from "../core/faults.ts";
import type { CircuitReason } from "./circuit.ts";

/**
 * When something was found out, and by whom: of two facts of one deployment the later one holds everywhere.
 * `at` is near to epoch milliseconds, and later than everything its author had heard of before.
 */
export interface Stamp {
  readonly at: number;
  /** Id of the process; decides between two of the same time. */
  readonly origin: string;
}

/** A day: nothing that is told lasts longer, but what lasts until further notice. Milliseconds. */
export const LONGEST_NEWS_MS = 86_400_000;

/** Durations, never points in time: the clocks of two machines do not agree. Milliseconds. */
export type FleetNews =
  | {
      readonly kind: "opened";
      readonly deployment: string;
      readonly stamp: Stamp;
      readonly reason: CircuitReason;
      /** What is left of it; null: until an operator resets it; 0: it is being probed. */
      readonly forMs: number | null;
      /** How long it opens when nothing else is said; a failed probe doubles it. */
      readonly openMs: number;
      /** How long after `forMs` the news is worth keeping for a replica that starts later. */
      readonly probingMs: number;
      /** Who ordered it; absent: nobody did, or an earlier release has told it. */
      readonly by?: string;
    }
  | {
      readonly kind: "closed";
      readonly deployment: string;
      readonly stamp: Stamp;
      /** By an operator, not by probes that went well. */
      readonly ordered: boolean;
      readonly by?: string;
    }
  /** `forMs` 0: it is over, whatever was told before. */
  | { readonly kind: "cooling"; readonly quotaGroup: string; readonly forMs: number };

/** One of the probes of a half-open period. */
export interface ProbeQuestion {
  readonly deployment: string;
  /** The opening that the period follows. */
  readonly period: Stamp;
  /** How many probes the period has; all must be good. */
  readonly probes: number;
  /** For how long a probe whose replica is never heard of again keeps its place. Milliseconds. */
  readonly leaseMs: number;
}

/** The right to make one of the fleet's probes. */
export interface ProbeClaim {
  /**
   * Says how it went: `none` gives the place to another replica; a last `good` closes the circuit, which is told
   * to every replica with `stamp`, this one among them.
   */
  settle(verdict: HealthSignal, stamp: Stamp): void;
}

export interface SharedState {
  /** Tells every other replica, soon where that is possible. Returns at once and never throws. */
  publish(news: FleetNews): void;
  /**
   * Calls `listener` with what others tell, and with all that still holds whenever a connection is made. What
   * `standing` says then, and from time to time, is told again to those who do not know it: whoever keeps it may have
   * lost it.
   */
  follow(listener: (news: FleetNews) => void, standing?: () => readonly FleetNews[]): void;
  /** All that holds now is told to the listener again: at once, or with the next connection. */
  refresh(): void;
  /** Takes down the order of that stamp, soon where that is possible; a later one stays. Others are not told. */
  withdraw(deployment: string, stamp: Stamp): void;
  /**
   * `held`: every place is taken. `unknown`: nobody could say in time, at once where that is foreseeable.
   * Never rejects.
   */
  claimProbe(question: ProbeQuestion): Promise<ProbeClaim | "held" | "unknown">;
  /** Ends what is under way; nothing is told from then on. */
  close(): Promise<void>;
}

/**
 * What the news is about: of the same subject the later news takes the earlier one's place. What circuits find out of
 * a deployment (`d:`), what an operator orders of it (`o:`) and the cooldown of a quota group (`q:`) are three.
 */
export function subjectOf(news: FleetNews): string {
  if (news.kind === "cooling") return `q:${news.quotaGroup}`;
  const isOrder = news.kind === "closed" ? news.ordered : news.reason === "forced";
  return isOrder ? orderSubjectOf(news.deployment) : `d:${news.deployment}`;
}

/**
 * How long the news is worth keeping once it is over, for a replica that starts later or was out of reach, milliseconds;
 * null: for ever. That a cooldown was ended outlasts every cooldown that somebody may still go by.
 */
export function keptAfterMs(news: FleetNews): number | null {
  if (news.kind === "cooling") return news.forMs === 0 ? LONGEST_NEWS_MS : 0;
  return news.kind === "closed" || news.forMs === null ? null : news.probingMs;
}

export function orderSubjectOf(deployment: string): string {
  return `o:${deployment}`;
}

/** Whether `a` is later than `b`; null is earlier than everything. */
export function isLater(a: Stamp, b: Stamp | null): boolean {
  if (b === null) return true;
  return a.at === b.at ? a.origin > b.origin : a.at > b.at;
}
