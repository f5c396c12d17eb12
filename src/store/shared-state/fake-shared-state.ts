/** Replicas in one process: everything that a driver does, in memory. Owns a hub that several of them share. */
import type { Clock } from "../../core/clock.ts";
import {
  type FleetNews,
  isLater,
  keptAfterMs,
  orderSubjectOf,
  type ProbeClaim,
  type ProbeQuestion,
  type SharedState,
  type Stamp,
  subjectOf,
} from "../../resilience/shared-state.ts";
import { createOutbox } from "./outbox.ts";

interface Fact {
  readonly news: FleetNews;
  readonly until: number;
  readonly keptUntil: number;
}

interface Place {
  /** Null: it was good. */
  readonly holder: object | null;
  readonly until: number;
}

export interface FakeHub {
  /** A replica's connection. */
  connect(): SharedState & { readonly reachable: (is: boolean) => void };
  /** What is kept is lost, as by a restart; replicas notice when they are reachable again. */
  lose(): void;
}

export function createFakeHub(clock: Clock): FakeHub {
  const facts = new Map<string, Fact>();
  const places = new Map<string, Place>();
  const replicas = new Set<Replica>();

  const tell = (news: FleetNews, from: Replica | null): void => {
    for (const replica of replicas) if (replica !== from) replica.hear(news);
  };
  const keep = (news: FleetNews): void => {
    const name = subjectOf(news);
    const fact = facts.get(name);
    if (fact && fact.keptUntil > clock.now() && !mayReplace(news, fact)) return;
    facts.set(name, factOf(news, clock.now()));
  };
  const holding = (): readonly FleetNews[] =>
    [...facts.values()]
      .filter(({ keptUntil }) => keptUntil > clock.now())
      .map((fact) => aged(fact, clock.now()));
  const claim = (question: ProbeQuestion): ProbeClaim | "held" => {
    const names = placesOf(question);
    const free = names.find((name) => (places.get(name)?.until ?? 0) <= clock.now());
    if (free === undefined) return "held";
    const holder = {};
    places.set(free, { holder, until: clock.now() + question.leaseMs });
    return {
      settle(verdict, stamp) {
        if (places.get(free)?.holder !== holder) return;
        if (verdict === "none") places.delete(free);
        if (verdict !== "good") return;
        places.set(free, { holder: null, until: clock.now() + 10 * question.leaseMs });
        const good = names.filter((name) => places.get(name)?.holder === null);
        if (good.length === names.length) close(question, stamp);
      },
    };
  };
  const close = ({ deployment, period }: ProbeQuestion, stamp: Stamp): void => {
    const news = { kind: "closed", deployment, stamp, ordered: false } as const;
    const isPeriods = (subject: string): boolean => {
      const before = facts.get(subject)?.news;
      if (before?.kind !== "opened") return false;
      return before.stamp.at === period.at && before.stamp.origin === period.origin;
    };
    if (!isPeriods(subjectOf(news)) && !isPeriods(subjectOf({ ...news, ordered: true }))) return;
    keep(news);
    tell(news, null);
  };

  const knows = (news: FleetNews): boolean => {
    const fact = facts.get(subjectOf(news));
    return fact !== undefined && fact.keptUntil > clock.now() && !mayReplace(news, fact);
  };
  const withdraw = (deployment: string, { at, origin }: Stamp): void => {
    const news = facts.get(orderSubjectOf(deployment))?.news;
    if (!news || news.kind === "cooling") return;
    if (news.stamp.at === at && news.stamp.origin === origin) facts.delete(subjectOf(news));
  };

  return {
    connect() {
      const hub = { tell, keep, holding, claim, knows, withdraw };
      const replica = new Replica(hub, clock, () => replicas.delete(replica));
      replicas.add(replica);
      return replica;
    },
    lose() {
      facts.clear();
      places.clear();
    },
  };
}

interface Hub {
  tell(news: FleetNews, from: Replica): void;
  keep(news: FleetNews): void;
  holding(): readonly FleetNews[];
  claim(question: ProbeQuestion): ProbeClaim | "held";
  /** Whether that, or something later, is kept. */
  knows(news: FleetNews): boolean;
  withdraw(deployment: string, stamp: Stamp): void;
}

class Replica implements SharedState {
  readonly #hub: Hub;
  readonly #leave: () => void;
  #listener: (news: FleetNews) => void = () => undefined;
  #standing: () => readonly FleetNews[] = () => [];
  readonly #clock: Clock;
  readonly #waiting = createOutbox();
  #withdrawn: (readonly [deployment: string, stamp: Stamp])[] = [];
  #reachable = true;
  #closed = false;

  constructor(hub: Hub, clock: Clock, leave: () => void) {
    this.#hub = hub;
    this.#clock = clock;
    this.#leave = leave;
  }

  readonly reachable = (is: boolean): void => {
    this.#reachable = is;
    if (!is) return;
    for (const news of this.#waiting.take(this.#clock.now())) this.publish(news);
    for (const [deployment, stamp] of this.#withdrawn.splice(0)) this.withdraw(deployment, stamp);
    this.#remind();
    this.refresh();
  };

  hear(news: FleetNews): void {
    queueMicrotask(() => {
      if (this.#reachable && !this.#closed) this.#listener(news);
    });
  }

  publish(news: FleetNews): void {
    if (this.#closed) return;
    if (!this.#reachable) {
      this.#waiting.put(news, this.#clock.now());
      return;
    }
    this.#hub.keep(news);
    this.#hub.tell(news, this);
  }

  follow(listener: (news: FleetNews) => void, standing: () => readonly FleetNews[] = () => []): void {
    this.#listener = listener;
    this.#standing = standing;
    this.#remind();
    this.refresh();
  }

  refresh(): void {
    for (const news of this.#hub.holding()) this.hear(news);
  }

  withdraw(deployment: string, stamp: Stamp): void {
    if (this.#closed) return;
    if (this.#reachable) this.#hub.withdraw(deployment, stamp);
    else this.#withdrawn.push([deployment, stamp]);
  }

  #remind(): void {
    for (const news of this.#standing()) if (!this.#hub.knows(news)) this.publish(news);
  }

  async claimProbe(question: ProbeQuestion): Promise<ProbeClaim | "held" | "unknown"> {
    return this.#reachable && !this.#closed ? this.#hub.claim(question) : "unknown";
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leave();
  }
}

function factOf(news: FleetNews, now: number): Fact {
  const forMs = news.kind === "closed" ? 0 : (news.forMs ?? Number.POSITIVE_INFINITY);
  const until = now + forMs;
  return { news, until, keptUntil: until + (keptAfterMs(news) ?? Number.POSITIVE_INFINITY) };
}

function mayReplace(news: FleetNews, { news: before }: Fact): boolean {
  return news.kind === "cooling" || before.kind === "cooling" || isLater(news.stamp, before.stamp);
}

function aged({ news, until }: Fact, now: number): FleetNews {
  if (news.kind === "closed" || news.forMs === null) return news;
  return { ...news, forMs: Math.max(0, until - now) };
}

function placesOf({ deployment, period, probes }: ProbeQuestion): readonly string[] {
  return Array.from({ length: probes }, (_, index) => `${deployment} ${period.at} ${period.origin} ${index}`);
}
