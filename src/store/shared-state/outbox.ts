/** News that waits to be told. Owns what replaces what and how much waits; knows no connection. */
import { type FleetNews, subjectOf } from "../../resilience/shared-state.ts";

/** Of one deployment or quota group only the newest counts, so this bounds subjects and not time. */
const MAX_WAITING = 1000;

interface Waiting {
  readonly news: FleetNews;
  readonly since: number;
}

export interface Outbox {
  /** Replaces what waits of the same subject; beyond the bound the oldest is dropped. */
  put(news: FleetNews, now: number): void;
  /**
   * Takes all of it, with what is left of each duration. A cooldown that has run out is not told: nobody needs to know, and
   * as one of 0 it would end everybody's.
   */
  take(now: number): readonly FleetNews[];
  /** What could not be told waits on, unless something newer has come. */
  giveBack(news: readonly FleetNews[], now: number): void;
  readonly size: number;
}

export function createOutbox(): Outbox {
  const waiting = new Map<string, Waiting>();
  const put = (news: FleetNews, now: number): void => {
    const subject = subjectOf(news);
    waiting.delete(subject);
    waiting.set(subject, { news, since: now });
    if (waiting.size <= MAX_WAITING) return;
    for (const oldest of waiting.keys()) {
      waiting.delete(oldest);
      return;
    }
  };
  return {
    put,
    take(now) {
      const taken = [...waiting.values()].flatMap((one) => {
        const news = aged(one.news, now - one.since);
        return isOver(news) && !isOver(one.news) ? [] : [news];
      });
      waiting.clear();
      return taken;
    },
    giveBack(news, now) {
      for (const one of news) if (!waiting.has(subjectOf(one))) put(one, now);
    },
    get size() {
      return waiting.size;
    },
  };
}

function isOver(news: FleetNews): boolean {
  return news.kind === "cooling" && news.forMs === 0;
}

function aged(news: FleetNews, ms: number): FleetNews {
  if (news.kind === "closed" || news.forMs === null) return news;
  return { ...news, forMs: Math.max(0, news.forMs - ms) };
}
