/** A second start on the data of a gateway that runs: it fails, or serves another policy, and undoes nothing. */
import { beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { admin, eventually, KEY, pointsman, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const GOOD = testPolicy({ deadline: "4s" });
const BAD = testPolicy({ deadline: "3s" });
/** Without the deployments that orders are about. */
const OTHER = testPolicy({ deadline: "5s" }).replaceAll("atlas-us", "atlas-other");

interface Status {
  readonly version: string;
  readonly pinned: { readonly version: string } | null;
}

let running: RunningGateway;
let good: string;
const status = async () => (await admin(running, "/admin/policy")) as Status;
const history = async () => (await admin(running, "/admin/policy/history")) as { activations: unknown[] };
const audited = async () => (await admin(running, "/admin/audit")) as { entries: unknown[] };
const otherFile = () => join(running.directory, "other.yaml");

async function restart(): Promise<void> {
  const { directory } = running;
  await running.stop();
  running = await startGateway({ policy: null, directory, scenario: INSTANT });
}

beforeAll(async () => {
  running = await startGateway({ policy: GOOD, scenario: INSTANT });
  good = (await status()).version;
  writeFileSync(running.policyFile, BAD);
  await eventually(async () => (await status()).version !== good);
  await admin(running, "/admin/policy/rollback", {});
  await admin(running, "/admin/health/atlas-us/force-open", {});
  writeFileSync(otherFile(), OTHER);
  expect(await status()).toMatchObject({ version: good, pinned: { version: good } });
});

test.each([
  ["its port is taken", {}, 1, "is in use"],
  ["Redis's address is none", { POINTSMAN_REDIS_URL: "localhost:6379", PORT: "0" }, 2, "redis://HOST:6379/0"],
])("%s: nothing has changed, neither now nor after a restart", async (_why, env, code, words) => {
  const before = [await history(), await audited()];
  const { port } = new URL(running.url);
  const where = ["--policy", otherFile(), "--data", running.dataDirectory];
  const started = await pointsman(["up", "--demo", ...where], {
    env: { PORT: port, POINTSMAN_DEMO_KEY: KEY, ...env },
  });
  expect(started).toMatchObject({ code, stdout: "" });
  expect(started.stderr).toContain(words);
  expect(started.stderr).not.toContain('"event"');
  expect([await history(), await audited()]).toEqual(before);
  await restart();
  expect(await status()).toMatchObject({ version: good, pinned: { version: good } });
});

test("another policy on the same data: each goes on with what is its own", async () => {
  const args = ["--policy", otherFile()];
  const { directory } = running;
  const start = () => startGateway({ policy: null, directory, scenario: INSTANT, args });
  const other = await start();
  const theirs = ((await admin(other, "/admin/policy")) as Status).version;
  await eventually(async () => other.errors().includes('"event":"kept_for_other_sources"'));
  expect(other.errors()).not.toContain("circuit_order_ended");
  await other.stop();
  await restart();
  expect(await status()).toMatchObject({ version: good, pinned: { version: good } });
  expect(running.errors()).toContain('"event":"circuit_orders_restored","deployments":["atlas-us"]');
  // With its source gone each has the version of its own to fall back to.
  writeFileSync(otherFile(), "version: 1\nname: broken\n");
  const again = await start();
  expect(await admin(again, "/admin/policy")).toMatchObject({ version: theirs });
  expect(again.errors()).toContain("serving_last_good_policy");
  await again.stop();
});

test("one with the same policy takes no pin away, and says that its own is not kept", async () => {
  const { directory } = running;
  const second = await startGateway({ policy: null, directory, scenario: INSTANT });
  expect(second.errors()).toContain("kept_folder_shared");
  expect(await admin(second, "/admin/policy")).toMatchObject({ pinned: { version: good, kept: false } });
  await admin(second, "/admin/policy/unpin", {});
  expect(await admin(second, "/admin/policy")).toMatchObject({ pinned: null });
  running.crash();
  await restart();
  expect(await status()).toMatchObject({ version: good, pinned: { version: good } });
  await second.stop();
});
