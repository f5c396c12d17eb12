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

/**
 * Of a turn that has much to do nobody waits for the end: `most` tasks run at once. `endOfTurn` runs its argument when
 * everything has run that was ready to. A task that throws takes no other one with it.
 */
export function createCoalescer(endOfTurn: (run: () => void) => void, most = 64): Coalesce {
  let waiting: Task[] = [];
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
    waiting.push(task);
    if (waiting.length >= most) runAll();
    else schedule();
  };
}
