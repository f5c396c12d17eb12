import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../test/scratch.ts";
import { fakeTrail } from "../control/audit/fake-trail.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { createIds } from "../core/ids.ts";
import { BASE_POLICY, FAKE_PORTS } from "../policy/fake-policy.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { StoreError } from "../store/store-error.ts";
import { startPolicy } from "./policy-runtime.ts";
import { openPolicySource } from "./policy-source.ts";

const folder = createScratch().folder();

test("what could not be written down is in the log with what kept it from being", async () => {
  const file = join(folder, "policy.yaml");
  writeFileSync(file, BASE_POLICY);
  const clock = new FakeClock();
  const store = createMemoryStore();
  const failed: unknown[] = [];
  const log = (_level: string, event: string, fields = {}) => {
    if (event === "policy_record_failed") failed.push(fields);
  };
  const heads = {
    ...store.policyHeads,
    async write(): Promise<boolean> {
      throw new StoreError("disk", "The disk is full. Make room.");
    },
  };
  // Its folder is a file: nothing can be kept there.
  const directory = join(file, "kept");
  const address = `store:${file}`;
  const opened = await openPolicySource({ address, environment: null, directory, heads, clock, log });
  const started = await startPolicy({
    opened,
    audit: fakeTrail(store.audit, clock),
    environment: null,
    directory,
    clock,
    ids: createIds(clock, () => 0.5),
    activations: store.activations,
    compile: FAKE_PORTS,
    extraKeys: [],
    log,
    onActivated() {},
    onRefused() {},
    onStaged() {},
    instance: "gw_1",
  });
  expect(started.ok).toBe(true);
  if (started.ok) started.stop();
  expect(failed).toEqual([
    expect.objectContaining({ what: "last_good", code: "ENOTDIR" }),
    expect.objectContaining({ what: "seed", code: "disk", message: "The disk is full. Make room." }),
  ]);
});
