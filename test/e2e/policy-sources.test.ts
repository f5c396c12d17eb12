/** A policy that lives elsewhere, or in the gateway's own store: followed, remembered, changed, undone, audited. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Activation } from "../../src/store/activation-store.ts";
import { startFakeAws } from "../contract/policy-source/fake-aws.ts";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, command, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, KEYS, servedByNimbus, testPolicy } from "./policies.ts";
import { type PolicyOrigin, startPolicyOrigin } from "./policy-origin.ts";

const scratch = endToEnd();

const GOOD = testPolicy();
const EDITED = servedByNimbus(GOOD);
const BROKEN = EDITED.replace("primary: pebble }", "primary: peble }");
const FAST = { POINTSMAN_POLICY_INTERVAL: "100ms" };

interface Status {
  readonly version: string;
  readonly refused: unknown;
  readonly pinned: { readonly version: string; readonly actor: string } | null;
  readonly source: {
    readonly kind: string;
    readonly ok: boolean;
    readonly lastError: { message: string } | null;
  };
}

const statusOf = async (gateway: RunningGateway) => (await admin(gateway, "/admin/policy")) as Status;

async function modelOf(gateway: RunningGateway): Promise<string | null> {
  const response = await chat(gateway, {});
  await response.text();
  return response.headers.get("x-pointsman-model");
}

async function acts(gateway: RunningGateway): Promise<readonly Activation[]> {
  const page = (await admin(gateway, "/admin/policy/history")) as { activations: readonly Activation[] };
  return page.activations;
}

/** `pointsman ARGS` against `gateway`, with a key of role admin. */
async function metric(gateway: RunningGateway, line: string): Promise<boolean> {
  return (await (await fetch(`${gateway.url}/metrics`)).text()).includes(`${line}\n`);
}

describe("a policy at a URL", () => {
  let origin: PolicyOrigin;
  const directory = scratch.folder();
  const start = () =>
    startGateway({
      policy: null,
      scenario: INSTANT,
      directory,
      args: ["--policy", origin.url],
      env: { ...FAST, POINTSMAN_POLICY_TOKEN: "policy-token" },
    });
  beforeAll(() => {
    origin = startPolicyOrigin();
    origin.put("policy.yaml", GOOD);
  });
  afterAll(() => origin.stop());

  test("changes live, survives its source, over a restart too, and follows it again when it is back", async () => {
    const first = await start();
    expect(await modelOf(first)).toBe("atlas");
    expect((await statusOf(first)).source).toMatchObject({ kind: "https", ok: true });
    expect(origin.asked[0]?.authorization).toBe("Bearer policy-token");

    origin.put("policy.yaml", EDITED);
    await eventually(async () => (await modelOf(first)) === "nimbus", 3_000);
    await eventually(async () => origin.asked.at(-1)?.ifNoneMatch?.length);
    origin.put("policy.yaml", BROKEN);
    await eventually(async () => (await statusOf(first)).refused, 3_000);
    expect(await modelOf(first)).toBe("nimbus");
    const { version } = await statusOf(first);

    origin.fail(() => new Response("secret detail of the proxy", { status: 502 }));
    const failing = await eventually(async () => {
      const { source } = await statusOf(first);
      return source.ok ? null : source;
    });
    expect(failing.lastError?.message).toBe("It answered with status 502.");
    expect(await modelOf(first)).toBe("nimbus");
    expect(await metric(first, 'pointsman_policy_source_up{kind="https"} 0')).toBe(true);
    expect(first.errors()).toContain("policy_source_failed");
    expect(first.errors()).not.toContain("secret detail");
    await first.stop();

    const second = await start();
    expect(await modelOf(second)).toBe("nimbus");
    expect((await statusOf(second)).version).toBe(version);
    expect((await statusOf(second)).source).toMatchObject({ ok: false });
    expect(second.errors()).toContain("serving_last_good_policy");

    origin.fail(null);
    origin.put("policy.yaml", GOOD);
    await eventually(async () => (await modelOf(second)) === "atlas");
    // What serves is written down right after it serves.
    await eventually(async () => {
      const [newest] = await acts(second);
      return newest?.actor === "https" && newest.result === "activated";
    });
    expect(second.errors()).toContain("policy_source_recovered");
    await second.stop();
  });

  test("a rollback by the command line outlasts the source's text and a restart, until the text changes", async () => {
    origin.put("policy.yaml", GOOD);
    const gateway = await start();
    await eventually(async () => (await modelOf(gateway)) === "atlas");
    const good = (await statusOf(gateway)).version;
    origin.put("policy.yaml", EDITED);
    await eventually(async () => (await modelOf(gateway)) === "nimbus");
    const bad = (await statusOf(gateway)).version;

    const began = performance.now();
    const undone = (await admin(gateway, "/admin/policy/rollback", { note: "INC-1" })) as { version: string };
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(undone.version).toBe(good);
    expect(await modelOf(gateway)).toBe("atlas");
    const asked = origin.asked.length;
    await eventually(async () => origin.asked.length > asked + 3);
    expect(await modelOf(gateway)).toBe("atlas");
    expect((await statusOf(gateway)).pinned).toMatchObject({ version: good, actor: "demo" });
    await gateway.stop();

    const again = await start();
    expect(await modelOf(again)).toBe("atlas");
    const status = await command(again, "policy", "status");
    expect(status.stdout).toContain("Pinned       by demo");
    const refused = await command(again, "policy", "rollback", "e2e@000000000000");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("No such version was in force here");
    expect((await command(again, "policy", "unpin")).code).toBe(0);
    expect(await modelOf(again)).toBe("nimbus");
    expect((await statusOf(again)).version).toBe(bad);

    const back = await command(again, "policy", "rollback");
    expect(back.stdout).toContain(`${good} is in force. (was ${bad})`);
    origin.put("policy.yaml", EDITED.replace("Answers customers.", "Answers customers well."));
    await eventually(async () => (await modelOf(again)) === "nimbus");
    expect((await statusOf(again)).pinned).toBeNull();
    const pushed = await command(again, "policy", "push", "nowhere.yaml");
    expect(pushed.code).toBe(2);
    writeFileSync(join(directory, "mine.yaml"), GOOD);
    const elsewhere = await command(again, "policy", "push", "mine.yaml");
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stderr).toContain(`The policy lives at ${origin.url}`);
    await again.stop();
  });

  test("a source that answers nothing holds up neither the start with a last good copy nor the end", async () => {
    origin.fail(() => new Promise(() => {}));
    const asked = origin.asked.length;
    const gateway = await start();
    expect((await statusOf(gateway)).source.lastError?.message).toContain("did not answer within 3 s");
    expect(await modelOf(gateway)).toBe("nimbus");
    // The second question hangs as the first did.
    await eventually(async () => origin.asked.length >= asked + 2);
    const began = performance.now();
    await gateway.stop();
    expect(performance.now() - began).toBeLessThan(3_000);
    origin.fail(null);
  });
});

test("--env lays the document beside it over the one at the URL; without any policy it does not start", async () => {
  const origin = startPolicyOrigin();
  const args = ["--policy", origin.url, "--env", "prod"];
  await expect(startGateway({ policy: null, args, env: FAST })).rejects.toThrow(
    "There is nothing at its address",
  );
  origin.put("policy.yaml", GOOD);
  origin.put("policy.prod.yaml", "use_cases: { support-chat: { ladder: { primary: nimbus } } }\n");
  const gateway = await startGateway({ policy: null, scenario: INSTANT, args, env: FAST });
  expect(await modelOf(gateway)).toBe("nimbus");
  origin.remove("policy.prod.yaml");
  await eventually(async () => (await modelOf(gateway)) === "atlas");
  await gateway.stop();
  await origin.stop();
});

test("gateways of two environments with one data directory keep each its own last good policy", async () => {
  const origin = startPolicyOrigin();
  origin.put("policy.yaml", GOOD);
  origin.put("policy.prod.yaml", "use_cases: { support-chat: { ladder: { primary: nimbus } } }\n");
  const of = (environment: string, directory?: string) =>
    startGateway({
      policy: null,
      scenario: INSTANT,
      args: ["--policy", origin.url, "--env", environment],
      env: FAST,
      ...(directory !== undefined && { directory }),
    });
  const prod = await of("prod");
  const dev = await of("dev", prod.directory);
  expect([await modelOf(prod), await modelOf(dev)]).toEqual(["nimbus", "atlas"]);
  await Promise.all([prod.stop(), dev.stop()]);
  origin.fail(() => new Response("away", { status: 503 }));
  const again = await of("prod", prod.directory);
  expect(await modelOf(again)).toBe("nimbus");
  expect(again.errors()).toContain("serving_last_good_policy");
  await again.stop();
  await expect(of("test", prod.directory)).rejects.toThrow("It answered with status 503");
  await origin.stop();
});

test("an object in S3, by AWS's own client in the process", async () => {
  const aws = startFakeAws();
  aws.objects.set("/policies/prod.yaml", GOOD);
  const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "example-secret" };
  const gateway = await startGateway({
    policy: null,
    scenario: INSTANT,
    args: ["--policy", "s3://policies/prod.yaml"],
    env: { ...FAST, ...credentials, AWS_ENDPOINT_URL: aws.url, AWS_REGION: "eu-central-1" },
  });
  expect(await modelOf(gateway)).toBe("atlas");
  aws.objects.set("/policies/prod.yaml", EDITED);
  await eventually(async () => (await modelOf(gateway)) === "nimbus");
  await gateway.stop();
  await aws.stop();
});

test("a folder: policy.yaml and its parts, together", async () => {
  const directory = scratch.folder();
  const folder = join(directory, "policies");
  mkdirSync(folder);
  writeFileSync(join(folder, "policy.yaml"), GOOD);
  writeFileSync(
    join(folder, "chat.policy.yaml"),
    "use_cases: { support-chat: { ladder: { primary: nimbus } } }\n",
  );
  const gateway = await startGateway({
    policy: null,
    scenario: INSTANT,
    directory,
    args: ["--policy", folder],
  });
  expect(await modelOf(gateway)).toBe("nimbus");
  expect((await statusOf(gateway)).source.kind).toBe("directory");
  rmSync(join(folder, "chat.policy.yaml"));
  await eventually(async () => (await modelOf(gateway)) === "atlas");
  await gateway.stop();
});

describe("a policy in the gateway's own store, by the command line", () => {
  let gateway: RunningGateway;
  const directory = scratch.folder();
  const start = () =>
    startGateway({
      policy: GOOD,
      scenario: INSTANT,
      directory,
      args: ["--policy", `store:${join(directory, "policy.yaml")}`],
    });
  beforeAll(async () => {
    gateway = await start();
    writeFileSync(join(directory, "edited.yaml"), EDITED);
    writeFileSync(join(directory, "broken.yaml"), BROKEN);
  });
  afterAll(() => gateway.stop());

  test("push: dry, for good, onto the wrong version, and broken", async () => {
    const first = (await statusOf(gateway)).version;
    const dry = await command(gateway, "policy", "push", "edited.yaml", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain("nothing has changed");
    expect(dry.stdout).toContain("support-chat: primary atlas@us-east-1 → nimbus");
    expect((await statusOf(gateway)).version).toBe(first);

    const pushed = await command(
      gateway,
      "policy",
      "push",
      "edited.yaml",
      "--note",
      "cheaper",
      "--if-version",
      first,
    );
    expect(pushed.code).toBe(0);
    expect(await modelOf(gateway)).toBe("nimbus");
    const late = await command(gateway, "policy", "push", "policy.yaml", "--if-version", first);
    expect(late.code).toBe(1);
    expect(late.stderr).toContain("answered 412");

    const broken = await command(gateway, "policy", "push", "broken.yaml");
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain("broken.yaml:43:");
    expect(broken.stdout).toContain("unknown_model");
    expect(await modelOf(gateway)).toBe("nimbus");
    expect((await statusOf(gateway)).refused).toBeNull();
  });

  test("history, show, diff and rollback tell and undo what was pushed", async () => {
    const pushed = (await statusOf(gateway)).version;
    const history = await command(gateway, "policy", "history", "--limit", "2");
    expect(history.stdout).toMatch(/refused +- +demo +broken\.yaml/);
    expect(history.stdout).toContain("support-chat: primary atlas@us-east-1 → nimbus");
    expect(history.stdout).toContain("(cheaper)");
    expect(history.stderr).toContain("More: --before act_");
    const rows = await acts(gateway);
    const first = rows.at(-1)?.version ?? "";
    const shown = await command(gateway, "policy", "show", first);
    expect(shown.stdout).toContain(GOOD.trimEnd());
    const diff = await command(gateway, "policy", "diff", first, "current", "--exit-code");
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain("support-chat: fallback nimbus → none");
    expect((await command(gateway, "policy", "diff", "edited.yaml")).stdout).toBe("They do not differ.\n");

    const back = await command(gateway, "policy", "rollback", "--note", "too slow");
    expect(back.stdout).toContain(`${first} is in force. (was ${pushed})`);
    expect(await modelOf(gateway)).toBe("atlas");
    const none = await command(gateway, "policy", "rollback");
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("no version before the one in force");
  });

  test("a key of role caller may do none of it", async () => {
    const asked = [
      ["PUT", "/admin/policy"],
      ["POST", "/admin/policy/rollback"],
      ["POST", "/admin/policy/diff"],
      ["GET", "/admin/audit"],
    ];
    for (const [method = "", path] of asked) {
      const headers = { authorization: `Bearer ${KEYS.scoped}` };
      const response = await fetch(`${gateway.url}${path}`, { method, headers });
      expect(response.status).toBe(403);
      await response.body?.cancel();
    }
  });

  test("a restart serves what the store says, not the file that filled it", async () => {
    await command(gateway, "policy", "push", "edited.yaml");
    await gateway.stop();
    gateway = await start();
    expect(await modelOf(gateway)).toBe("nimbus");
    expect((await statusOf(gateway)).source).toMatchObject({ kind: "store", ok: true });
  });

  test("the audit log has every act, and notices a changed entry", async () => {
    const listed = async () => {
      const { stdout } = await command(gateway, "audit", "list", "--json");
      const { entries } = JSON.parse(stdout) as { entries: { actor: string; action: string }[] };
      return entries.map(({ actor, action }) => `${actor} ${action}`).reverse();
    };
    // The start is written down right after it serves.
    await eventually(async () => (await listed()).length >= 6);
    expect(await listed()).toEqual([
      "start policy.activated",
      "demo policy.pushed",
      "demo policy.refused",
      "demo policy.rolled_back",
      "demo policy.pushed",
      "start policy.activated",
    ]);
    expect((await command(gateway, "audit", "tail", "--count", "2")).stdout.trim().split("\n")).toHaveLength(
      2,
    );
    const whole = await command(gateway, "audit", "verify");
    expect(whole.code).toBe(0);

    const database = new Database(join(gateway.dataDirectory, "pointsman.db"));
    database.run("PRAGMA busy_timeout = 5000");
    const forge = "UPDATE audit_log SET entry = replace(entry, 'demo', 'eve') WHERE seq = 3";
    expect(() => database.run(forge)).toThrow("append-only");
    database.run("DROP TRIGGER audit_log_is_not_changed");
    database.run(forge);
    database.close();
    const broken = await command(gateway, "audit", "verify");
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain("broken at entry 3");
  });
});
