/** A new version of a model shipped by moving one pointer, while traffic goes on; and given back. */
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { ReplayReport } from "../../src/control/replay/report.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  eventually,
  type GatewayOptions,
  KEY,
  listDecisions,
  pointsman,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";

endToEnd();

/** support-chat and bare-chat are served by `chat-best`. */
function aliased(model: string): string {
  return `${testPolicy().replaceAll("primary: atlas@us-east-1", "primary: chat-best").replaceAll("fallback: [nimbus]", "fallback: [pebble]")}model_aliases:\n  chat-best: ${model} # ours\n`;
}

const running: RunningGateway[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

async function start(options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const gateway = await startGateway({ policy: aliased("atlas"), scenario: INSTANT, ...options });
  running.push(gateway);
  return gateway;
}

function cli(gateway: RunningGateway, ...args: readonly string[]) {
  const env = { POINTSMAN_API_KEY: KEY, NO_COLOR: "1" };
  return pointsman([...args, "--url", gateway.url], { cwd: gateway.directory, env });
}

async function served(gateway: RunningGateway): Promise<string | null> {
  const response = await chat(gateway, {});
  await response.text();
  return response.headers.get("x-pointsman-model");
}

const versionOf = async (gateway: RunningGateway) =>
  ((await admin(gateway, "/admin/policy")) as { readonly version: string }).version;

/** Requests all the while, one after the other in each of four lines; `stop` gives what became of them. */
function traffic(gateway: RunningGateway) {
  let going = true;
  const seen: { readonly status: number; readonly model: string | null; readonly begun: number }[] = [];
  const line = async () => {
    while (going) {
      const begun = performance.now();
      const response = await chat(gateway, {});
      await response.text();
      seen.push({ status: response.status, model: response.headers.get("x-pointsman-model"), begun });
    }
  };
  const lines = [line(), line(), line(), line()];
  return {
    async stop() {
      going = false;
      await Promise.all(lines);
      return seen;
    },
  };
}

test("an edit moves it under traffic: the next requests go to the new model, and none fails", async () => {
  const gateway = await start();
  const before = await versionOf(gateway);
  const load = traffic(gateway);
  await eventually(async () => (await served(gateway)) === "atlas");
  writeFileSync(gateway.policyFile, aliased("nimbus"));
  await eventually(async () => (await versionOf(gateway)) !== before);
  const moved = performance.now();
  expect(await served(gateway)).toBe("nimbus");
  expect(await cli(gateway, "policy", "rollback", "--note", "INC-7")).toMatchObject({ code: 0 });
  const returned = performance.now();
  expect(await served(gateway)).toBe("atlas");
  const seen = await load.stop();
  expect(seen.length).toBeGreaterThan(10);
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  expect(new Set(seen.map(({ model }) => model))).toEqual(new Set(["atlas", "nimbus"]));
  expect(seen.filter(({ begun }) => begun > returned).every(({ model }) => model === "atlas")).toBe(true);
  expect(moved).toBeLessThan(returned);
  const history = await cli(gateway, "policy", "history");
  expect(history.stdout).toContain("alias chat-best: atlas → nimbus");
  expect(history.stdout).toContain("alias chat-best: nimbus → atlas");
});

test("records and explain have both names; callers name neither", async () => {
  const gateway = await start();
  expect(await served(gateway)).toBe("atlas");
  const record = await eventually(async () => (await listDecisions(gateway, "limit=1")).decisions[0]);
  expect(record).toMatchObject({ model: "atlas", modelVersion: "1.0" });
  expect(record?.attempts[0]).toMatchObject({ model: "atlas", alias: "chat-best" });
  const shown = await cli(gateway, "decisions", "show", record?.id ?? "");
  expect(shown.stdout).toContain("chat-best → atlas · 1.0");
  const explained = await cli(gateway, "explain", "Hello", "--use-case", "support-chat");
  expect(explained.stdout).toMatch(/primary +chat-best → atlas \(version 1\.0\)/);
  const asked = await chat(gateway, { model: "chat-best" });
  expect(asked.status).toBe(404);
  const models = (await admin(gateway, "/v1/models")) as {
    readonly data: readonly { readonly id: string; readonly models: readonly object[] }[];
  };
  expect(models.data.map(({ id }) => id)).not.toContain("chat-best");
  expect(models.data.find(({ id }) => id === "support-chat")?.models[0]).toMatchObject({
    id: "atlas",
    alias: "chat-best",
    version: "1.0",
  });
});

describe("at a running gateway", () => {
  test("set is in force at once under traffic, outlasts a restart, and ends with the alias's own text", async () => {
    const gateway = await start();
    const load = traffic(gateway);
    const set = await cli(gateway, "policy", "alias", "set", "chat-best", "nimbus", "--note", "EV-112");
    expect(set).toMatchObject({ code: 0 });
    expect(set.stdout).toContain("model_aliases.chat-best: atlas → nimbus");
    expect(await served(gateway)).toBe("nimbus");
    expect((await load.stop()).filter(({ status }) => status !== 200)).toEqual([]);
    expect(readFileSync(gateway.policyFile, "utf8")).toBe(aliased("atlas"));
    const status = await cli(gateway, "policy", "status");
    expect(status.stdout).toContain("alias chat-best: nimbus (move by demo");
    const list = await cli(gateway, "policy", "alias", "list");
    expect(list.stdout).toMatch(/chat-best +nimbus +2\.0 +approved +.*support-chat.*by order of demo/);

    gateway.crash();
    await gateway.exited();
    const again = await start({ policy: null, directory: gateway.directory });
    expect(await served(again)).toBe("nimbus");
    writeFileSync(again.policyFile, aliased("pebble").replace("fallback: [pebble]", "fallback: [atlas]"));
    await eventually(async () => (await served(again)) === "pebble");
    expect((await cli(again, "policy", "status")).stdout).not.toContain("Order");
    await eventually(async () => {
      const audit = (await admin(again, "/admin/audit")) as {
        entries: readonly { action: string; subject: string }[];
      };
      const own = audit.entries.filter(({ subject }) => subject === "chat-best").map(({ action }) => action);
      return own.includes("model_alias.moved") && own.includes("model_alias.override_ended");
    });
  });

  test("release gives it back; what does not fit, or is not allowed, is refused", async () => {
    const gateway = await start();
    expect(await cli(gateway, "policy", "alias", "set", "chat-best", "nimbus")).toMatchObject({ code: 0 });
    expect(await cli(gateway, "policy", "alias", "release", "chat-best")).toMatchObject({ code: 0 });
    expect(await served(gateway)).toBe("atlas");
    const wrong = await cli(gateway, "policy", "alias", "set", "chat-best", "nimbsu");
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('"nimbus"');
    const body = JSON.stringify({ model: "nimbus" });
    const path = `${gateway.url}/admin/model-aliases/chat-best/set`;
    const headers = { authorization: `Bearer ${KEYS.narrow}`, "content-type": "application/json" };
    expect((await fetch(path, { method: "POST", headers, body })).status).toBe(403);
    expect(await served(gateway)).toBe("atlas");
  });

  test("in the store the text is changed, and the other gateway on it follows", async () => {
    const first = await start({ args: ["--policy", "store:policy.yaml"] });
    const second = await start({ policy: null, args: ["--policy", "store:", "--data", first.dataDirectory] });
    const set = await cli(first, "policy", "alias", "set", "chat-best", "nimbus");
    expect(set.stdout).toContain("Changed store:policy.yaml");
    await eventually(async () => (await served(second)) === "nimbus");
    expect((await cli(first, "policy", "rollback")).code).toBe(0);
    await eventually(async () => (await served(second)) === "atlas");
  });
});

test("explain --replay: what moving it would have done to past requests", async () => {
  const gateway = await start();
  for (let n = 0; n < 3; n++) await served(gateway);
  await eventually(async () => (await listDecisions(gateway, "limit=5")).decisions.length >= 3);
  writeFileSync(`${gateway.directory}/next.yaml`, aliased("nimbus"));
  const replay = await cli(
    gateway,
    "explain",
    "--replay",
    "--since",
    "1h",
    "--policy",
    "next.yaml",
    "--json",
  );
  const report = JSON.parse(replay.stdout) as ReplayReport;
  expect(report).toMatchObject({ replayed: 3, unchanged: 0 });
  const models = report.groups.map(({ before, after }) => `${before.model} → ${after.model}`);
  expect(new Set(models)).toEqual(new Set(["atlas → nimbus"]));
});
