/**
 * What has happened and is to be written down, each entry in its turn. Owns that entries which a store does not take
 * now are kept for it, in order; knows nothing of what they tell.
 */
import { type Clock, type Timer, within } from "../../core/clock.ts";

export interface BacklogPorts<T> {
  readonly clock: Clock;
  write(entry: T): Promise<void>;
  /** It is not written yet, and will be tried again: told once of each entry. */
  onLate(entry: T, thrown: unknown): void;
  /** It never will be: too many wait, or this is the end. */
  onLost(entry: T): void;
}

export interface Backlog<T> {
  /** Resolves when the entry is written, or has to wait. Never rejects. */
  add(entry: T): Promise<void>;
  /** What is not written yet, oldest first; the first one may be about to be. */
  waiting(): readonly T[];
  /** Tries what waits a last time, for a moment. */
  close(): Promise<void>;
}

/** Entries that wait at the most: a store that is away for a day is not to fill the memory. */
export const MAX_WAITING = 1000;
const AGAIN_MS = 1000;
/** More than a store waits for whoever has locked it. */
const LAST_TRY_MS = 6000;

interface Waiting<T> {
  readonly entry: T;
  told: boolean;
}

export function createBacklog<T>({ clock, write, onLate, onLost }: BacklogPorts<T>): Backlog<T> {
  const waiting: Waiting<T>[] = [];
  let isClosed = false;
  /** The end has come while `underWay` was being written: whether it is lost is not known yet. */
  let isOver = false;
  let underWay: Waiting<T> | null = null;
  let timer: Timer | null = null;
  let writing: Promise<void> = Promise.resolve();
  const notWritten = (tried: Waiting<T>, thrown: unknown): void => {
    if (isOver) {
      onLost(tried.entry);
      return;
    }
    for (const late of waiting) {
      if (!late.told) onLate(late.entry, thrown);
      late.told = true;
    }
    if (!isClosed) timer = clock.after(AGAIN_MS, () => void enqueue());
  };
  const attempt = async (): Promise<void> => {
    timer?.cancel();
    timer = null;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      underWay = next;
      try {
        await write(next.entry);
        if (waiting[0] === next) waiting.shift();
      } catch (thrown) {
        notWritten(next, thrown);
        return;
      } finally {
        underWay = null;
      }
    }
  };
  const enqueue = (): Promise<void> => {
    writing = writing.then(attempt);
    return writing;
  };
  return {
    async add(entry) {
      if (isClosed || waiting.length >= MAX_WAITING) {
        onLost(entry);
        return;
      }
      waiting.push({ entry, told: false });
      await enqueue();
    },
    waiting: () => waiting.map(({ entry }) => entry),
    async close() {
      isClosed = true;
      timer?.cancel();
      isOver = (await within(clock, LAST_TRY_MS, enqueue())) === "late";
      for (const one of waiting.splice(0)) if (one !== underWay) onLost(one.entry);
    },
  };
}
