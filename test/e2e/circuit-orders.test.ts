/**
 * What an operator ordered of a circuit: it outlasts the process, until it is reset, over, or about nothing any more.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { admin, callsUpstream, chat, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const POLICY = testPolicy();

async function reasonOf(gateway: RunningGateway): Promise<string | null | undefined> {
  const { deployments } = (await admin(gateway, "/admin/health")) as {
    deployments: readonly { readonly deployment: string; readonly reason: string | null }[];
  };
  return deployments.find(({ deployment }) => deployment === "atlas-us")?.reason;
}

const again = ({ directory }: RunningGateway, policy: string | null = null) =>
  startGateway({ policy, directory, scenario: INSTANT });

test("kill -9 and a start: it is open until it is reset, and a reset stays one", async () => {
  const first = await startGateway({ policy: POLICY, scenario: INSTANT });
  await admin(first, "/admin/health/atlas-us/force-open", { reason: "maintenance" });
  first.crash();
  await first.exited();
  const second = await again(first);
  expect(await reasonOf(second)).toBe("forced");
  const answer = await chat(second, {});
  expect([answer.status, answer.headers.get("x-pointsman-rung")]).toEqual([200, "cross-region"]);
  expect((await callsUpstream(second))["atlas-us"] ?? 0).toBe(0);
  await admin(second, "/admin/health/atlas-us/reset", {});
  second.crash();
  await second.exited();
  const third = await again(second);
  expect(await reasonOf(third)).toBeNull();
  await third.stop();
});

test("a policy without the deployment ends it, which the audit log says", async () => {
  const first = await startGateway({ policy: POLICY, scenario: INSTANT });
  await admin(first, "/admin/health/atlas-us/force-open", {});
  const without = POLICY.replaceAll("atlas-us", "atlas-other");
  writeFileSync(first.policyFile, without);
  await eventually(async () => (await reasonOf(first)) === undefined);
  const { entries } = await eventually(async () => {
    const log = (await admin(first, "/admin/audit")) as {
      entries: readonly { readonly action: string; readonly subject: string }[];
    };
    return log.entries.some(({ action }) => action === "circuit.order_ended") && log;
  });
  expect(entries.find(({ action }) => action === "circuit.order_ended")?.subject).toBe("atlas-us");
  await first.stop();
  const second = await again(first, POLICY);
  expect(await reasonOf(second)).toBeNull();
  await second.stop();
});

test("a database that is locked meanwhile: it is said not to be kept yet, and is as soon as it can be", async () => {
  const first = await startGateway({ policy: POLICY, scenario: INSTANT });
  const database = new Database(join(first.dataDirectory, "pointsman.db"));
  // The gateway may write at this moment, too.
  database.run("PRAGMA busy_timeout = 10000");
  database.run("BEGIN IMMEDIATE");
  const ordered = await admin(first, "/admin/health/atlas-us/force-open", {});
  expect(ordered).toMatchObject({ state: "open", reason: "forced", kept: false });
  database.run("COMMIT");
  const rows = () => database.query("SELECT deployment FROM circuit_orders").all();
  await eventually(async () => rows().length === 1, 30_000);
  database.close();
  const { entries } = await eventually(async () => {
    const log = (await admin(first, "/admin/audit")) as {
      entries: readonly { readonly action: string; readonly details: object }[];
    };
    return log.entries.some(({ action }) => action === "circuit.forced_open") && log;
  });
  const entry = entries.find(({ action }) => action === "circuit.forced_open");
  expect(entry?.details).toMatchObject({ kept: false });
  first.crash();
  await first.exited();
  const second = await again(first);
  expect(await reasonOf(second)).toBe("forced");
  await second.stop();
}, 60_000);
