/**
 * One connection to Redis that comes back by itself. Owns how long anything may take and how a dead connection is
 * noticed; knows no key.
 */
import { Redis } from "ioredis";
import type { Clock, Timer } from "../../core/clock.ts";
import { reasonOf } from "./redis-reason.ts";

const CONNECT_TIMEOUT_MS = 2000;
const COMMAND_TIMEOUT_MS = 1000;
const HEARTBEAT_MS = 5000;
const LONGEST_PAUSE_MS = 2000;
/** It was there, and ended without a word. */
const GONE = "connection_lost";

export interface RedisConnection {
  readonly redis: Redis;
  isReady(): boolean;
  /** Why it was not ready when it last was not, as one word. */
  reason(): string;
  /** Connects anew: what is under way fails. */
  renew(): void;
  close(): void;
}

/** Begins to connect at once. `onReady` is called after each connection is made, `onLost` after each is lost. */
export function connectRedis(
  url: string,
  clock: Clock,
  on: { readonly ready: () => void; readonly lost: () => void },
): RedisConnection {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // What cannot be asked now is not asked later: nobody waits for it any more.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(times, 10)),
  });
  let heartbeat: Timer | null = null;
  let closed = false;
  const beat = (): void => {
    heartbeat = clock.after(HEARTBEAT_MS, () => {
      if (redis.status === "ready") redis.ping().catch(() => renew());
      beat();
    });
  };
  const renew = (): void => {
    if (!closed && redis.status === "ready") redis.disconnect(true);
  };
  let reason = GONE;
  // Without a listener an error would be thrown; what it says may hold the address and its password. One connection may
  // have several: a refused password is followed by words that say less.
  redis.on("error", (thrown: unknown) => {
    const found = reasonOf(thrown);
    if (found !== "error") reason = found;
  });
  redis.on("ready", () => {
    reason = GONE;
    on.ready();
  });
  redis.on("close", on.lost);
  redis.connect().catch(() => undefined);
  beat();
  return {
    redis,
    renew,
    isReady: () => redis.status === "ready",
    reason: () => reason,
    close() {
      closed = true;
      heartbeat?.cancel();
      redis.disconnect();
    },
  };
}
