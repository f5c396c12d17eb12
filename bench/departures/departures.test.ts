import { expect, test } from "bun:test";
import { leave } from "./leave.ts";
import { leftovers } from "./verdict.ts";

/** The whole hundred thousand is `bun bench/departures.ts`, which takes half a minute. */
test("two thousand callers who leave, wherever they are, leave nothing behind", async () => {
  const gone = await leave(2000);
  expect(leftovers(gone)).toEqual([]);
}, 60_000);

test("whatever is left behind is told", () => {
  const clean = {
    departures: 2,
    seconds: 1,
    outcomes: { cancelled: 2 },
    upstreamCalls: 2,
    hedged: 1,
    left: { requestsInFlight: 0, callsInFlight: 0, upstreamOpen: 0, failures: 0, internalErrors: 0 },
    probes: { made: 8, lastWasCalled: true },
    grown: { Response: 3 },
    heapGrownBytes: 1000,
  };
  expect(leftovers(clean)).toEqual([]);
  const dirty = [
    { ...clean, outcomes: { cancelled: 1, failed: 1 } },
    { ...clean, hedged: 0 },
    { ...clean, left: { ...clean.left, callsInFlight: 1 } },
    { ...clean, probes: { made: 8, lastWasCalled: false } },
    { ...clean, grown: { Response: 2000 } },
    { ...clean, heapGrownBytes: 1e9 },
  ];
  for (const gone of dirty) expect(leftovers(gone).length).toBeGreaterThan(0);
});
