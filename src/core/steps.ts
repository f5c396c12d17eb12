/** Long work cut into steps, so that others get their turn in between. Owns the pauses; knows no work. */

/** Yields wherever it may be interrupted, and returns its result. */
export type Steps<T> = Generator<void, T, void>;

/** All of it at once. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export interface Pauses {
  /** Milliseconds of any clock. */
  now(): number;
  /** Resolves when everybody else had a turn. */
  pause(): Promise<void>;
  /** Milliseconds that may be spent in one go; one step may take longer. */
  readonly sliceMs: number;
}

/** A slice at a time. Rejects with what a step throws. */
export async function runInSlices<T>(steps: Steps<T>, { now, pause, sliceMs }: Pauses): Promise<T> {
  for (let sliceEnd = now() + sliceMs; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (now() < sliceEnd) continue;
    await pause();
    sliceEnd = now() + sliceMs;
  }
}
