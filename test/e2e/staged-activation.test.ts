/** A version that takes over by steps: who is served by which, over a restart, given up, completed. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  command,
  decisionOf,
  eventually,
  type GatewayOptions,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, servedByNimbus, testPolicy } from "./policies.ts";

endToEnd();

const OLD = testPolicy();
const NEW = servedByNimbus(OLD);
const NEWCOMER = "pm_key_that_the_newer_version_alone_has";

async function launch(options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const gateway = await startGateway({ policy: OLD, scenario: INSTANT, ...options });
  writeFileSync(join(gateway.directory, "new.yaml"), NEW);
  return gateway;
}

interface Status {
  readonly version: string;
  readonly staging: {
    readonly version: string;
    readonly previousVersion: string;
    readonly startsAt: number;
    readonly stage: { readonly phase: string; readonly share: number };
  } | null;
  readonly pinned: { readonly version: string } | null;
}

const statusOf = async (gateway: RunningGateway) => (await admin(gateway, "/admin/policy")) as Status;

/** By user: the model that answered. */
async function modelsOf(gateway: RunningGateway, users: number): Promise<ReadonlyMap<string, string | null>> {
  const found = new Map<string, string | null>();
  for (let n = 0; n < users; n++) {
    const response = await chat(gateway, { user: `user-${n}` });
    await response.text();
    expect(response.status).toBe(200);
    found.set(`user-${n}`, response.headers.get("x-pointsman-model"));
  }
  return found;
}

const withNew = (models: ReadonlyMap<string, string | null>) =>
  [...models].filter(([, model]) => model === "nimbus").map(([user]) => user);

/** Steps so far apart that none is taken in the course of a test. */
const SLOW = ["--linear", "50%/1h"];

describe("a version that takes over by steps", () => {
  test("serves its share, always the same users; records say which version; a restart changes nothing", async () => {
    const gateway = await launch();
    const begun = await command(gateway, "policy", "activate", "new.yaml", ...SLOW, "--note", "slowly");
    expect(begun).toMatchObject({ code: 0, stderr: "" });
    expect(begun.stdout).toContain("takes over by steps");
    expect(begun.stdout).toContain("Share        50 % (step 1 of 2)");
    const { staging, version } = await statusOf(gateway);
    expect(staging).toMatchObject({ previousVersion: version, stage: { phase: "stepping", share: 50 } });
    const first = await modelsOf(gateway, 60);
    const users = withNew(first);
    // Binomial(60, 1/2): five standard deviations are 19.4.
    expect(Math.abs(users.length - 30)).toBeLessThan(20);
    expect(await modelsOf(gateway, 60)).toEqual(first);

    const [user] = users;
    const response = await chat(gateway, { user });
    await response.text();
    const decision: Decision = await decisionOf(gateway, response);
    expect(decision.policyVersion).toBe(staging?.version ?? "");

    gateway.crash();
    await gateway.exited();
    const again = await launch({ policy: null, directory: gateway.directory });
    expect((await statusOf(again)).staging).toEqual(staging as never);
    expect(await modelsOf(again, 60)).toEqual(first);

    const aborted = await command(again, "policy", "activate", "--abort", "--note", "INC-1");
    expect(aborted).toMatchObject({
      code: 0,
      stdout: `${staging?.version} is given up; all requests are ${version}'s.\n`,
    });
    expect(withNew(await modelsOf(again, 60))).toEqual([]);
    expect(await statusOf(again)).toMatchObject({ version, staging: null });
    const audit = (await admin(again, "/admin/audit")) as { entries: readonly { action: string }[] };
    const acts = audit.entries.map(({ action }) => action);
    expect(acts).toContain("policy.staged");
    expect(acts).toContain("policy.activation_step");
    expect(acts[0]).toBe("policy.activation_aborted");
    await again.stop();
  });

  test("waits for its time, goes on by itself, and is pinned where the source has another text", async () => {
    const gateway = await launch();
    const begun = await command(gateway, "policy", "activate", "new.yaml", "--in", "1h");
    expect(begun.stdout).toContain("Share        0 %");
    expect(withNew(await modelsOf(gateway, 5))).toEqual([]);
    const refused = await command(gateway, "policy", "activate", "new.yaml");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("taking over by steps");
    expect(await command(gateway, "policy", "rollback")).toMatchObject({ code: 0 });
    await command(gateway, "policy", "activate", "new.yaml", "--linear", "50%/1s");
    const { version, pinned } = await eventually(async () => {
      const status = await statusOf(gateway);
      return status.staging === null && status.pinned && status;
    });
    expect(pinned?.version).toBe(version);
    expect(withNew(await modelsOf(gateway, 10))).toHaveLength(10);
    // The source has it as well from now on: nothing is held back any more.
    writeFileSync(gateway.policyFile, NEW);
    await eventually(async () => (await statusOf(gateway)).pinned === null);
    expect((await statusOf(gateway)).version).toBe(version);
    await gateway.stop();
  });

  test("a key that it alone has works everywhere from the first step on", async () => {
    const gateway = await launch();
    const digest = createHash("sha256").update(NEWCOMER).digest("hex");
    const key = `  - { id: newcomer, tenant: acme, tier: test, role: operator, sha256: "${digest}" }`;
    writeFileSync(join(gateway.directory, "new.yaml"), NEW.replace(/^keys:$/m, `keys:\n${key}`));
    const headers = { authorization: `Bearer ${NEWCOMER}`, "content-type": "application/json" };
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${gateway.url}${path}`, { headers, ...init });
    const body = { model: "support-chat", messages: [{ role: "user", content: "hello" }] };
    const post = (path: string, content: unknown) =>
      ask(path, { method: "POST", body: JSON.stringify(content) });
    expect((await post("/v1/chat/completions", body)).status).toBe(401);
    await command(gateway, "policy", "activate", "new.yaml", "--linear", "1%/1h");
    const paths = ["/v1/models", "/v1/files", "/v1/batches", "/v1/jobs", "/admin/policy", "/admin/tickets"];
    const found = await Promise.all(paths.map(async (path) => (await ask(path)).status));
    expect(found).toEqual(paths.map(() => 200));
    expect((await post("/v1/chat/completions", body)).status).toBe(200);
    const posted = await post("/v1/jobs", { endpoint: "/v1/chat/completions", body });
    expect(posted.status).toBe(202);
    const { id } = (await posted.json()) as { id: string };
    const job = await eventually(async () => {
      const view = (await (await ask(`/v1/jobs/${id}`)).json()) as { status: string };
      return view.status !== "queued" && view.status !== "running" && view;
    });
    expect(job).toMatchObject({ status: "succeeded" });
    await gateway.stop();
  });

  test("a text that is not valid begins nothing", async () => {
    const gateway = await launch();
    writeFileSync(join(gateway.directory, "bad.yaml"), NEW.replace("primary: nimbus,", "primary: nimbos,"));
    const refused = await command(gateway, "policy", "activate", "bad.yaml", ...SLOW);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^bad\.yaml:\d+:\d+ error unknown_model/);
    expect((await statusOf(gateway)).staging).toBeNull();
    expect((await command(gateway, "policy", "activate")).code).toBe(2);
    expect((await command(gateway, "policy", "activate", "new.yaml", "--linear", "0%")).stderr).toContain(
      "20%/2m",
    );
    expect((await command(gateway, "policy", "activate", "--now")).code).toBe(1);
    await gateway.stop();
  });
});

describe("two gateways on one store", () => {
  test("come to the same users, follow an abort, and a push waits its turn", async () => {
    const first = await launch({ args: ["--policy", "store:policy.yaml"] });
    const args = ["--policy", "store:", "--data", first.dataDirectory];
    const second = await launch({ policy: null, args });
    await command(first, "policy", "activate", "new.yaml", ...SLOW);
    const staging = (await statusOf(first)).staging;
    expect(staging).not.toBeNull();
    await eventually(async () => (await statusOf(second)).staging !== null);
    expect((await statusOf(second)).staging).toEqual(staging);
    const models = await modelsOf(first, 40);
    expect(withNew(models).length).toBeGreaterThan(0);
    expect(await modelsOf(second, 40)).toEqual(models);

    const push = await command(second, "policy", "push", "new.yaml");
    expect(push).toMatchObject({ code: 1 });
    expect(push.stderr).toContain("--abort");
    await command(second, "policy", "activate", "--abort");
    await eventually(async () => (await statusOf(first)).staging === null);
    expect(withNew(await modelsOf(first, 40))).toEqual([]);

    await command(first, "policy", "activate", "new.yaml", "--linear", "50%/1s");
    await eventually(async () => {
      const [one, two] = await Promise.all([statusOf(first), statusOf(second)]);
      return one.version === staging?.version && two.version === one.version && !one.staging && !two.staging;
    });
    expect(withNew(await modelsOf(second, 10))).toHaveLength(10);
  });

  test("act upon what the other has just done, before they look", async () => {
    const env = { POINTSMAN_POLICY_INTERVAL: "1h" };
    const first = await launch({ args: ["--policy", "store:policy.yaml"], env });
    const args = ["--policy", "store:", "--data", first.dataDirectory];
    const second = await launch({ policy: null, args, env });
    const { version } = await statusOf(first);
    expect(await command(first, "policy", "push", "new.yaml")).toMatchObject({ code: 0 });
    expect((await statusOf(second)).version).toBe(version);
    const back = await command(second, "policy", "rollback");
    expect(back).toMatchObject({ code: 0 });
    expect(back.stdout).toContain(`${version} is in force.`);
    expect((await statusOf(first)).version).not.toBe(version);

    await command(second, "policy", "activate", "new.yaml", ...SLOW);
    const push = await command(first, "policy", "push", "policy.yaml");
    expect(push).toMatchObject({ code: 1 });
    expect(push.stderr).toContain("--abort");
    expect(await statusOf(first)).toMatchObject({ version, staging: { previousVersion: version } });
    expect(await command(first, "policy", "activate", "--abort")).toMatchObject({ code: 0 });
    expect(await command(second, "policy", "push", "new.yaml")).toMatchObject({ code: 0 });
    expect((await statusOf(second)).staging).toBeNull();
  });
});
