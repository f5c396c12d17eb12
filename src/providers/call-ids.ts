/**
 * Ids of an answer's tool calls. Owns that no two calls of one choice share one, whichever wire they came by, nor two
 * answers of a server that only counts its calls.
 */
import type { StreamEvent } from "../core/events.ts";

export type CallEvent = Extract<StreamEvent, { type: "tool_call" }>;

/** OpenAI takes ids of 40 characters; what is added stays below that. */
const MAX_KEPT = 36;
/** `0`, `call_0`, or what a wire makes where neither the call nor the answer has an id: the same in every answer. */
const COUNTED = /^(?:(?:gemini_)?call_+)?\d{1,3}(?:_\d{1,3})?$/;

/**
 * Gives each call of one answer, in their order, an id that no earlier call of its choice has, nor one of another
 * answer: results of tools name their call by it. The provider's own is kept wherever it can be. `traceparent`: of the
 * call to the provider, which is another for each.
 */
export function ownCallIds(traceparent: string): (call: CallEvent) => CallEvent {
  const taken = new Set<string>();
  return (call) => {
    const stated = COUNTED.test(call.id) ? `${call.id}_${traceparent.split("-")[2] ?? ""}` : call.id;
    let id = stated;
    for (let again = 2; taken.has(`${call.choice} ${id}`); again++) {
      id = `${stated.slice(0, MAX_KEPT)}_${again}`;
    }
    taken.add(`${call.choice} ${id}`);
    return id === call.id ? call : { ...call, id };
  };
}

/** A whole answer's events, with an id of its own for every call. */
export function withOwnCallIds(events: readonly StreamEvent[], traceparent: string): readonly StreamEvent[] {
  if (!events.some(isCall)) return events;
  const own = ownCallIds(traceparent);
  return events.map((event) => (isCall(event) ? own(event) : event));
}

function isCall(event: StreamEvent): event is CallEvent {
  return event.type === "tool_call";
}
