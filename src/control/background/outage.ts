/** What a loop cannot reach, as the operator's log hears of it. Owns that it is told once; knows neither what nor how. */

/** Of one loop: another's success says nothing of what this one cannot reach. */
export interface Outage {
  /** Reported where it is the first since the last `over`. */
  failed(thrown: unknown): void;
  /** It was reached. */
  over(): void;
}

/** A store that is away for an hour is one event and not a thousand. */
export function createOutage(report: (thrown: unknown) => void): Outage {
  let isKnown = false;
  return {
    failed(thrown) {
      if (!isKnown) report(thrown);
      isKnown = true;
    },
    over() {
      isKnown = false;
    },
  };
}
