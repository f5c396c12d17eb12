/** A version whose requests fail gives its traffic back by itself, says with which numbers, and stays out. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, command, eventually, inject, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, servedByNimbus, testPolicy } from "./policies.ts";

endToEnd();

const OLD = testPolicy();
const NEW = servedByNimbus(OLD);
const GUARD = "activation: { watch: 5m, max_error_rate_increase: 1%, min_requests: 20 }\n";

async function launch(policy: string): Promise<RunningGateway> {
  const gateway = await startGateway({ policy, scenario: INSTANT });
  await inject(gateway, { fault: { status: 503 }, match: { deployment: ["nimbus-us"] } });
  return gateway;
}

interface Status {
  readonly version: string;
  readonly staging: object | null;
  readonly watch: { readonly newer: { readonly requests: number } } | null;
  readonly pinned: { readonly actor: string; readonly note: string } | null;
}
const statusOf = async (gateway: RunningGateway) => (await admin(gateway, "/admin/policy")) as Status;

/** By rung: how many of `count` users were served so. */
async function served(gateway: RunningGateway, count: number): Promise<Readonly<Record<string, number>>> {
  const rungs: Record<string, number> = {};
  for (let n = 0; n < count; n++) {
    const response = await chat(gateway, { user: `user-${n}` });
    await response.text();
    const rung = response.headers.get("x-pointsman-rung") ?? "none";
    rungs[rung] = (rungs[rung] ?? 0) + 1;
  }
  return rungs;
}

interface Entry {
  readonly action: string;
  readonly actor: string;
  readonly details: Readonly<Record<string, unknown>>;
}

async function returned(gateway: RunningGateway): Promise<Entry> {
  const { entries } = (await admin(gateway, "/admin/audit")) as { entries: readonly Entry[] };
  const found = entries.find(({ action }) => action === "policy.returned");
  if (!found) throw new Error("no return is in the audit log");
  return found;
}

test("while it takes over by steps", async () => {
  const gateway = await launch(OLD);
  const { version } = await statusOf(gateway);
  const file = join(gateway.directory, "new.yaml");
  writeFileSync(file, NEW);
  await command(gateway, "policy", "activate", file, "--linear", "50%/1h");
  const before = await served(gateway, 160);
  expect(before.primary ?? 0).toBeGreaterThan(50);
  expect(before.primary ?? 0).toBeLessThan(110);
  await eventually(async () => (await statusOf(gateway)).staging === null);
  expect(await served(gateway, 20)).toEqual({ primary: 20 });
  expect(await statusOf(gateway)).toMatchObject({ version, pinned: null });
  const { actor, details } = await returned(gateway);
  expect(actor).toBe("activation-watch");
  expect(details.requests).toBe(details.errors as number);
  expect(String(details.note)).toMatch(/failed or were degraded, at least \d+(\.\d)? %/);
  expect(gateway.errors()).toContain("policy_returned");
});

test("after it was saved, where the policy asks for it; the text is held back until it is another", async () => {
  const gateway = await launch(OLD + GUARD);
  const { version } = await statusOf(gateway);
  expect(await served(gateway, 60)).toEqual({ primary: 60 });
  writeFileSync(gateway.policyFile, NEW + GUARD);
  await eventually(async () => (await statusOf(gateway)).version !== version);
  await served(gateway, 40);
  const back = await eventually(async () => {
    const status = await statusOf(gateway);
    return status.version === version && status;
  });
  expect(back.pinned).toMatchObject({ actor: "activation-watch" });
  expect(back.pinned?.note).toContain("40 of 40");
  await Bun.sleep(600);
  expect((await statusOf(gateway)).version).toBe(version);
  expect((await returned(gateway)).actor).toBe("activation-watch");
  writeFileSync(gateway.policyFile, `${OLD.replace("probes: 1", "probes: 2")}${GUARD}`);
  await eventually(async () => (await statusOf(gateway)).pinned === null);
  expect(await served(gateway, 10)).toEqual({ primary: 10 });
});
