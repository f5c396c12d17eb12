/**
 * The fleet's board in Redis: a hash of cards with their ends, a hash of orders with their stamps. Owns the keys; times
 * are those of Redis, so that no clock of a gateway counts.
 */
import type { Redis } from "ioredis";
import type { Clock } from "../../core/clock.ts";
import { type FleetBoard, FleetBoardError, type OrderStamp } from "../fleet-board.ts";
import { connectRedis } from "./redis-connection.ts";
import { reasonOf } from "./redis-reason.ts";

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** How many cards are up then. KEYS: cards. ARGV: id, time to live, card, how long the hash is kept. */
const POST = `${NOW}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now + tonumber(ARGV[2])) .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local up = 0
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  local till = string.match(value, '^(%d+) ')
  if till and tonumber(till) > now then up = up + 1 end
end
return up
`;

/** Pairs of id and card; those that are over are taken down. KEYS: cards. */
const CARDS = `${NOW}
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local till, card = string.match(all[i + 1], '^(%d+) (.*)$')
  if till and tonumber(till) > now then
    found[#found + 1] = all[i]
    found[#found + 1] = card
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return found
`;

/** KEYS: orders. ARGV: key, at, origin, order, how long the hash is kept. */
const PUT_ORDER = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local at, origin = string.match(stored, '^(%d+) (%S+) ')
  at = tonumber(at)
  local given = tonumber(ARGV[2])
  if at and (at > given or (at == given and origin >= ARGV[3])) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
`;

/** KEYS: orders. ARGV: key, at, origin. */
const REMOVE_ORDER = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return 0 end
local at, origin = string.match(stored, '^(%d+) (%S+) ')
if at == ARGV[2] and origin == ARGV[3] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
`;

const CARDS_KEPT_MS = 3_600_000;
const ORDERS_KEPT_MS = 30 * 86_400_000;

export interface RedisBoardOptions {
  readonly url: string;
  /** Begins all names: fleets that share a server have different ones. */
  readonly prefix: string;
  readonly clock: Clock;
}

/** Begins to connect at once, and goes on trying for as long as it is open. */
export function createRedisBoard({ url, prefix, clock }: RedisBoardOptions): FleetBoard {
  const connection = connectRedis(url, clock, { ready: () => {}, lost: () => {} });
  const [cards, orders] = [`${prefix}:replicas`, `${prefix}:orders`];
  const ask = async <T>(question: (redis: Redis) => Promise<T>): Promise<T> => {
    if (!connection.isReady()) throw new FleetBoardError(connection.reason());
    try {
      return await question(connection.redis);
    } catch (thrown) {
      throw new FleetBoardError(reasonOf(thrown));
    }
  };
  const run = (script: string, key: string, ...values: readonly (string | number)[]): Promise<unknown> =>
    ask((redis) => redis.eval(script, 1, key, ...values));
  return {
    async post(id, card, ttlMs) {
      return Number(await run(POST, cards, id, Math.round(ttlMs), card, CARDS_KEPT_MS));
    },
    async withdraw(id) {
      await ask((redis) => redis.hdel(cards, id));
    },
    async cards() {
      return pairs(await run(CARDS, cards));
    },
    async putOrder(key, { at, origin }: OrderStamp, order) {
      await run(PUT_ORDER, orders, key, at, origin, order, ORDERS_KEPT_MS);
    },
    async removeOrder(key, { at, origin }: OrderStamp) {
      await run(REMOVE_ORDER, orders, key, at, origin);
    },
    async orders() {
      const found = await ask((redis) => redis.hgetall(orders));
      const stamped = /^\d+ \S+ /;
      return new Map(Object.entries(found).map(([key, value]) => [key, value.replace(stamped, "")]));
    },
    async close() {
      connection.close();
    },
  };
}

function pairs(found: unknown): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  if (!Array.isArray(found)) return map;
  for (let index = 0; index + 1 < found.length; index += 2)
    map.set(String(found[index]), String(found[index + 1]));
  return map;
}
