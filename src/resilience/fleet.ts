/**
 * One replica among others: what happens to a circuit here is told, what others tell is adopted, and a
 * half-open circuit's probes are counted over all of them. Owns what is news, which of two facts is the later, and
 * which orders hold; the circuits are health.ts's, the way between processes a driver's.
 *
 * Of each deployment there are two facts, and of each the later one holds everywhere: what circuits have found
 * out, and what an operator has ordered. An order to stay open goes before whatever is found out; a reset ends
 * it, and closes what had opened before it. So replicas that hear the same, in any order, come to the same.
 *
 * What circuits have found out is learnt anew; an order is not. So each is kept (`OrderKeeper`), comes back with
 * `restore`, and is told again to whoever may have lost it, a reset as well, or an older order would come back.
 */
import type { Clock } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import type { Opening } from "./circuit.ts";
import { type CircuitOrder, isOver, type OrderKeeper } from "./circuit-order.ts";
import type { FleetLink, Health } from "./health.ts";
import { type FleetNews, isLater, type ProbeClaim, type SharedState, type Stamp } from "./shared-state.ts";

/** For so long a refused claim is not asked for again: the probe of another replica takes longer. Milliseconds. */
const HELD_MS = 100;

/** Deployments that are remembered, those that earlier policies had among them: of these the oldest go first. */
const MAX_SEEN = 10_000;

export interface Fleet {
  /** For `createHealth`. */
  readonly link: FleetLink;
  /** Begins to listen on behalf of `health`, which was created with `link`. */
  join(health: Circuits): void;
  /** An order that an earlier process has kept, as if it were heard now. After `join`. */
  restore(order: CircuitOrder): void;
}

export interface FleetPorts {
  /** Null: this gateway shares nothing. */
  readonly shared: SharedState | null;
  readonly clock: Clock;
  /** An id of this process that no other one has. */
  readonly origin: string;
  readonly orders: OrderKeeper;
}

type Circuits = Pick<Health, "adopt" | "adoptCooldown" | "isOrderedOpen">;
type TurnNews = Exclude<FleetNews, { kind: "cooling" }>;

/** What was found out and ordered of one deployment, here or elsewhere. */
interface Seen {
  order: Stamp | null;
  /**
   * The order of that stamp; null: there was none, or it is forgotten, as with a policy that has no such deployment.
   */
  ordered: CircuitOrder | null;
  circuit: Stamp | null;
  /** The opening that `circuit` was about; null: it closed. */
  found: Opening | null;
  /** The opening whose probes are counted now. */
  period: Stamp | null;
  /** Until then another replica probes. */
  heldUntil: number;
}

export function createFleet({ shared, clock, origin, orders }: FleetPorts): Fleet {
  const everySeen = new Map<string, Seen>();
  const claims = new WeakMap<object, ProbeClaim>();
  let latest = 0;
  let health: Circuits | null = null;
  let known: ReadonlyMap<string, Deployment> = new Map();
  let openMs = 0;

  const nextStamp = (): Stamp => {
    latest = Math.max(latest + 1, clock.now());
    return { at: latest, origin };
  };
  const seenOf = (deployment: string): Seen => {
    let seen = everySeen.get(deployment);
    if (!seen) {
      seen = { order: null, ordered: null, circuit: null, found: null, period: null, heldUntil: 0 };
      everySeen.set(deployment, seen);
    }
    return seen;
  };
  const forget = (seen: Seen, order: CircuitOrder): void => {
    seen.ordered = null;
    orders.forget(order, isOver(order, clock.now()) ? "over" : "gone");
    shared?.withdraw(order.deployment, order.stamp);
  };
  /** Those that somebody may have to be told of again. */
  const standing = (): readonly FleetNews[] => {
    const now = clock.now();
    const found: FleetNews[] = [];
    for (const { ordered } of everySeen.values()) {
      if (ordered && !isOver(ordered, now)) {
        found.push(newsOf(ordered.deployment, ordered.stamp, openingBy(ordered, openMs), ordered.by, now));
      }
    }
    return found;
  };
  const hearTurn = (news: TurnNews, now: number): void => {
    latest = Math.max(latest, news.stamp.at);
    const { deployment } = news;
    // A policy that brings it in asks what holds then: nobody is told of what is withdrawn until then.
    if (!known.has(deployment)) return;
    const seen = seenOf(deployment);
    const before = seen.order;
    const turn = hear(seen, news, health?.isOrderedOpen(deployment) ?? false, now);
    if (seen.order !== before) {
      seen.ordered = orderOf(news, now);
      orders.keep(seen.ordered);
    }
    if (turn === undefined) return;
    turnTo(seen, turn && news.stamp);
    health?.adopt(deployment, turn);
  };

  const link: FleetLink = {
    turned(deployment, opening, orderedBy, now) {
      const stamp = nextStamp();
      const seen = seenOf(deployment);
      const news = newsOf(deployment, stamp, opening, orderedBy, now);
      if (orderedBy !== null) {
        seen.order = stamp;
        seen.ordered = orderOf(news, now);
        orders.keep(seen.ordered);
      }
      if (orderedBy === null || opening === null) {
        seen.circuit = stamp;
        seen.found = opening;
      }
      turnTo(seen, opening && stamp);
      shared?.publish(news);
    },
    cooled: (quotaGroup, forMs) => shared?.publish({ kind: "cooling", quotaGroup, forMs }),
    claim(deployment, permit, { probes, maxOpenMs }) {
      const seen = everySeen.get(deployment);
      if (shared === null || !seen?.period) return null;
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
    reconfigured(deployments, settings) {
      const before = known;
      known = deployments;
      openMs = settings.openMs;
      for (const [deployment, seen] of everySeen) {
        if (known.has(deployment)) continue;
        if (seen.ordered) forget(seen, seen.ordered);
        if (shared === null || everySeen.size > MAX_SEEN) everySeen.delete(deployment);
      }
      for (const deployment of known.keys()) {
        if (before.has(deployment)) continue;
        shared?.refresh();
        break;
      }
    },
  };

  return {
    link,
    join(circuits) {
      health = circuits;
      shared?.follow((news) => {
        const now = clock.now();
        if (news.kind === "cooling") circuits.adoptCooldown(news.quotaGroup, now + news.forMs);
        else hearTurn(news, now);
      }, standing);
    },
    restore(order) {
      const now = clock.now();
      latest = Math.max(latest, order.stamp.at);
      const seen = seenOf(order.deployment);
      const isKnown = known.has(order.deployment);
      if (isKnown && !isLater(order.stamp, seen.order)) return;
      if (isOver(order, now) || !isKnown) forget(seen, order);
      else hearTurn(newsOf(order.deployment, order.stamp, openingBy(order, openMs), order.by, now), now);
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

/** Null: closed. */
function openingBy({ verb, until }: CircuitOrder, openMs: number): Opening | null {
  return verb === "reset" ? null : { reason: "forced", until: until ?? Number.POSITIVE_INFINITY, openMs };
}

function orderOf(news: TurnNews, now: number): CircuitOrder {
  const { deployment, stamp, by = "unknown" } = news;
  if (news.kind === "closed") return { deployment, verb: "reset", until: null, stamp, by };
  const until = news.forMs === null ? null : now + news.forMs;
  return { deployment, verb: "force-open", until, stamp, by };
}

function newsOf(
  deployment: string,
  stamp: Stamp,
  opening: Opening | null,
  orderedBy: string | null,
  now: number,
): TurnNews {
  const by = orderedBy === null ? {} : { by: orderedBy };
  if (opening === null) return { kind: "closed", deployment, stamp, ordered: orderedBy !== null, ...by };
  const { reason, until, openMs } = opening;
  const forMs = Number.isFinite(until) ? Math.max(0, until - now) : null;
  return { kind: "opened", deployment, stamp, reason, forMs, openMs, probingMs: 2 * openMs, ...by };
}
