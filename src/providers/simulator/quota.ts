/** Requests and tokens a minute of one deployment, as token buckets. Owns the count; the time comes in. */

export interface QuotaLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** How full a limit is, after the request it is told with. */
export interface QuotaLevel {
  readonly limit: number;
  readonly left: number;
  readonly untilFullMs: number;
}

/** Null: not limited. */
export interface QuotaLevels {
  readonly requests: QuotaLevel | null;
  readonly tokens: QuotaLevel | null;
}

/** `levels` is null where nothing is limited. */
export type QuotaVerdict =
  | { readonly admitted: true; readonly levels: QuotaLevels | null }
  | {
      readonly admitted: false;
      readonly levels: QuotaLevels;
      readonly limit: keyof QuotaLevels;
      /** Null: more than a whole minute's tokens, so waiting does not help. */
      readonly retryAfterMs: number | null;
    };

export interface Quota {
  /** Takes one request of `tokens` at `now`, or refuses it and takes nothing. */
  admit(tokens: number, now: number): QuotaVerdict;
}

/** Buckets that hold a minute's worth and refill evenly, the way OpenAI describes its own. */
export function createQuota(limits: QuotaLimits, startedAt: number): Quota {
  const requests = createBucket(limits.requestsPerMinute, startedAt);
  const tokens = createBucket(limits.tokensPerMinute, startedAt);
  if (!requests && !tokens) return { admit: () => UNLIMITED };
  return {
    admit(cost, now) {
      const requestWait = requests?.waitFor(1, now) ?? 0;
      const tokenWait = tokens?.waitFor(cost, now) ?? 0;
      if (requestWait === 0 && tokenWait === 0) {
        requests?.take(1);
        tokens?.take(cost);
        return { admitted: true, levels: levelsOf(requests, tokens) };
      }
      const limit = requestWait >= tokenWait ? "requests" : "tokens";
      const waitMs = Math.max(requestWait, tokenWait);
      const retryAfterMs = Number.isFinite(waitMs) ? Math.ceil(waitMs) : null;
      return { admitted: false, levels: levelsOf(requests, tokens), limit, retryAfterMs };
    },
  };
}

const UNLIMITED: QuotaVerdict = Object.freeze({ admitted: true, levels: null });

interface Bucket {
  level(): QuotaLevel;
  /** Refills up to `now`; milliseconds until `cost` fits, 0 when it does, Infinity when it never will. */
  waitFor(cost: number, now: number): number;
  take(cost: number): void;
}

function createBucket(perMinute: number | null, startedAt: number): Bucket | null {
  if (perMinute === null) return null;
  const perMs = perMinute / 60_000;
  let level = perMinute;
  let filledAt = startedAt;
  return {
    level: () => ({
      limit: perMinute,
      left: Math.max(0, Math.floor(level)),
      untilFullMs: (perMinute - level) / perMs,
    }),
    waitFor(cost, now) {
      level = Math.min(perMinute, level + Math.max(0, now - filledAt) * perMs);
      filledAt = now;
      if (cost > perMinute) return Number.POSITIVE_INFINITY;
      // A hair of tolerance: refilled fractions do not add up to whole requests exactly.
      return level + 1e-6 >= cost ? 0 : (cost - level) / perMs;
    },
    take(cost) {
      level -= cost;
    },
  };
}

function levelsOf(requests: Bucket | null, tokens: Bucket | null): QuotaLevels {
  return { requests: requests?.level() ?? null, tokens: tokens?.level() ?? null };
}
