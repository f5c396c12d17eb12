/** Rules that read what was spent: real traffic, a restart in the middle, explain and replay. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ReplayReport } from "../../src/control/replay/report.ts";
import { formatUsd, usdToNano } from "../../src/core/money.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  decisionOf,
  eventually,
  KEY,
  pointsman,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

const scratch = endToEnd();

const THRESHOLD_USD = 0.002;
const ROUTES = `
routes:
  - name: thrifty
    use_case: support-chat
    match: { spend_tenant_today: "> ${THRESHOLD_USD}" }
    ladder: { primary: pebble }
`;
const policy = testPolicy() + ROUTES;
const question = {
  request: { model: "support-chat", messages: [{ role: "user", content: "Hello" }] },
  caller: { key: "demo", tenant: "demo", tier: "premium" },
};
interface Explained {
  readonly rule: string;
  readonly signals: { readonly spentUsd: Readonly<Record<string, string>> | null };
}
const modelOf = (response: Response) => response.headers.get("x-pointsman-model");

describe("a tenant that has spent its share of the day", () => {
  const directory = scratch.folder();
  let gateway: RunningGateway;
  /** Nano-dollars. */
  let spent = 0;
  const start = () => startGateway({ policy, scenario: INSTANT, directory });
  const ask = async (): Promise<string | null> => {
    const response = await chat(gateway, { max_tokens: 60 });
    await response.text();
    const { cost } = await decisionOf(gateway, response);
    spent += cost ?? 0;
    return modelOf(response);
  };
  const explain = async (caller = question.caller) =>
    (await admin(gateway, "/admin/explain", { ...question, caller })) as Explained;

  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test("is sent to the small model as soon as it has, and not before", async () => {
    expect((await explain()).signals.spentUsd).toEqual({ tenant_today: "0" });
    let calls = 0;
    while (spent <= usdToNano(THRESHOLD_USD)) {
      expect(await ask()).toBe("atlas");
      expect(++calls).toBeLessThan(100);
    }
    expect(calls).toBeGreaterThan(1);
    expect(await ask()).toBe("pebble");
  });

  test("explain says so, with what was spent; nobody else is concerned", async () => {
    expect(await explain()).toMatchObject({
      rule: "thrifty",
      signals: { spentUsd: { tenant_today: formatUsd(spent) } },
    });
    const other = await explain({ ...question.caller, tenant: "globex" });
    expect(other).toMatchObject({ rule: "default", signals: { spentUsd: { tenant_today: "0" } } });
    const args = ["explain", "Hello", "--use-case", "support-chat", "--tenant", "demo", "--url", gateway.url];
    const { stdout } = await pointsman(args, { env: { POINTSMAN_API_KEY: KEY } });
    expect(stdout).toContain(`tenant_today $${formatUsd(spent)}`);
  });

  test("the records know what routing saw, and replay the same", async () => {
    const response = await chat(gateway, {});
    await response.text();
    const { routing, cost } = await decisionOf(gateway, response);
    expect(routing?.spend).toEqual({ tenant_today: spent });
    spent += cost ?? 0;
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const report = (await admin(gateway, "/admin/explain/replay", { policy, since })) as ReplayReport;
    expect(report.records).toBeGreaterThan(3);
    expect(report).toMatchObject({ unchanged: report.records, changed: 0 });
  });

  test("a restart forgets nothing, and counts nothing twice", async () => {
    await gateway.stop();
    gateway = await start();
    // The past is read in the background: a moment after the start all of it is there.
    await eventually(async () => gateway.errors().includes("past_spend_read"));
    expect((await explain()).signals.spentUsd).toEqual({ tenant_today: formatUsd(spent) });
    expect(await ask()).toBe("pebble");
    expect((await explain()).signals.spentUsd).toEqual({ tenant_today: formatUsd(spent) });
  });

  test("what is on record survives a kill", async () => {
    const response = await chat(gateway, {});
    await response.text();
    const { cost } = await decisionOf(gateway, response);
    spent += cost ?? 0;
    gateway.crash();
    await gateway.exited();
    gateway = await start();
    await eventually(async () => gateway.errors().includes("past_spend_read"));
    expect((await explain()).signals.spentUsd).toEqual({ tenant_today: formatUsd(spent) });
  });
});

test("a policy that reads no sum has none read from the records; one that begins to does", async () => {
  const gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  try {
    const response = await chat(gateway, {});
    await response.text();
    const { cost, routing } = await decisionOf(gateway, response);
    expect(routing?.spend).toBeUndefined();
    expect((await admin(gateway, "/admin/explain", question)) as Explained).toMatchObject({
      signals: { spentUsd: null },
    });
    expect(gateway.errors()).not.toContain("past_spend_read");
    await Bun.write(gateway.policyFile, policy);
    await eventually(async () => {
      const { signals } = (await admin(gateway, "/admin/explain", question)) as Explained;
      return signals.spentUsd?.tenant_today === formatUsd(cost ?? 0);
    });
    await eventually(async () => gateway.errors().includes("past_spend_read"));
    const { signals } = (await admin(gateway, "/admin/explain", question)) as Explained;
    expect(signals.spentUsd).toEqual({ tenant_today: formatUsd(cost ?? 0) });
  } finally {
    await gateway.stop();
  }
});
