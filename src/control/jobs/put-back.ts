/**
 * How long a message is put back for because its use case runs as many as it may. Owns the estimate: about half
 * the time until its turn, so that a flood is looked at rarely and nobody waits for it, and the next of it is there
 * in time. It is no try.
 */
import type { Clock, Random } from "../../core/clock.ts";

const LEAST_MS = 100;
/** Not too many receptions of one message, which SQS counts; not too long where others have emptied the queue. */
const MOST_MS = 5 * 60_000;
/** Before a request of the use case was seen to end. */
const GUESSED_MS = 1_000;
/** Weight of the newest duration. */
const NEWEST = 0.2;
/** Put-back messages that are remembered, of all use cases. */
const REMEMBERED = 50_000;

export interface PutBacks {
  /** Milliseconds. `concurrency`: how many of the use case run at once. */
  delayFor(useCase: string, id: string, concurrency: number): number;
  /** It is here again. */
  returned(id: string): void;
  /** So long a request of the use case took. */
  took(useCase: string, ms: number): void;
}

export function createPutBacks(clock: Clock, random: Random): PutBacks {
  /** When each comes back, and of which use case it is. */
  const out = new Map<string, { readonly useCase: string; readonly until: number }>();
  const piles = new Map<string, number>();
  const durations = new Map<string, number>();
  const remove = (id: string): void => {
    const known = out.get(id);
    if (!known || !out.delete(id)) return;
    const left = (piles.get(known.useCase) ?? 1) - 1;
    if (left > 0) piles.set(known.useCase, left);
    else piles.delete(known.useCase);
  };
  return {
    delayFor(useCase, id, concurrency) {
      remove(id);
      const pile = (piles.get(useCase) ?? 0) + 1;
      const turnMs = (pile * (durations.get(useCase) ?? GUESSED_MS)) / concurrency;
      const delay = Math.min(MOST_MS, Math.max(LEAST_MS, turnMs / 2)) * (0.5 + random() / 2);
      // The oldest are forgotten first: another replica may have taken them.
      const [oldest] = out.keys();
      if (out.size >= REMEMBERED && oldest !== undefined) remove(oldest);
      out.set(id, { useCase, until: clock.now() + delay });
      piles.set(useCase, pile);
      return delay;
    },
    returned: remove,
    took(useCase, ms) {
      const before = durations.get(useCase) ?? ms;
      durations.set(useCase, before + NEWEST * (ms - before));
    },
  };
}
