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
import { badAnswer, streamCut } from "../wires/provider-fault.ts";
import { ownCallIds, withOwnCallIds } from "./call-ids.ts";
import { networkFault } from "./network-fault.ts";
import type { Watchdog } from "./watchdog.ts";
import type { AnyWire } from "./wire-registry.ts";

export interface EventStream {
  /** The events of the next piece of the body, never empty; not to be called after a terminal event. */
  next(): Promise<readonly StreamEvent[]>;
  /** Ends the call upstream. Harmless when it is already over. */
  cancel(why: Fault): void;
}

/**
 * Reads `body` by `wire`, under `watchdog`, whose idle limit content renews and every other byte extends, and which
 * runs only while somebody waits for more: a reader that pauses is not the model's silence. An answer
 * that is all there is complete, however its stream goes on: lost, silent or with an error. Of `choices`, the number
 * that was asked for, each must have ended for that, since one that never began is told by the wire's own end alone.
 * `traceparent`: that of the call.
 */
export function openEventStream(
  wire: AnyWire,
  framing: Framing,
  body: ByteReader,
  watchdog: Watchdog,
  choices: number,
  traceparent: string,
): EventStream {
  const parser = framing.createParser();
  let state = wire.readStart();
  let over = false;
  /** Choices that were told to have ended, some of them more than once; null where there is but one. */
  const ended = choices === 1 ? null : new Set<number>();
  /** Ends that came together with words of their choice: who gives one with every piece means the last. */
  let held: readonly ChoiceEnd[] = NONE_HELD;
  let isTakenBack = false;
  let ownId: ReturnType<typeof ownCallIds> | null = null;

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
  /** How the answer ends where all of it has been told by now; null where something is missing. */
  const completion = (): readonly StreamEvent[] | null => {
    const flushed = wire.flush(state);
    if (flushed[flushed.length - 1]?.type !== "finish") return null;
    const ends = flushed.filter(isChoiceEnd);
    const events = [...held.filter(({ choice }) => !ends.some((end) => end.choice === choice)), ...flushed];
    if (ended === null) return events;
    return new Set([...ended, ...ends.map(({ choice }) => choice)]).size >= choices ? events : null;
  };
  const fail = (why: Fault): readonly StreamEvent[] => {
    // Whose ends are taken back has said nothing with the last of them.
    if (isTakenBack) return [{ type: "fault", fault: why }];
    return completion() ?? [...held, { type: "fault", fault: why }];
  };
  /** Whether `event` is kept back until more of its choice has come, or nothing more will. */
  const hold = (event: ChoiceEnd, produced: readonly StreamEvent[]): boolean => {
    const others = held.filter(({ choice }) => choice !== event.choice);
    const isHeld = produced.some((one) => speaksFor(one, event));
    held = isHeld ? [...others, event] : others;
    return isHeld;
  };
  const isHeldBack = (event: StreamEvent): boolean => held.some((end) => speaksFor(event, end));
  const feed = (frames: readonly Frame[]): StreamEvent[] => {
    const events: StreamEvent[] = [];
    for (const frame of frames) {
      const [after, produced] = wire.step(state, frame);
      for (const event of produced) {
        if (event.type === "fault") return events.concat(fail(event.fault));
        if (held.length > 0 && isHeldBack(event)) isTakenBack = true;
        if (event.type === "tool_call") {
          ownId ??= ownCallIds(traceparent);
          events.push(ownId(event));
          continue;
        }
        if (event.type === "choice_end") {
          ended?.add(event.choice);
          if (hold(event, produced)) continue;
        } else if (event.type === "finish" && held.length > 0) events.push(...held);
        events.push(event);
        if (event.type === "finish") return events;
      }
      state = after;
    }
    return parser.fault ? events.concat(fail(parser.fault)) : events;
  };
  /** The bytes ended: what the parser still held, then the wire's own end unless that was one. */
  const finish = (): readonly StreamEvent[] => {
    const frames = parser.end();
    if (frames[0]?.whole) return readWhole(wire, frames[0].data, traceparent);
    const events = feed(frames);
    const last = events[events.length - 1];
    return last && isTerminal(last) ? events : events.concat(completion() ?? lacking(wire.flush(state)));
  };

  return {
    async next() {
      watchdog.resume();
      while (!over) {
        let events: readonly StreamEvent[];
        try {
          const { done, value } = await body.read();
          events = done || !value ? finish() : feed(parser.push(value));
        } catch (thrown) {
          const why = watchdog.fault ?? networkFault(thrown);
          events = over ? [{ type: "fault", fault: why }] : fail(why);
        }
        if (events.length === 0) {
          watchdog.touch(false);
          continue;
        }
        const last = events[events.length - 1];
        if (last?.type === "finish") void drain();
        else if (last?.type === "fault") giveUp(last.fault);
        else {
          watchdog.touch(events.some(isContent));
          // Whoever has taken an end back may do it again, and is waited for as for any words; so is who gives a reason
          // together with words, until something without any has come.
          const isOver =
            !isTakenBack && (held.length > 0 ? !events.some(isHeldBack) : events.some(isChoiceEnd));
          if (isOver && completion() !== null) watchdog.complete();
          watchdog.pause();
        }
        return events;
      }
      return [{ type: "fault", fault: watchdog.fault ?? networkFault(null) }];
    },
    cancel: giveUp,
  };
}

/** The answer of a server that was asked to stream and did not. */
function readWhole(wire: AnyWire, data: string, traceparent: string): readonly StreamEvent[] {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return [{ type: "fault", fault: badAnswer() }];
  }
  return withOwnCallIds(wire.readAnswer(body), traceparent);
}

type ChoiceEnd = Extract<StreamEvent, { type: "choice_end" }>;

const NONE_HELD: readonly ChoiceEnd[] = [];

/** Whether `event` is a word of the choice that `end` ends; what one wire alone knows may be a note on it. */
function speaksFor(event: StreamEvent, { choice }: ChoiceEnd): boolean {
  if (event.type === "choice_end" || event.type === "opaque") return false;
  return "choice" in event && event.choice === choice;
}

function isChoiceEnd(event: StreamEvent): event is ChoiceEnd {
  return event.type === "choice_end";
}

/** An end that is proper for the choices that came, while one did not come at all. */
function lacking(ending: readonly StreamEvent[]): readonly StreamEvent[] {
  const isProper = ending[ending.length - 1]?.type === "finish";
  return isProper ? [{ type: "fault", fault: streamCut() }] : ending;
}
