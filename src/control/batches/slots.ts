/** Places for requests, first come first served: what waits longest goes next, whichever batch it is of. */

export interface Slots {
  /** True: a place is taken. False: `signal` aborted first. */
  take(signal: AbortSignal): Promise<boolean>;
  give(): void;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: ((taken: boolean) => void)[] = [];
  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (free > 0) {
        free--;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const waiter = (taken: boolean): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(taken);
        };
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(waiter), 1);
          resolve(false);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        waiting.push(waiter);
      });
    },
    give() {
      const next = waiting.shift();
      if (next) next(true);
      else free++;
    },
  };
}
