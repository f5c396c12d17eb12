/**
 * What a drill's requests amount to: counts, percentiles, second by second. Owns the sums, in memory that does not
 * grow with the number of requests; passes no judgement.
 */
import { Histogram } from "./histogram.ts";
import { type Ending, isAvailable, isUnexplained, type Observation } from "./observation.ts";

/** By whom a request was served, as a timeline shows it: a rung, the policy's words, a refusal, or not at all. */
export const SERVED = ["primary", "cross-region", "fallback", "degraded", "refused", "failed"] as const;
export type Served = (typeof SERVED)[number];

/** The requests that were due in one second. */
export interface Second {
  readonly counts: Record<Served, number>;
  /** Of the requests that ended in it; null where none did. */
  p99Ms: number | null;
}

export interface WindowView {
  readonly ended: number;
  readonly available: number;
  readonly degraded: number;
  readonly hung: number;
  readonly truncated: number;
  readonly latency: Histogram;
}

/** A second's ends, kept for a minute. */
interface Recent {
  second: number;
  ended: number;
  available: number;
  degraded: number;
  hung: number;
  truncated: number;
  readonly latency: Histogram;
}

const KEPT_SECONDS = 61;
/** Different error codes that are told apart. */
const MAX_CODES = 32;

export class Tally {
  sent = 0;
  /** Requests that ended, the cancelled ones left out. */
  ended = 0;
  late = 0;
  /** Due, and never sent. */
  unsent = 0;
  unexplained = 0;
  readonly endings = new Map<Ending, number>();
  readonly rungs = new Map<string, number>();
  readonly codes = new Map<string, number>();
  readonly useCases = new Map<string, { ended: number; available: number }>();
  readonly latency = new Histogram();
  readonly firstToken = new Histogram();
  readonly lag = new Histogram();
  readonly seconds: Second[] = [];
  readonly #recent: Recent[] = [];

  count(ending: Ending): number {
    return this.endings.get(ending) ?? 0;
  }

  /** `dueMs` and `endedMs` count from the load's begin. */
  add(seen: Observation, dueMs: number, endedMs: number): void {
    const { ending } = seen;
    increase(this.endings, ending);
    if (ending === "cancelled") return;
    this.ended++;
    if (seen.late) this.late++;
    if (isUnexplained(ending)) this.unexplained++;
    increase(this.rungs, seen.rung ?? "none");
    if (seen.code !== null) increase(this.codes, this.codes.size < MAX_CODES ? seen.code : "other");
    this.latency.add(seen.latencyMs);
    this.lag.add(seen.lagMs);
    if (seen.firstTokenMs !== null) this.firstToken.add(seen.firstTokenMs);
    const useCase = this.useCases.get(seen.useCase) ?? { ended: 0, available: 0 };
    useCase.ended++;
    if (isAvailable(ending)) useCase.available++;
    this.useCases.set(seen.useCase, useCase);
    this.second(Math.floor(dueMs / 1000)).counts[servedBy(seen)]++;
    this.#addRecent(seen, Math.floor(endedMs / 1000));
  }

  second(index: number): Second {
    while (this.seconds.length <= index) {
      const counts = { primary: 0, "cross-region": 0, fallback: 0, degraded: 0, refused: 0, failed: 0 };
      this.seconds.push({ counts, p99Ms: null });
    }
    const found = this.seconds[index];
    if (!found) throw new RangeError("Seconds are counted from 0.");
    return found;
  }

  /** The last so many whole seconds before `second`. */
  window(second: number, seconds: number): WindowView {
    const latency = new Histogram();
    const sum = { ended: 0, available: 0, degraded: 0, hung: 0, truncated: 0 };
    for (const recent of this.#recent) {
      if (!recent || recent.second >= second || recent.second < second - seconds) continue;
      sum.ended += recent.ended;
      sum.available += recent.available;
      sum.degraded += recent.degraded;
      sum.hung += recent.hung;
      sum.truncated += recent.truncated;
      latency.merge(recent.latency);
    }
    return { ...sum, latency };
  }

  #addRecent(seen: Observation, second: number): void {
    const recent = this.#recentOf(second);
    recent.ended++;
    if (isAvailable(seen.ending)) recent.available++;
    if (seen.ending === "degraded") recent.degraded++;
    if (seen.ending === "hung") recent.hung++;
    if (seen.ending === "truncated") recent.truncated++;
    recent.latency.add(seen.latencyMs);
    this.second(second).p99Ms = recent.latency.percentile(0.99);
  }

  #recentOf(second: number): Recent {
    const slot = second % KEPT_SECONDS;
    const known = this.#recent[slot];
    if (known?.second === second) return known;
    const latency = known?.latency ?? new Histogram();
    latency.clear();
    const fresh = { second, ended: 0, available: 0, degraded: 0, hung: 0, truncated: 0, latency };
    this.#recent[slot] = fresh;
    return fresh;
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function servedBy({ ending, rung }: Observation): Served {
  if (ending === "degraded" || ending === "refused") return ending;
  if (ending !== "answered") return "failed";
  return rung === "primary" || rung === "cross-region" ? rung : "fallback";
}
