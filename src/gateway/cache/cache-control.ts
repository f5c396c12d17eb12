/** What a caller wants of kept answers, in the standard request header (RFC 9111, 5.2.1). */

export interface CacheWish {
  /** Nothing of this request is looked up or kept. */
  readonly noStore: boolean;
  /** The answer must be a new one; it is kept. */
  readonly refresh: boolean;
  /** Oldest answer that will do. Milliseconds. */
  readonly maxAgeMs: number;
}

const NO_WISH: CacheWish = { noStore: false, refresh: false, maxAgeMs: Number.POSITIVE_INFINITY };

/** Directives that are none of these are ignored, as the standard has it. */
export function readCacheControl(header: string | null): CacheWish {
  if (header === null) return NO_WISH;
  const directives = header
    .toLowerCase()
    .split(",")
    .map((directive) => directive.trim());
  const age = directives.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find(Boolean);
  const maxAgeMs = age === undefined ? Number.POSITIVE_INFINITY : Number(age) * 1000;
  return {
    noStore: directives.includes("no-store"),
    refresh: directives.includes("no-cache") || maxAgeMs === 0,
    maxAgeMs,
  };
}
