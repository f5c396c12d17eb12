/** Shared state of this process: which driver, where it is, and what the log says of it. */
import { EXIT } from "../cli/exit-codes.ts";
import { NotStarted } from "../cli/not-started.ts";
import type { Clock } from "../core/clock.ts";
import type { SharedState } from "../resilience/shared-state.ts";
import type { FleetBoard } from "../store/fleet-board.ts";
import type { Log } from "./log.ts";

export interface SharedFleet {
  readonly state: SharedState;
  /** Both are closed by whoever uses them. */
  readonly board: FleetBoard;
}

export interface SharedStateOptions {
  /** `redis://` or `rediss://`; null: this gateway keeps what it knows to itself. */
  readonly url: string | null;
  /** Fleets of different environments on one Redis do not mix. */
  readonly environment: string | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Id of this process. */
  readonly origin: string;
}

/**
 * Never waits for Redis: what cannot be reached is tried again, and the gateway works without it. Null: nothing is
 * shared. Rejects with `NotStarted` where the address is none.
 */
export async function openSharedState(options: SharedStateOptions): Promise<SharedFleet | null> {
  const { url, environment, clock, log, origin } = options;
  if (url === null) return null;
  const address = readAddress(url);
  if (address === null) {
    throw new NotStarted({
      message: "The address of Redis, POINTSMAN_REDIS_URL, is no redis:// or rediss:// URL.",
      fix: "Write it as redis://HOST:6379/0.",
      exitCode: EXIT.usage,
    });
  }
  const { createRedisSharedState } = await import("../store/shared-state/redis-shared-state.ts");
  const { createRedisBoard } = await import("../store/shared-state/redis-board.ts");
  // Channels know no database, so its number is a part of the name.
  const prefix = `pointsman:${environment ?? "default"}${address.pathname.replace("/", ":")}`;
  const state = createRedisSharedState({
    url,
    prefix,
    clock,
    origin,
    onStatus: (status, reason) =>
      log(status === "connected" ? "info" : "warn", `shared_state_${status}`, {
        host: address.host,
        ...(reason !== null && { reason }),
      }),
  });
  const board = createRedisBoard({ url, prefix, clock });
  return { state, board };
}

function readAddress(url: string): URL | null {
  if (!URL.canParse(url)) return null;
  const address = new URL(url);
  return address.protocol === "redis:" || address.protocol === "rediss:" ? address : null;
}
