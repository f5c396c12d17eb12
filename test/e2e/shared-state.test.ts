/** Two gateways and one Redis: what one finds out, the other knows; and without it both go on alone. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type RedisServer, redisMissing, startRedis } from "../contract/store/redis-server.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  callsUpstream,
  chat,
  clearFaults,
  eventually,
  inject,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const missing = redisMissing();
/** Long enough that nothing of it ends by itself in a test. */
const POLICY = testPolicy().replace("open_for: 1s, max_open: 2s", "open_for: 20s, max_open: 60s");
/** Short, for what is about its end. */
const IMPATIENT = testPolicy();

describe.skipIf(missing !== null)(`two gateways on one Redis${missing ? ` (${missing})` : ""}`, () => {
  let redis: RedisServer;
  const running: RunningGateway[] = [];

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
    await redis.stop();
  });

  async function start(policy = POLICY): Promise<RunningGateway> {
    const env = { POINTSMAN_REDIS_URL: redis.url };
    const gateway = await startGateway({ policy, scenario: INSTANT, env });
    running.push(gateway);
    await eventually(async () => gateway.errors().includes("shared_state_connected"));
    return gateway;
  }

  async function ask(gateway: RunningGateway) {
    const startedAt = performance.now();
    const response = await chat(gateway, {});
    await response.text();
    const ms = performance.now() - startedAt;
    return { status: response.status, rung: response.headers.get("x-pointsman-rung"), ms };
  }

  async function row(gateway: RunningGateway, deployment: string) {
    const { deployments } = (await admin(gateway, "/admin/health")) as {
      deployments: readonly {
        readonly deployment: string;
        readonly state: string;
        readonly reason: string | null;
        readonly nextProbeAt: number | null;
        readonly cooldownUntil: number | null;
      }[];
    };
    return deployments.find((one) => one.deployment === deployment);
  }

  const state = async (gateway: RunningGateway) => (await row(gateway, "atlas-us"))?.state;

  async function breakCircuit(gateway: RunningGateway): Promise<void> {
    await inject(gateway, { fault: { status: 503 }, match: { deployment: ["atlas-us"] } });
    for (let failures = 0; failures < 5; failures++) await ask(gateway);
    expect(await state(gateway)).toBe("open");
  }

  test("an outage that one has met, the other does not meet", async () => {
    const [one, two] = [await start(), await start()];
    await breakCircuit(one);
    const found = await eventually(async () => {
      const looked = await row(two, "atlas-us");
      return looked?.state === "open" && looked;
    });
    expect(found).toMatchObject({ reason: "failures" });
    expect((found.nextProbeAt ?? 0) - Date.now()).toBeLessThanOrEqual(20_000);
    expect(await ask(two)).toMatchObject({ status: 200, rung: "cross-region" });
    expect((await callsUpstream(two))["atlas-us"] ?? 0).toBe(0);
  });

  test("one that starts later knows it from the start", async () => {
    const one = await start();
    await breakCircuit(one);
    const two = await start();
    await eventually(async () => (await state(two)) === "open");
    expect(await ask(two)).toMatchObject({ rung: "cross-region" });
    expect((await callsUpstream(two))["atlas-us"] ?? 0).toBe(0);
  });

  test("a quota that cools down does so for both", async () => {
    const [one, two] = [await start(), await start()];
    const throttle = { fault: { throttle: "20s" }, match: { deployment: ["atlas-us"] } };
    await inject(one, throttle);
    await ask(one);
    await eventually(async () => (await row(two, "atlas-us"))?.cooldownUntil);
    expect(await ask(two)).toMatchObject({ rung: "cross-region" });
    expect((await callsUpstream(two))["atlas-us"] ?? 0).toBe(0);
  });

  test("a cooldown that an operator ends at one is over at both, and at whoever starts afterwards", async () => {
    const [one, two] = [await start(), await start()];
    await inject(one, { fault: { throttle: "20s" }, match: { deployment: ["atlas-us"] } });
    await ask(one);
    await clearFaults(one);
    await eventually(async () => (await row(two, "atlas-us"))?.cooldownUntil);
    await admin(two, "/admin/health/atlas-us/reset", {});
    await eventually(async () => (await row(one, "atlas-us"))?.cooldownUntil === null);
    const three = await start();
    for (const gateway of [one, two, three]) expect(await ask(gateway)).toMatchObject({ rung: "primary" });
  });

  test("the recovery that one has proved, the other takes over", async () => {
    const [one, two] = [await start(IMPATIENT), await start(IMPATIENT)];
    await breakCircuit(one);
    await eventually(async () => (await state(two)) === "open");
    await clearFaults(one);
    await eventually(async () => (await ask(one)).rung === "primary");
    await eventually(async () => (await state(two)) === "closed");
    expect((await callsUpstream(two))["atlas-us"] ?? 0).toBe(0);
  });

  test("an operator's word to one holds for both", async () => {
    const [one, two] = [await start(), await start()];
    await admin(one, "/admin/health/atlas-us/force-open", { reason: "maintenance" });
    await eventually(async () => (await row(two, "atlas-us"))?.reason === "forced");
    await admin(two, "/admin/health/atlas-us/reset", {});
    await eventually(async () => (await state(one)) === "closed");
  });

  test("an operator's word outlasts a Redis that comes back empty, for those that start afterwards, too", async () => {
    const [one, two] = [await start(), await start()];
    await admin(one, "/admin/health/atlas-us/force-open", { reason: "maintenance" });
    await eventually(async () => (await row(two, "atlas-us"))?.reason === "forced");
    await redis.restart();
    const three = await start();
    await eventually(async () => (await row(three, "atlas-us"))?.reason === "forced");
    expect(await ask(three)).toMatchObject({ status: 200, rung: "cross-region" });
    await admin(three, "/admin/health/atlas-us/reset", {});
    await eventually(async () => (await state(one)) === "closed");
  });

  test("Redis dies: both go on, and no request waits for it", async () => {
    const [one, two] = [await start(IMPATIENT), await start(IMPATIENT)];
    await Promise.all([ask(one), ask(two)]);
    await redis.kill();
    await eventually(async () => one.errors().includes("shared_state_lost"));
    const times: number[] = [];
    for (let count = 0; count < 50; count++) {
      for (const gateway of [one, two]) {
        const { status, ms } = await ask(gateway);
        expect(status).toBe(200);
        times.push(ms);
      }
    }
    // A median, since the machine has other work, too.
    expect(times.toSorted((a, b) => a - b)[50]).toBeLessThan(50);
    await breakCircuit(one);
    expect(await state(two)).toBe("closed");
    await clearFaults(one);
    await eventually(async () => (await ask(one)).rung === "primary");
  });

  test("Redis hangs: a probe waits 50 ms for it once, nothing waits for it after", async () => {
    const one = await start(IMPATIENT);
    await breakCircuit(one);
    await clearFaults(one);
    redis.freeze();
    const proved = await eventually(async () => {
      const answer = await ask(one);
      return answer.rung === "primary" && answer;
    });
    expect(proved.ms).toBeLessThan(500);
    const times: number[] = [];
    for (let count = 0; count < 50; count++) times.push((await ask(one)).ms);
    redis.thaw();
    expect(times.toSorted((a, b) => a - b)[25]).toBeLessThan(50);
  });

  test("what is no address of Redis is refused at the start, and not repeated", async () => {
    const env = { POINTSMAN_REDIS_URL: "http://secret-word@example.invalid" };
    const started = startGateway({ policy: POLICY, scenario: INSTANT, env });
    const thrown: unknown = await started.then(
      (gateway) => gateway.stop(),
      (error: unknown) => error,
    );
    expect(String(thrown)).toContain("redis://");
    expect(String(thrown)).not.toContain("secret-word");
  });

  test("Redis that is not there yet delays no start", async () => {
    await redis.kill();
    const env = { POINTSMAN_REDIS_URL: redis.url };
    const gateway = await startGateway({ policy: POLICY, scenario: INSTANT, env });
    running.push(gateway);
    expect(await ask(gateway)).toMatchObject({ status: 200, rung: "primary" });
    await redis.restart();
    await eventually(async () => gateway.errors().includes("shared_state_connected"));
  });
});
