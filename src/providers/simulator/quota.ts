/** Requests and tokens a minute of one deployment, as token buckets. Owns the count; the time comes in. */

export interface QuotaLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** What a provider that limits says about it: `x-ratelimit-*`, and `retry-after` on a refusal. */
export type QuotaVerdict =
  | { readonly admitted: true; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly admitted: false;
      readonly headers: Readonly<Record<string, string>>;
      readonly limit: "requests" | "tokens";
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
        return { admitted: true, headers: limitHeaders(requests, tokens) };
      }
      const limit = requestWait >= tokenWait ? "requests" : "tokens";
      const waitMs = Math.max(requestWait, tokenWait);
      const retryAfterMs = Number.isFinite(waitMs) ? Math.ceil(waitMs) : null;
      const headers = limitHeaders(requests, tokens);
      if (retryAfterMs !== null) {
        headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
        headers["retry-after-ms"] = String(retryAfterMs);
      }
      return { admitted: false, headers, limit, retryAfterMs };
    },
  };
}

const UNLIMITED: QuotaVerdict = Object.freeze({ admitted: true, headers: Object.freeze({}) });

interface Bucket {
  readonly perMinute: number;
  left(): number;
  /** Milliseconds until the bucket is full again. */
  untilFull(): number;
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
    perMinute,
    left: () => Math.max(0, Math.floor(level)),
    untilFull: () => (perMinute - level) / perMs,
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

function limitHeaders(requests: Bucket | null, tokens: Bucket | null): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, bucket] of [
    ["requests", requests],
    ["tokens", tokens],
  ] as const) {
    if (!bucket) continue;
    headers[`x-ratelimit-limit-${name}`] = String(bucket.perMinute);
    headers[`x-ratelimit-remaining-${name}`] = String(bucket.left());
    headers[`x-ratelimit-reset-${name}`] = resetText(bucket.untilFull());
  }
  return headers;
}

/** OpenAI's notation: `120ms`, `7.5s`, `6m0s`. */
function resetText(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`;
}
