/**
 * One replica among others (E4): what happens to a circuit here is told, what others tell is adopted, and a
 * half-open circuit's probes are counted over all of them. Owns what is news and which of two facts is the
 * later; the circuits are health.ts's, the way between processes a driver's.
 *
 * Of each deployment there are two facts, and of each the later one holds everywhere: what circuits have found
 * out, and what an operator has ordered. An order to stay open goes before whatever is found out; a reset ends
 * it, and closes what had opened before it. So replicas that hear the same, in any order, come to the same.
 */
import type { Clock } from "../core/clock.ts";
import type { Opening } from "./circuit.ts";
import type { FleetLink, Health } from "./health.ts";
import { type FleetNews, isLater, type ProbeClaim, type SharedState, type Stamp } from "./shared-state.ts";

/** For so long a refused claim is not asked for again: the probe of another replica takes longer. Milliseconds. */
const HELD_MS = 100;

/** Deployments that are remembered, those of other policies among them; what is told of more is passed over. */
const MAX_SEEN = 10_000;

export interface Fleet {
  /** For `createHealth`. */
  readonly link: FleetLink;
  /** Begins to listen on behalf of `health`, which was created with `link`. */
  join(health: Circuits): void;
}

type Circuits = Pick<Health, "adopt" | "adoptCooldown" | "isOrderedOpen">;
type TurnNews = Exclude<FleetNews, { kind: "cooling" }>;

/** What was found out and ordered of one deployment, here or elsewhere. */
interface Seen {
  order: Stamp | null;
  circuit: Stamp | null;
  /** The opening that `circuit` was about; null: it closed. */
  found: Opening | null;
  /** The opening whose probes are counted now. */
  period: Stamp | null;
  /** Until then another replica probes. */
  heldUntil: number;
}

/** `origin`: an id of this process that no other one has. */
export function createFleet(shared: SharedState, clock: Clock, origin: string): Fleet {
  const everySeen = new Map<string, Seen>();
  const claims = new WeakMap<object, ProbeClaim>();
  let latest = 0;

  const nextStamp = (): Stamp => {
    latest = Math.max(latest + 1, clock.now());
    return { at: latest, origin };
  };
  const seenOf = (deployment: string): Seen => {
    let seen = everySeen.get(deployment);
    if (!seen) {
      seen = { order: null, circuit: null, found: null, period: null, heldUntil: 0 };
      everySeen.set(deployment, seen);
    }
    return seen;
  };

  const link: FleetLink = {
    turned(deployment, opening, ordered, now) {
      const stamp = nextStamp();
      const seen = seenOf(deployment);
      if (ordered) seen.order = stamp;
      if (!ordered || opening === null) {
        seen.circuit = stamp;
        seen.found = opening;
      }
      turnTo(seen, opening && stamp);
      shared.publish(newsOf(deployment, stamp, opening, ordered, now));
    },
    cooled: (quotaGroup, forMs) => shared.publish({ kind: "cooling", quotaGroup, forMs }),
    claim(deployment, permit, { probes, maxOpenMs }) {
      const seen = everySeen.get(deployment);
      if (!seen?.period) return null;
      if (seen.heldUntil > clock.now()) return REFUSED;
      const { period } = seen;
      return shared.claimProbe({ deployment, period, probes, leaseMs: maxOpenMs }).then((answer) => {
        if (answer === "held") {
          seen.heldUntil = clock.now() + HELD_MS;
          return false;
        }
        if (answer !== "unknown") claims.set(permit, answer);
        return true;
      });
    },
    settled(permit, verdict) {
      claims.get(permit)?.settle(verdict, nextStamp());
      claims.delete(permit);
    },
  };

  return {
    link,
    join(health) {
      shared.follow((news) => {
        const now = clock.now();
        if (news.kind === "cooling") {
          health.adoptCooldown(news.quotaGroup, now + news.forMs);
          return;
        }
        latest = Math.max(latest, news.stamp.at);
        const { deployment } = news;
        if (everySeen.size >= MAX_SEEN && !everySeen.has(deployment)) return;
        const seen = seenOf(deployment);
        const turn = hear(seen, news, health.isOrderedOpen(deployment), now);
        if (turn === undefined) return;
        turnTo(seen, turn && news.stamp);
        health.adopt(deployment, turn);
      });
    },
  };
}

const REFUSED = Promise.resolve(false);

function turnTo(seen: Seen, period: Stamp | null): void {
  seen.period = period;
  seen.heldUntil = 0;
}

/** What the circuit is to adopt: an opening, null to close, or undefined to stay as it is. */
function hear(seen: Seen, news: TurnNews, isOrderedOpen: boolean, now: number): Opening | null | undefined {
  const { stamp } = news;
  const opening = openingOf(news, now);
  const isNewer = isLater(stamp, seen.circuit);
  if (!isOrder(news)) {
    if (!isNewer) return undefined;
    seen.circuit = stamp;
    seen.found = opening;
    return isOrderedOpen ? undefined : opening;
  }
  if (!isLater(stamp, seen.order)) return undefined;
  seen.order = stamp;
  if (opening !== null) {
    // One that is over, and has been followed by something.
    return news.kind === "opened" && news.forMs === 0 && !isNewer ? undefined : opening;
  }
  if (isNewer) {
    seen.circuit = stamp;
    seen.found = null;
    return null;
  }
  return isOrderedOpen ? seen.found : undefined;
}

function isOrder(news: TurnNews): boolean {
  return news.kind === "closed" ? news.ordered : news.reason === "forced";
}

function openingOf(news: TurnNews, now: number): Opening | null {
  if (news.kind === "closed") return null;
  const until = news.forMs === null ? Number.POSITIVE_INFINITY : now + news.forMs;
  return { reason: news.reason, until, openMs: news.openMs };
}

function newsOf(
  deployment: string,
  stamp: Stamp,
  opening: Opening | null,
  ordered: boolean,
  now: number,
): FleetNews {
  if (opening === null) return { kind: "closed", deployment, stamp, ordered };
  const { reason, until, openMs } = opening;
  const forMs = Number.isFinite(until) ? Math.max(0, until - now) : null;
  return { kind: "opened", deployment, stamp, reason, forMs, openMs, probingMs: 2 * openMs };
}
