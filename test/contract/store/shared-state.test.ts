/** Both drivers of shared state under the same suite. */
import { afterAll, beforeAll, test } from "bun:test";
import { systemClock } from "../../../src/main/system.ts";
import type { SharedState } from "../../../src/resilience/shared-state.ts";
import { createFakeHub } from "../../../src/store/shared-state/fake-shared-state.ts";
import { createRedisSharedState } from "../../../src/store/shared-state/redis-shared-state.ts";
import { type RedisServer, redisMissing, startRedis } from "./redis-server.ts";
import { describeSharedState } from "./shared-state-contract.ts";

const clock = systemClock();

describeSharedState("memory", async () => {
  const hub = createFakeHub(clock);
  return { connect: async () => hub.connect(), stop: async () => undefined };
});

const missing = redisMissing();
if (missing === null) {
  let server: RedisServer;
  let fleets = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  describeSharedState("redis", async () => {
    const prefix = `fleet-${++fleets}`;
    let replicas = 0;
    return {
      connect: () => connected(server.url, prefix, `${prefix}-${++replicas}`),
      stop: async () => undefined,
    };
  });
} else {
  test.skip(`shared state: redis (${missing})`, () => undefined);
}

async function connected(url: string, prefix: string, origin: string): Promise<SharedState> {
  const ready = Promise.withResolvers<void>();
  // A busy machine is no slow Redis.
  const patienceMs = 5000;
  const onStatus = () => ready.resolve();
  const state = createRedisSharedState({ url, prefix, origin, clock, patienceMs, onStatus });
  await ready.promise;
  return state;
}
