/** Limits by key: requests a minute and requests at once. Owns the counters of this process. */
import type { Caller } from "../core/caller.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";

/** Room for one request; `release` gives the concurrent place back, once. */
export interface Lease {
  release(): void;
}

export interface Admission {
  /** Faults: `rate_limited` with scope, limit and when to come back. */
  admit(caller: Caller, snapshot: ConfigSnapshot, now: number): Result<Lease>;
  /** Requests under way. */
  inFlight(): number;
}

interface KeyState {
  /** Whole requests that may start now; refills evenly to the limit within a minute. */
  tokens: number;
  refilledAt: number;
  concurrent: number;
}

interface Total {
  inFlight: number;
}

/** A class, since a function of its own for each request would cost more than what it does. */
class Place implements Lease {
  readonly #total: Total;
  #state: KeyState | null;

  constructor(state: KeyState, total: Total) {
    this.#state = state;
    this.#total = total;
  }

  release(): void {
    if (this.#state === null) return;
    this.#state.concurrent--;
    this.#total.inFlight--;
    this.#state = null;
  }
}

const MINUTE_MS = 60_000;
/** Idle keys are forgotten once this many are remembered, so that memory follows use and not history. */
const SWEEP_AT = 10_000;

export function createAdmission(): Admission {
  const keys = new Map<string, KeyState>();
  const total: Total = { inFlight: 0 };

  const stateOf = (keyId: string, perMinute: number, now: number): KeyState => {
    let state = keys.get(keyId);
    if (!state) {
      if (keys.size >= SWEEP_AT) sweep(keys, now);
      state = { tokens: perMinute, refilledAt: now, concurrent: 0 };
      keys.set(keyId, state);
    }
    return state;
  };

  return {
    admit(caller, snapshot, now) {
      const limits = snapshot.limits.get(caller.tier);
      const perMinute = limits?.requestsPerMinute ?? null;
      const concurrent = limits?.concurrentRequests ?? null;
      const state = stateOf(caller.keyId, perMinute ?? 0, now);
      if (concurrent !== null && state.concurrent >= concurrent) {
        return refuse("concurrent_requests", concurrent, 1000);
      }
      if (perMinute !== null) {
        const waitMs = takeToken(state, perMinute, now);
        if (waitMs > 0) return refuse("requests_per_minute", perMinute, waitMs);
      }
      state.concurrent++;
      total.inFlight++;
      return ok(new Place(state, total));
    },
    inFlight: () => total.inFlight,
  };
}

/** Takes one token, or returns the milliseconds until there is one. */
function takeToken(state: KeyState, perMinute: number, now: number): number {
  const refill = ((now - state.refilledAt) * perMinute) / MINUTE_MS;
  state.tokens = Math.min(perMinute, state.tokens + refill);
  state.refilledAt = now;
  if (state.tokens >= 1) {
    state.tokens -= 1;
    return 0;
  }
  return Math.ceil(((1 - state.tokens) * MINUTE_MS) / perMinute);
}

function sweep(keys: Map<string, KeyState>, now: number): void {
  for (const [id, state] of keys) {
    if (state.concurrent === 0 && now - state.refilledAt > MINUTE_MS) keys.delete(id);
  }
}

function refuse(scope: string, limit: number, retryAfterMs: number): Result<never> {
  return failed(
    "rate_limited",
    "rate_limited",
    `This key's limit of ${limit} ${scope.replaceAll("_", " ")} is used up. ` +
      `Try again in ${Math.ceil(retryAfterMs / 1000)} s or ask the platform owner for a higher tier.`,
    { retryAfterMs },
  );
}
