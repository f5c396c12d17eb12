/** What only Redis can do: be away, be frozen, die and come back, and be spoken to by strangers. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Redis } from "ioredis";
import type { Clock } from "../../../src/core/clock.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { systemClock } from "../../../src/main/system.ts";
import type { FleetNews, SharedState } from "../../../src/resilience/shared-state.ts";
import { type FleetBoard, FleetBoardError } from "../../../src/store/fleet-board.ts";
import { createRedisBoard } from "../../../src/store/shared-state/redis-board.ts";
import { createRedisSharedState, PATIENCE_MS } from "../../../src/store/shared-state/redis-shared-state.ts";
import { type RedisServer, redisMissing, startRedis } from "./redis-server.ts";
import { soon } from "./shared-state-contract.ts";

const clock = systemClock();
const missing = redisMissing();
/** What a loaded machine may add to a wait that is over in time. */
const SLACK_MS = 150;
const stamp = (at: number) => ({ at, origin: "a" });
const opened = (at: number): FleetNews => ({
  kind: "opened",
  deployment: "large-us",
  stamp: stamp(at),
  reason: "failures",
  forMs: 60_000,
  openMs: 5000,
  probingMs: 10_000,
});
const closedBy = (by: string): FleetNews => ({
  kind: "closed",
  deployment: "large-us",
  stamp: stamp(1),
  ordered: true,
  by,
});
const question = { deployment: "large-us", period: stamp(1), probes: 1, leaseMs: 60_000 };

describe.skipIf(missing !== null)(
  `shared state over a Redis in trouble${missing ? ` (${missing})` : ""}`,
  () => {
    let server: RedisServer;
    const open: SharedState[] = [];

    beforeEach(async () => {
      server = await startRedis();
    });
    afterEach(async () => {
      server.thaw();
      for (const state of open.splice(0)) await state.close();
      await server.stop();
    });

    function connect(origin: string, time: Clock = clock, standing: readonly FleetNews[] = []) {
      const statuses: string[] = [];
      const heard: FleetNews[] = [];
      const state = createRedisSharedState({
        url: server.url,
        prefix: "fleet",
        origin,
        clock: time,
        onStatus: (status) => statuses.push(status),
      });
      open.push(state);
      state.follow(
        (news) => heard.push(news),
        () => standing,
      );
      return { state, heard, statuses };
    }
    type Replica = ReturnType<typeof connect>;

    const isConnected = (...replicas: readonly Replica[]) =>
      soon(() => {
        for (const { statuses } of replicas) expect(statuses.at(-1)).toBe("connected");
      });

    async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
      const startedAt = performance.now();
      const value = await work();
      return { value, ms: performance.now() - startedAt };
    }

    async function whyNot(board: FleetBoard): Promise<string> {
      const thrown = await board.orders().catch((error: unknown) => error);
      return thrown instanceof FleetBoardError ? thrown.reason : "";
    }

    /** Asks until there is an answer: Redis is trusted again a moment after it has recovered. */
    async function answered({ state }: Replica): Promise<"held" | "granted"> {
      for (let tries = 0; tries < 1000; tries++) {
        const answer = await state.claimProbe(question);
        if (answer !== "unknown") return answer === "held" ? "held" : "granted";
        await Bun.sleep(10);
      }
      throw new Error("nobody answered");
    }

    test("frozen: one request waits its 50 ms, the next ones nothing, until it is quick again", async () => {
      const replica = connect("a");
      await isConnected(replica);
      server.freeze();
      const first = await timed(() => replica.state.claimProbe(question));
      expect(first.value).toBe("unknown");
      expect(first.ms).toBeGreaterThanOrEqual(PATIENCE_MS - 5);
      expect(first.ms).toBeLessThan(PATIENCE_MS + SLACK_MS);
      const many = await timed(async () => {
        for (let count = 0; count < 1000; count++) {
          expect(await replica.state.claimProbe(question)).toBe("unknown");
          replica.state.publish(opened(count));
        }
      });
      expect(many.ms).toBeLessThan(PATIENCE_MS + SLACK_MS);
      server.thaw();
      // The place that the late answer brought was given back.
      expect(await answered(replica)).toBe("granted");
    });

    test("killed: nothing waits and nothing fails; what happened meanwhile is told when it is back", async () => {
      const [one, two] = [connect("a"), connect("b")];
      await isConnected(one, two);
      await server.kill();
      await soon(() => expect(one.statuses.at(-1)).toBe("lost"));
      const asked = await timed(() => one.state.claimProbe(question));
      expect(asked.value).toBe("unknown");
      expect(asked.ms).toBeLessThan(PATIENCE_MS);
      one.state.publish(opened(1));
      one.state.publish(opened(2));
      await server.restart();
      await isConnected(one, two);
      await soon(() => expect(two.heard.map((news) => "stamp" in news && news.stamp.at)).toContain(2));
      expect(two.heard.map((news) => "stamp" in news && news.stamp.at)).not.toContain(1);
      expect(await answered(two)).toBe("granted");
      expect(one.statuses).toEqual(["connected", "lost", "connected"]);
    });

    test("not there at the start: everything works alone, and together once it is", async () => {
      await server.kill();
      const [one, two] = [connect("a"), connect("b")];
      expect(await one.state.claimProbe(question)).toBe("unknown");
      one.state.publish(opened(1));
      await server.restart();
      await isConnected(one, two);
      // It may come twice: it is told while what holds is read.
      await soon(() => expect(two.heard[0]).toMatchObject({ kind: "opened", stamp: stamp(1) }));
    });

    test("emptied by a restart: orders that hold are told again, to those that know and to those that come", async () => {
      const order = closedBy("ops-1");
      const one = connect("a", clock, [order]);
      await isConnected(one);
      await server.restart();
      const late = connect("b");
      await isConnected(one, late);
      await soon(() => expect(late.heard).toContainEqual(order));
    });

    test("emptied while the connections stay: orders are told again within half a minute, and once", async () => {
      const own = new FakeClock();
      const order = closedBy("ops-1");
      const one = connect("a", own, [order]);
      await isConnected(one);
      expect(await answered(one)).toBe("granted");
      const [owner, ear] = [new Redis(server.url), new Redis(server.url)];
      const told: string[] = [];
      ear.on("message", (_channel: string, message: string) => told.push(message));
      await ear.subscribe("fleet:news");
      await owner.flushall();
      await own.advance(30_000);
      await soon(() => expect(told).toEqual([`a ${JSON.stringify(order)}`]));
      await own.advance(30_000);
      one.state.publish(opened(9));
      await soon(() => expect(told).toHaveLength(2));
      expect(told[1]).toContain("opened");
      const late = connect("b");
      await isConnected(late);
      await soon(() => expect(late.heard).toContainEqual(order));
      for (const client of [owner, ear]) client.disconnect();
    });

    test("what was told while a replica was cut off, it reads when it is back", async () => {
      const [one, two] = [connect("a"), connect("b")];
      await isConnected(one, two);
      const other = new Redis(server.url);
      await other.call("CLIENT", "KILL", "TYPE", "pubsub");
      one.state.publish(opened(7));
      await soon(() => expect(two.heard.at(-1)).toMatchObject({ stamp: stamp(7) }));
      other.disconnect();
    });

    test("what strangers write is passed over", async () => {
      const replica = connect("a");
      await isConnected(replica);
      const stranger = new Redis(server.url);
      const nonsense = [
        "",
        " ",
        "x",
        "b {",
        'b {"kind":"opened"}',
        'b {"kind":"closed","deployment":1}',
        "b null",
      ];
      for (const message of nonsense) await stranger.publish("fleet:news", message);
      await stranger.hset("fleet:facts", "d:large-us", "not a fact", "q:x", "0 0 0 - 0 {}");
      await stranger.publish("fleet:news", `b ${JSON.stringify(opened(9))}`);
      await soon(() => expect(replica.heard).toHaveLength(1));
      const late = connect("c");
      await isConnected(late);
      late.state.publish(opened(10));
      await soon(() => expect(replica.heard.at(-1)).toMatchObject({ stamp: stamp(10) }));
      expect(late.heard).toEqual([]);
      stranger.disconnect();
    });

    test("a Redis that is full is told of, once, and told the rest when it has room", async () => {
      const [one, two] = [connect("a"), connect("b")];
      await isConnected(one, two);
      const owner = new Redis(server.url);
      await owner.config("SET", "maxmemory", "1");
      one.state.publish(opened(1));
      await soon(() => expect(one.statuses.at(-1)).toBe("refused"));
      const board = createRedisBoard({ url: server.url, prefix: "fleet", clock });
      await soon(async () => {
        const thrown = await board.post("gw", "card", 1000).catch((error: unknown) => error);
        expect(thrown).toMatchObject({ reason: "full" });
      });
      await board.close();
      expect(await one.state.claimProbe(question)).toBe("unknown");
      await owner.config("SET", "maxmemory", "0");
      await soon(() => expect(two.heard).toMatchObject([{ stamp: stamp(1) }]));
      await soon(() => expect(one.statuses).toEqual(["connected", "refused", "connected"]));
      owner.disconnect();
    });

    test.each([
      ["without a password", (url: string) => url],
      ["with a wrong one", (url: string) => url.replace("//", "//:wrong-secret@")],
    ])(
      "one that lets nobody in %s is reported as lost, with the reason and without its address",
      async (_how, of) => {
        const owner = new Redis(server.url);
        await owner.config("SET", "requirepass", "a-secret");
        const own = new FakeClock();
        const statuses: string[] = [];
        const onStatus = (status: string, reason: string | null) => statuses.push(`${status} ${reason}`);
        const url = of(server.url);
        const options = { url, prefix: "fleet", origin: "a", clock: own, onStatus };
        const state = createRedisSharedState(options);
        open.push(state);
        // Whoever connects later is refused later: by then the first has heard why.
        for (let count = 0; count < 2; count++) {
          const board = createRedisBoard({ url, prefix: "fleet", clock });
          await soon(async () => expect(await whyNot(board)).toBe("authentication"));
          await board.close();
        }
        await own.advance(4999);
        expect(statuses).toEqual([]);
        await own.advance(1);
        expect(statuses).toEqual(["lost authentication"]);
        expect(await state.claimProbe(question)).toBe("unknown");
        owner.disconnect();
      },
    );

    test("what is kept ends by itself", async () => {
      const replica = connect("a");
      await isConnected(replica);
      replica.state.publish(opened(1));
      await answered(replica);
      const looker = new Redis(server.url);
      let keys: readonly string[] = [];
      for (let tries = 0; keys.length < 2 && tries < 500; tries++) {
        keys = await looker.keys("*");
        await Bun.sleep(5);
      }
      expect(keys).toHaveLength(2);
      for (const key of keys) expect(await looker.pttl(key)).toBeGreaterThan(0);
      looker.disconnect();
    });
  },
);
