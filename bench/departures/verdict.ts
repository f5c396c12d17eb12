/** What callers who left must not leave behind. Owns the bounds; measures nothing. */
import type { Departures } from "./leave.ts";

/** Live objects of one kind that may come and go with the runtime itself: as a share of the callers, and at least. */
const GROWN_SHARE = 0.1;
const LEAST_GROWN = 300;
const MAX_HEAP_GROWN = 8 * 1024 * 1024;

/** One line for each thing that is wrong; empty: nothing is. */
export function leftovers({
  departures,
  outcomes,
  hedged,
  left,
  probes,
  grown,
  heapGrownBytes,
}: Departures): string[] {
  const wrong: string[] = [];
  const { cancelled = 0, ...others } = outcomes;
  if (cancelled !== departures) wrong.push(`${cancelled} of ${departures} are on record as cancelled`);
  for (const [outcome, count] of Object.entries(others)) wrong.push(`${count} are on record as ${outcome}`);
  for (const [what, count] of Object.entries(left)) if (count !== 0) wrong.push(`${what}: ${count}`);
  if (hedged === 0) wrong.push("nothing to judge hedges by: nobody left while two calls were under way");
  if (!probes.lastWasCalled) wrong.push("a half-open circuit's permit was not given back");
  for (const [kind, count] of Object.entries(grown)) {
    if (count > Math.max(LEAST_GROWN, departures * GROWN_SHARE)) wrong.push(`${count} objects of ${kind}`);
  }
  if (heapGrownBytes > MAX_HEAP_GROWN) wrong.push(`${heapGrownBytes} bytes of heap`);
  return wrong;
}
