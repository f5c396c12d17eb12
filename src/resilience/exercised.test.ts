/** What an exercise must not cost: a slow circuit is none of its business, nor is the one early probe of a request. */
import { expect, test } from "bun:test";
import { eu, ids, usual } from "./fake-fleet.ts";
import { plan } from "./fake-plan.ts";
import { type Stage, stage } from "./fake-provider.ts";

const EXERCISED = plan([[eu], ...usual], { exercise: true });

function settle(on: Stage, id: string, times: number, health: "good" | "bad", firstTokenMs?: number): void {
  for (let count = 0; count < times; count++) {
    const permit = on.health.admit(id, on.clock.now());
    if (typeof permit !== "string") permit.settle(health, on.clock.now(), firstTokenMs);
  }
}

test("one whose circuit is open for slowness is not exercised in spite of it", async () => {
  const on = stage(EXERCISED);
  settle(on, "eu", 12, "good", 5000);
  expect(on.health.openReason("eu")).toBe("slow");
  expect(await on.run()).toMatchObject({ ok: true });
  expect(ids(on)).toEqual(["us-1"]);
});

test("where every circuit is open for long, the first of the ladder is the one that is probed early", async () => {
  const on = stage(EXERCISED, { eu: [{ result: "outage" }] });
  for (const pauseMs of [0, 5001, 10_001]) {
    await on.clock.advance(pauseMs);
    for (const id of ["us-1", "eu", "other"]) settle(on, id, 3, "bad");
  }
  await on.clock.advance(6000);
  expect(await on.run()).toMatchObject({ ok: true });
  expect(ids(on)).toEqual(["us-1"]);
});
