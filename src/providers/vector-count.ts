/** Whether an answer has a vector for every input. Owns the count, which no wire can make: it sees the answer alone. */
import type { StreamEvent } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";

/** `malformed` where a vector is missing, doubled or of no input; null where all is well, or none was asked for. */
export function vectorFault({ embedding }: ModelRequest, events: readonly StreamEvent[]): Fault | null {
  if (embedding === undefined) return null;
  const wanted = embedding.inputs.length;
  const inputs = new Set<number>();
  let given = 0;
  for (const event of events) {
    if (event.type !== "embedding") continue;
    given++;
    if (event.index < wanted) inputs.add(event.index);
  }
  if (given === wanted && inputs.size === wanted) return null;
  const detail = `${given} for ${wanted} inputs`;
  return fault(
    "malformed",
    "wrong_vectors",
    "The model's provider did not answer with a vector for every input.",
    { cause: { detail } },
  );
}
