/**
 * What is sent in one turn of the event loop, sent together. Owns the order and when the turn is over. A write to
 * somebody who sleeps wakes him, which costs the kernel more than the write does; the writes after it find him awake.
 */

/** Something that is ready to be sent. */
export interface Departing {
  /** Sends it. Must not throw. */
  depart(): void;
}

/** Sends `departing` at the end of this turn or before, in the order of the calls. */
export type Departures = (departing: Departing) => void;

/**
 * Of a turn that has much to send nobody waits for the end: `most` departures go at once. `endOfTurn` runs its argument
 * when everything has run that was ready to.
 */
export function createDepartures(endOfTurn: (run: () => void) => void, most = 16): Departures {
  let waiting: Departing[] = [];
  let scheduled = false;
  const leave = (): void => {
    const leaving = waiting;
    waiting = [];
    for (const departing of leaving) departing.depart();
  };
  const turnIsOver = (): void => {
    scheduled = false;
    leave();
  };
  return (departing) => {
    waiting.push(departing);
    if (waiting.length >= most) leave();
    else if (!scheduled) {
      scheduled = true;
      endOfTurn(turnIsOver);
    }
  };
}
