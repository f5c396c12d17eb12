import { expect, test } from "bun:test";
import { DRILL, prepared } from "./fake-drill.ts";
import { measureCircuits } from "./measure-circuits.ts";
import { watchCircuits } from "./watch-circuits.ts";

const STARTED = 1_000_000;

function health(state: string, since: number, cooldownUntil: number | null = null, deployment = "large-us") {
  const reason = state === "closed" ? null : "failures";
  return { deployments: [{ deployment, state, since: STARTED + since, reason, cooldownUntil }] };
}

test("a change has the gateway's own time, and how long it took follows from the faults", () => {
  const watch = watchCircuits(STARTED);
  watch.see(health("closed", -50), STARTED + 100);
  watch.see(health("open", 5350), STARTED + 5500);
  watch.see(health("open", 5350), STARTED + 5700);
  watch.see(health("half-open", 10_400), STARTED + 10_500);
  watch.see(health("closed", 10_480), STARTED + 10_700);
  expect(watch.lanes.get("large-us")?.map(({ atMs, state }) => [atMs, state])).toEqual([
    [5350, "open"],
    [10_400, "half-open"],
    [10_480, "closed"],
  ]);
  expect(measureCircuits(prepared(), watch.lanes)).toEqual([
    { deployment: "large-us", opened: true, reason: "failures", openedAfterMs: 350, recoveredAfterMs: 480 },
  ]);
});

test("a circuit that is still open has not recovered, one that nothing struck is left out", () => {
  const watch = watchCircuits(STARTED);
  watch.see(health("open", 6000), STARTED + 6000);
  watch.see(health("open", 6000, null, "small-us"), STARTED + 6000);
  expect(measureCircuits(prepared(), watch.lanes)).toMatchObject([
    { deployment: "large-us", openedAfterMs: 1000, recoveredAfterMs: null },
  ]);
});

test("circuits that must open are told of also when they did not", () => {
  const drill = prepared(`${DRILL}slo: { circuits: [large-us, large-eu] }\n`);
  expect(measureCircuits(drill, new Map())).toMatchObject([
    { deployment: "large-us", opened: false, openedAfterMs: null },
    { deployment: "large-eu", opened: false, openedAfterMs: null },
  ]);
});

test("a quota that rests shows as cooling, until it does no more", () => {
  const watch = watchCircuits(STARTED);
  watch.see(health("closed", -50, STARTED + 3000), STARTED + 2000);
  watch.see(health("closed", -50, STARTED + 3000), STARTED + 3100);
  expect(watch.lanes.get("large-us")?.map(({ atMs, state }) => [atMs, state])).toEqual([
    [2000, "cooling"],
    [3100, "closed"],
  ]);
});

test("a report of another shape is passed over", () => {
  const watch = watchCircuits(STARTED);
  watch.see(null, STARTED);
  watch.see({ deployments: [{ deployment: 3 }] }, STARTED);
  expect(watch.lanes.size).toBe(0);
});
