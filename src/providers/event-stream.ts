/**
 * A provider's streamed body as internal events. Owns bytes → frames → events and the promise that
 * exactly one terminal event comes last, whatever the socket does.
 */
import type { ByteReader } from "../core/bounded-body.ts";
import type { StreamEvent } from "../core/events.ts";
import { isContent, isTerminal } from "../core/events.ts";
import type { Fault } from "../core/faults.ts";
import type { Frame } from "../wires/frame.ts";
import type { Framing } from "../wires/framing.ts";
import { networkFault } from "./network-fault.ts";
import type { Watchdog } from "./watchdog.ts";
import type { AnyWire } from "./wire-registry.ts";

export interface EventStream {
  /** The events of the next piece of the body, never empty; not to be called after a terminal event. */
  next(): Promise<readonly StreamEvent[]>;
  /** Ends the call upstream. Harmless when it is already over. */
  cancel(why: Fault): void;
}

/** Reads `body` by `wire`, under `watchdog`, whose idle limit content renews and every other byte extends. */
export function openEventStream(
  wire: AnyWire,
  framing: Framing,
  body: ByteReader,
  watchdog: Watchdog,
): EventStream {
  const parser = framing.createParser();
  let state = wire.readStart();
  let over = false;

  const giveUp = (why: Fault): void => {
    over = true;
    watchdog.abort(why);
    body.cancel().catch(() => {});
  };
  // Reading to the last byte gives the connection back to the pool; the watchdog ends a body that lingers.
  const drain = async (): Promise<void> => {
    over = true;
    try {
      while (!(await body.read()).done);
    } catch {
      // The answer is complete; how its connection ends concerns nobody.
    }
    watchdog.stop();
  };
  const feed = (frames: readonly Frame[]): StreamEvent[] => {
    const events: StreamEvent[] = [];
    for (const frame of frames) {
      const [after, produced] = wire.step(state, frame);
      state = after;
      for (const event of produced) {
        events.push(event);
        if (isTerminal(event)) return events;
      }
    }
    if (parser.fault) events.push({ type: "fault", fault: parser.fault });
    return events;
  };
  /** The bytes ended: what the parser still held, then the wire's own end unless that was one. */
  const finish = (): StreamEvent[] => {
    const events = feed(parser.end());
    const last = events[events.length - 1];
    return last && isTerminal(last) ? events : [...events, ...wire.flush(state)];
  };

  return {
    async next() {
      while (!over) {
        let events: StreamEvent[];
        try {
          const { done, value } = await body.read();
          events = done || !value ? finish() : feed(parser.push(value));
        } catch (thrown) {
          events = [{ type: "fault", fault: watchdog.fault ?? networkFault(thrown) }];
        }
        if (events.length === 0) {
          watchdog.touch(false);
          continue;
        }
        const last = events[events.length - 1];
        if (last?.type === "finish") void drain();
        else if (last?.type === "fault") giveUp(last.fault);
        else watchdog.touch(events.some(isContent));
        return events;
      }
      return [{ type: "fault", fault: watchdog.fault ?? networkFault(null) }];
    },
    cancel: giveUp,
  };
}
