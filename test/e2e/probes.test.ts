/** The gateway finds out by itself that a deployment is well again, or ill; and an operator has the last word. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  callsUpstream,
  chat,
  clearFaults,
  eventually,
  inject,
  KEY,
  listDecisions,
  pointsman,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";
import { parsePrometheus } from "./prometheus-text.ts";

endToEnd();

const POLICY = `${testPolicy()}probes: { every: 500ms, timeout: 1s, deployments: { pebble-us: { when: always } } }\n`;

interface Row {
  readonly deployment: string;
  readonly state: string;
  readonly reason: string | null;
  readonly calls: number;
  readonly lastProbe: { readonly ok: boolean; readonly code: string | null } | null;
}

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: POLICY, scenario: INSTANT });
});
afterEach(() => clearFaults(gateway));

async function row(deployment: string): Promise<Row> {
  const { deployments } = (await admin(gateway, "/admin/health")) as { deployments: readonly Row[] };
  const found = deployments.find((one) => one.deployment === deployment);
  if (!found) throw new Error(deployment);
  return found;
}

async function metric(name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const samples = parsePrometheus(text).get(name)?.samples ?? [];
  const wanted = Object.entries(labels);
  const fitting = samples.filter((sample) =>
    wanted.every(([label, value]) => sample.labels[label] === value),
  );
  return fitting.reduce((sum, { value }) => sum + value, 0);
}

async function ask(model: string): Promise<string | null> {
  const response = await chat(gateway, { model });
  await response.text();
  return response.headers.get("x-pointsman-rung");
}

describe("probes", () => {
  test("close the circuit of a deployment that is well again, without a request", async () => {
    await inject(gateway, { fault: { status: 503 }, match: { deployment: ["atlas-us"] } });
    for (let failures = 0; failures < 5; failures++) await ask("support-chat");
    // Half open for as long as a probe lasts.
    await eventually(async () => (await row("atlas-us")).state === "open");
    const failed = await eventually(async () => {
      const found = await row("atlas-us");
      return found.lastProbe?.ok === false && found;
    });
    expect(failed.lastProbe?.code).toBe("provider_overloaded");
    // The first requests of this gateway, all on record.
    const asked = 5;
    await eventually(async () => (await listDecisions(gateway, "limit=500")).decisions.length === asked);
    await clearFaults(gateway);
    await eventually(async () => (await row("atlas-us")).state === "closed");
    expect((await row("atlas-us")).lastProbe).toMatchObject({ ok: true, code: null });
    expect((await listDecisions(gateway, "limit=500")).decisions).toHaveLength(asked);
    expect(await ask("support-chat")).toBe("primary");
  });

  test("open the circuit of a deployment that nobody has asked", async () => {
    await inject(gateway, { fault: { status: 500 }, match: { deployment: ["pebble-us"] } });
    const found = await eventually(async () => {
      const looked = await row("pebble-us");
      return looked.state === "open" && looked;
    });
    expect(found.reason).toBe("failures");
  });

  test("are counted and paid for apart from requests", async () => {
    await eventually(async () => (await row("pebble-us")).lastProbe?.ok === true);
    expect(await metric("pointsman_probes_total", { deployment: "pebble-us", result: "ok" })).toBeGreaterThan(
      0,
    );
    expect(
      await metric("pointsman_probe_cost_nanodollars_total", { deployment: "pebble-us" }),
    ).toBeGreaterThan(0);
    expect(await metric("pointsman_attempts_total", { deployment: "pebble-us" })).toBe(0);
    expect(await metric("pointsman_tokens_total", { deployment: "pebble-us" })).toBe(0);
  });

  test("leave alone what is closed and not to be probed always", async () => {
    const before = await callsUpstream(gateway);
    await eventually(
      async () => ((await callsUpstream(gateway))["pebble-us"] ?? 0) > (before["pebble-us"] ?? 0),
    );
    const after = await callsUpstream(gateway);
    expect(after["nimbus-us"] ?? 0).toBe(before["nimbus-us"] ?? 0);
  });
});

describe("an operator", () => {
  const run = (...args: readonly string[]) =>
    pointsman(["health", ...args, "--url", gateway.url, "--api-key", KEY]);

  test("takes a deployment out, and puts it back", async () => {
    const out = await run("force-open", "atlas-us", "--reason", "wrong answers");
    expect(out).toMatchObject({ code: 0, stderr: "" });
    expect(out.stdout).toContain("atlas-us is open until it is reset.");
    expect(await ask("support-chat")).toBe("cross-region");
    expect(await row("atlas-us")).toMatchObject({ state: "open", reason: "forced" });
    expect((await run("reset", "atlas-us")).stdout).toContain("atlas-us is closed");
    expect(await ask("support-chat")).toBe("primary");
  });

  test("takes one out for a time; then a probe brings it back", async () => {
    expect(await run("force-open", "nimbus-us", "--for", "1s")).toMatchObject({ code: 0 });
    expect(await row("nimbus-us")).toMatchObject({ state: "open", reason: "forced" });
    await eventually(async () => (await row("nimbus-us")).state === "closed");
  });

  test("must be one, and name what exists", async () => {
    const forbidden = await fetch(`${gateway.url}/admin/health/atlas-us/reset`, {
      method: "POST",
      headers: {
        authorization: "Bearer pm_scoped_key_of_the_end_to_end_suite",
        "content-type": "application/json",
      },
      body: "{}",
    });
    expect(forbidden.status).toBe(403);
    const unknown = await run("reset", "atlas-uk");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("no deployment of this name");
  });
});

test("a shutdown does not wait for a probe that hangs", async () => {
  const other = await startGateway({
    policy: POLICY.replace("timeout: 1s", "timeout: 30s"),
    scenario: INSTANT,
  });
  await inject(other, { fault: "hang", match: { deployment: ["pebble-us"] } });
  const before = (await callsUpstream(other))["pebble-us"] ?? 0;
  await eventually(async () => ((await callsUpstream(other))["pebble-us"] ?? 0) > before);
  const startedAt = performance.now();
  other.signal("SIGTERM");
  expect((await other.exited()).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(5000);
  await other.stop();
});
