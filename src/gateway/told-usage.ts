/**
 * The usage that a caller is told. Owns when that is the gateway's estimate: where its dialect knows no answer without.
 */
import type { StreamEvent, Usage } from "../core/events.ts";
import type { AnyWire } from "../providers/wire-registry.ts";

export type FinishEvent = Extract<StreamEvent, { type: "finish" }>;

/** Whether `event` ends an answer that nobody counted, for a caller of `wire` who must be told a count. */
export function lacksUsage(event: StreamEvent | undefined, wire: AnyWire): event is FinishEvent {
  return event?.type === "finish" && event.usage === null && wire.alwaysCounts === true;
}

/** A whole answer's events with `estimate` where they lack a usage; null: nobody made one. */
export function withUsage(
  events: readonly StreamEvent[],
  wire: AnyWire,
  estimate: Usage | null,
): readonly StreamEvent[] {
  const last = events[events.length - 1];
  if (estimate === null || !lacksUsage(last, wire)) return events;
  return events.with(-1, { ...last, usage: estimate, estimated: true });
}
