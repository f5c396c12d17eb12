/** A bad canary called back by command while traffic goes on, at one gateway and at two; and what outlasts it. */
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { measureRollback } from "../../bench/rollback.ts";
import { type RedisServer, redisMissing, startRedis } from "../contract/store/redis-server.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  command,
  eventually,
  type GatewayOptions,
  KEY,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const CANARY =
  "rollouts:\n  - { name: try, use_case: support-chat, canary: { candidate: nimbus, weight: 50 } } # ours\n";
const POLICY = testPolicy() + CANARY;
const HEADERS = { authorization: `Bearer ${KEY}` };

const running: RunningGateway[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

async function start(options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const gateway = await startGateway({ policy: POLICY, scenario: INSTANT, ...options });
  running.push(gateway);
  return gateway;
}

async function candidates(gateway: RunningGateway): Promise<number> {
  let found = 0;
  for (let n = 0; n < 20; n++) {
    const response = await chat(gateway, { user: `u${n}` });
    await response.text();
    if (response.headers.get("x-pointsman-arm") === "try/candidate") found++;
  }
  return found;
}

interface Status {
  readonly version: string;
  readonly overrides: readonly { readonly rollout: string; readonly actor: string }[];
}
const statusOf = async (gateway: RunningGateway) => (await admin(gateway, "/admin/policy")) as Status;

/** Called back in the middle of 100 requests a second over all `gateways`, at the first of them. */
const WATCHED_MS = 2_500;

async function callBack(gateways: readonly RunningGateway[]) {
  const figures = await measureRollback({
    urls: gateways.map(({ url }) => url),
    headers: HEADERS,
    model: "support-chat",
    arm: "try/candidate",
    perSecond: 100,
    beforeMs: 700,
    afterMs: WATCHED_MS,
    async command() {
      const done = (await admin(gateways[0] as RunningGateway, "/admin/rollouts/try/abort", {
        note: "INC-1",
      })) as {
        result: string;
      };
      expect(done.result).toBe("applied");
    },
  });
  expect(figures.errors).toBe(0);
  expect(figures.arm_before).toBeGreaterThan(10);
  // That it ends while one looks; how soon is `rollback_ms` of `npm run bench:policy`.
  expect(figures.rollback_ms).toBeLessThan(WATCHED_MS);
  return figures;
}

describe("a policy in a file", () => {
  test("a bad canary is called back under load; it outlasts a restart; the rollout's own text ends it", async () => {
    const gateway = await start();
    const before = (await statusOf(gateway)).version;
    await callBack([gateway]);
    expect(readFileSync(gateway.policyFile, "utf8")).toBe(POLICY);
    const { version, overrides } = await statusOf(gateway);
    expect(version).not.toBe(before);
    expect(overrides).toMatchObject([{ rollout: "try", actor: "demo" }]);
    const status = await command(gateway, "policy", "status");
    expect(status.stdout).toContain("try: canary.weight: 0 (abort by demo");
    const explained = await command(gateway, "explain", "Hello", "--use-case", "support-chat");
    expect(explained.stdout).toContain("by order of demo");
    const history = await command(gateway, "policy", "history");
    expect(history.stdout).toContain("50 → 0");

    gateway.crash();
    await gateway.exited();
    const again = await start({ policy: null, directory: gateway.directory });
    expect(await candidates(again)).toBe(0);
    expect((await statusOf(again)).version).toBe(version);
    // Anything else of the text leaves it alone.
    writeFileSync(again.policyFile, POLICY.replace("probes: 1", "probes: 2"));
    await eventually(async () => (await statusOf(again)).version !== version);
    expect(await candidates(again)).toBe(0);
    writeFileSync(again.policyFile, POLICY.replace("weight: 50", "weight: 100"));
    await eventually(async () => (await statusOf(again)).overrides.length === 0);
    expect(await candidates(again)).toBe(20);
    await eventually(async () => {
      const audit = (await admin(again, "/admin/audit")) as { entries: readonly { action: string }[] };
      const actions = audit.entries.map(({ action }) => action);
      return actions.includes("rollout.aborted") && actions.includes("rollout.override_ended");
    });
  });

  test("set, promote and release; what does not fit is refused", async () => {
    const gateway = await start();
    expect(await command(gateway, "rollout", "set", "try", "--weight", "0")).toMatchObject({ code: 0 });
    expect(await candidates(gateway)).toBe(0);
    const promoted = await command(gateway, "rollout", "promote", "try");
    expect(promoted.stdout).toContain("rollouts[0].canary.weight: 0 → 100");
    expect(await candidates(gateway)).toBe(20);
    expect((await command(gateway, "rollout", "release", "try")).code).toBe(0);
    expect((await statusOf(gateway)).overrides).toEqual([]);
    const unknown = await command(gateway, "rollout", "abort", "tri");
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('"try"');
  });
});

test("a policy in the store: the text is changed, and the other gateway on it follows", async () => {
  const first = await start({ args: ["--policy", "store:policy.yaml"] });
  const second = await start({ policy: null, args: ["--policy", "store:", "--data", first.dataDirectory] });
  expect((await command(first, "rollout", "abort", "try")).stdout).toContain("Changed store:policy.yaml");
  await eventually(async () => (await statusOf(second)).version === (await statusOf(first)).version);
  expect(await candidates(second)).toBe(0);
  const { version } = await statusOf(first);
  const shown = await command(second, "policy", "show", version);
  expect(shown.stdout).toContain("weight: 0 } } # ours");
});

const missing = redisMissing();

describe.skipIf(missing !== null)(`two gateways on one Redis${missing ? ` (${missing})` : ""}`, () => {
  let redis: RedisServer;
  async function pair(): Promise<[RunningGateway, RunningGateway]> {
    redis = await startRedis();
    const env = { POINTSMAN_REDIS_URL: redis.url };
    return [await start({ env }), await start({ env })];
  }
  afterEach(() => redis.stop());

  interface ReplicaList {
    readonly knows: string;
    readonly converged: boolean | null;
    readonly replicas: readonly { id: string; self: boolean; version: string; address: string }[];
  }
  const replicasOf = async (gateway: RunningGateway) =>
    (await admin(gateway, "/admin/policy/replicas")) as ReplicaList;

  test("a canary is called back at both by one command to one", async () => {
    const [one, two] = await pair();
    await eventually(async () => (await replicasOf(one)).replicas.length === 2);
    await callBack([one, two]);
    expect(await candidates(two)).toBe(0);
  });

  test("they know of each other, differ while one has a new text, and converge when both have", async () => {
    const [one, two] = await pair();
    const found = await eventually(async () => {
      const list = await replicasOf(one);
      return list.replicas.length === 2 && list;
    });
    expect(found).toMatchObject({ knows: "shared", converged: true });
    expect(found.replicas.map(({ address }) => address).toSorted()).toEqual([one.url, two.url].toSorted());
    writeFileSync(two.policyFile, POLICY.replace("probes: 1", "probes: 2"));
    await eventually(async () => (await replicasOf(one)).converged === false);
    expect((await command(one, "policy", "replicas")).code).toBe(1);
    writeFileSync(one.policyFile, POLICY.replace("probes: 1", "probes: 2"));
    await eventually(async () => (await replicasOf(two)).converged === true);
    const table = await command(two, "policy", "replicas");
    expect(table).toMatchObject({ code: 0 });
    expect(table.stdout).toContain("Converged");
    two.crash();
    await eventually(async () => (await replicasOf(one)).replicas.length === 1);
    await redis.kill();
    await eventually(async () => (await replicasOf(one)).knows === "unreachable");
  });
});

test("a gateway that shares nothing answers for itself alone, and says so", async () => {
  const gateway = await start();
  const table = await command(gateway, "policy", "replicas");
  expect(table).toMatchObject({ code: 4 });
  expect(table.stdout).toContain("shares no Redis");
});
