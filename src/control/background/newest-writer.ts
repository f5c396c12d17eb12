/**
 * One thing on its way to the disk, of which only the newest state counts. Owns that it is tried until it is there,
 * since the next start reads what is; knows nothing of what it is.
 */
import { type Clock, type Timer, within } from "../../core/clock.ts";

export interface NewestWriterPorts<T> {
  readonly clock: Clock;
  write(state: T): Promise<void>;
  /** Told once, and again every hour for as long as it cannot be written. */
  onFailed(thrown: unknown): void;
}

export interface NewestWriter<T> {
  /** Resolves when it was tried once. */
  save(state: T): Promise<void>;
  /** One that is in force, and saved, a moment later. Rejects where the disk does not take it. */
  saveAhead(state: T): Promise<void>;
  /** Whether the disk has what was saved last. */
  readonly isKept: boolean;
  /** Tries what is not there yet a last time, for a moment. */
  close(): Promise<void>;
}

const AGAIN_MS = 1000;
const REMIND_EVERY_MS = 60 * 60_000;
const LAST_TRY_MS = 2000;

export function createNewestWriter<T>(ports: NewestWriterPorts<T>): NewestWriter<T> {
  const { clock } = ports;
  let newest: { readonly state: T } | null = null;
  let isKept = true;
  let isClosed = false;
  let toldAt: number | null = null;
  let timer: Timer | null = null;
  let writing: Promise<void> = Promise.resolve();
  const attempt = async (): Promise<void> => {
    timer?.cancel();
    const tried = newest;
    if (tried === null) return;
    try {
      await ports.write(tried.state);
      if (tried !== newest) return;
      isKept = true;
      toldAt = null;
    } catch (thrown) {
      isKept = false;
      const now = clock.now();
      if (toldAt === null || now - toldAt >= REMIND_EVERY_MS) {
        toldAt = now;
        ports.onFailed(thrown);
      }
      timer?.cancel();
      if (!isClosed) timer = clock.after(AGAIN_MS, () => void enqueue());
    }
  };
  // One after the other: the last one to be written is the newest.
  const enqueue = (): Promise<void> => {
    writing = writing.then(attempt);
    return writing;
  };
  return {
    save(state) {
      newest = { state };
      return enqueue();
    },
    saveAhead(state) {
      const before = newest;
      const saved = writing.then(async () => {
        await ports.write(state);
        if (newest !== before) return;
        // What it takes the place of is not to take its place.
        timer?.cancel();
        newest = { state };
        isKept = true;
        toldAt = null;
      });
      writing = saved.catch(() => {});
      return saved;
    },
    get isKept() {
      return isKept;
    },
    async close() {
      isClosed = true;
      timer?.cancel();
      await within(clock, LAST_TRY_MS, writing);
      if (!isKept) await within(clock, LAST_TRY_MS, enqueue());
    },
  };
}
