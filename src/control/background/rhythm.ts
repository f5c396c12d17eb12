/** Something that is done again and again, one at a time, and sooner when it is woken. Knows nothing of what. */
import type { Clock, Timer } from "../../core/clock.ts";

export interface Rhythm {
  /** Now, or again as soon as the one under way is over. */
  wake(): void;
  /** Resolves when the one under way is over; others follow. */
  settled(): Promise<void>;
  /** Resolves when none is under way; none follows. */
  stop(): Promise<void>;
}

/** `work` never rejects, and answers with the milliseconds until it is to be done again. Starts at once. */
export function startRhythm(clock: Clock, work: () => Promise<number>): Rhythm {
  let underway: Promise<void> | null = null;
  let again = false;
  let stopping = false;
  let timer: Timer | null = null;
  const beat = async (): Promise<void> => {
    const delay = await work();
    underway = null;
    if (stopping) return;
    timer = clock.after(again ? 0 : delay, wake);
    again = false;
  };
  const wake = (): void => {
    if (stopping) return;
    if (underway) {
      again = true;
      return;
    }
    timer?.cancel();
    underway = beat();
  };
  const settled = async (): Promise<void> => {
    await underway;
  };
  wake();
  return {
    wake,
    settled,
    async stop() {
      stopping = true;
      timer?.cancel();
      await settled();
    },
  };
}
