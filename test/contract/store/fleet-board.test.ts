import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { systemClock } from "../../../src/main/system.ts";
import { createFakeBoard } from "../../../src/store/shared-state/fake-board.ts";
import { createRedisBoard } from "../../../src/store/shared-state/redis-board.ts";
import { fleetBoardContract } from "./fleet-board-contract.ts";
import { redisMissing, startRedis } from "./redis-server.ts";

fleetBoardContract("memory", async () => {
  const clock = new FakeClock();
  return { board: createFakeBoard(clock), pass: (ms) => clock.advance(ms), close: async () => {} };
});

const missing = redisMissing();

async function openRedisBoard() {
  const redis = await startRedis();
  const board = createRedisBoard({ url: redis.url, prefix: "test", clock: systemClock() });
  for (let tries = 0; tries < 500; tries++) {
    const reached = await board.cards().catch(() => null);
    if (reached) break;
    await Bun.sleep(10);
  }
  return { redis, board };
}

describe.skipIf(missing !== null)(`Redis${missing ? ` (${missing})` : ""}`, () => {
  fleetBoardContract("Redis", async () => {
    const { redis, board } = await openRedisBoard();
    return {
      board,
      pass: (ms) => Bun.sleep(ms),
      async close() {
        await board.close();
        await redis.stop();
      },
    };
  });

  test("one that is not there says so at once, and is there again when it is", async () => {
    const { redis, board } = await openRedisBoard();
    await redis.kill();
    await Bun.sleep(50);
    const startedAt = performance.now();
    expect(await board.cards().catch(() => "unreachable")).toBe("unreachable");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await redis.restart();
    let found: unknown = null;
    for (let tries = 0; tries < 500 && found === null; tries++) {
      await Bun.sleep(10);
      found = await board.cards().catch(() => null);
    }
    expect(found).toEqual(new Map());
    await board.close();
    await redis.stop();
  });
});
