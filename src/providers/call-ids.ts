/** Ids of an answer's tool calls. Owns that no two calls of one choice share one, whichever wire they came by. */
import type { StreamEvent } from "../core/events.ts";

export type CallEvent = Extract<StreamEvent, { type: "tool_call" }>;

/** OpenAI takes ids of 40 characters; what is added stays below that. */
const MAX_KEPT = 36;

/**
 * Gives each call of one answer, in their order, an id that no earlier call of its choice has: results of tools name
 * their call by it. The provider's own is kept wherever it can be.
 */
export function ownCallIds(): (call: CallEvent) => CallEvent {
  const taken = new Set<string>();
  return (call) => {
    let { id } = call;
    for (let again = 2; taken.has(`${call.choice} ${id}`); again++) {
      id = `${call.id.slice(0, MAX_KEPT)}_${again}`;
    }
    taken.add(`${call.choice} ${id}`);
    return id === call.id ? call : { ...call, id };
  };
}

/** A whole answer's events, with an id of its own for every call. */
export function withOwnCallIds(events: readonly StreamEvent[]): readonly StreamEvent[] {
  if (!events.some(isCall)) return events;
  const own = ownCallIds();
  return events.map((event) => (isCall(event) ? own(event) : event));
}

function isCall(event: StreamEvent): event is CallEvent {
  return event.type === "tool_call";
}
