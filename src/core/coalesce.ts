/**
 * What is ready in one turn of the event loop, done together. Owns the order and when the turn is over.
 *
 * Two things make it worth while. A write to a process that sleeps wakes it, which costs the kernel more than the
 * write does; the writes after it find it awake. And the same step of many requests, one after the other, runs on
 * code that the processor still has at hand, where each request on its own walks through all of it.
 */

export interface Task {
  run(): void;
}

/** Runs `task` at the end of this turn or before, in the order of the calls. */
export type Coalesce = (task: Task) => void;

export interface Turns {
  /** Runs its argument when everything has run that was ready to. */
  endOfTurn(run: () => void): void;
  /** Milliseconds, of any clock that does not run backwards. */
  now(): number;
}

/** Tasks that wait at the most. */
const MOST = 64;
/** Milliseconds from the first task on. */
const PATIENCE_MS = 5;

/**
 * Of a turn that is long nobody waits for the end: with `most` tasks, or when one comes and the first has waited
 * `patienceMs`, all run at once. A task that throws takes no other one with it.
 */
export function createCoalescer(
  { endOfTurn, now }: Turns,
  { most = MOST, patienceMs = PATIENCE_MS }: { readonly most?: number; readonly patienceMs?: number } = {},
): Coalesce {
  let waiting: Task[] = [];
  let since = 0;
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    endOfTurn(turnIsOver);
  };
  const runAll = (): void => {
    const ready = waiting;
    waiting = [];
    let done = 0;
    try {
      while (done < ready.length) ready[done++]?.run();
    } finally {
      if (done < ready.length) {
        waiting = [...ready.slice(done), ...waiting];
        schedule();
      }
    }
  };
  const turnIsOver = (): void => {
    scheduled = false;
    runAll();
  };
  return (task) => {
    const length = waiting.push(task);
    if (length === 1) {
      since = now();
      schedule();
    } else if (length >= most || now() - since >= patienceMs) runAll();
  };
}
