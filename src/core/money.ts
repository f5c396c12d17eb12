/** Money as integer nano-dollars (1e-9 USD). Owns prices and the arithmetic; knows no catalogue. */
import type { Usage } from "./events.ts";

/** An integer count of 1e-9 US dollars. */
export type NanoDollars = number;

/** Integer nano-dollars per 1,000 tokens: 3 USD per million tokens is 3,000,000. */
export type TokenPrice = number;

/**
 * Prices by usage class. An absent cache price falls back to `input`, that of writes for an hour to that of the other
 * writes, an absent reasoning price to `output`.
 */
export interface Prices {
  readonly input: TokenPrice;
  readonly output: TokenPrice;
  readonly cacheRead?: TokenPrice;
  readonly cacheWrite?: TokenPrice;
  readonly cacheWrite1h?: TokenPrice;
  readonly reasoning?: TokenPrice;
}

/** "USD per million tokens", as price lists and the policy state it, to a `TokenPrice`. */
export function usdPerMillion(usd: number): TokenPrice {
  return Math.round(usd * 1_000_000);
}

export const NANO_PER_USD = 1_000_000_000;

export function usdToNano(usd: number): NanoDollars {
  return Math.round(usd * NANO_PER_USD);
}

/**
 * What `usage` costs under `prices`, rounded half up to a whole nano-dollar once, after summing the classes.
 * Exact while tokens × price < 2^53, which 100 million tokens at 90 USD per million respect.
 */
export function costOf(usage: Usage, prices: Prices): NanoDollars {
  const cacheWrite = prices.cacheWrite ?? prices.input;
  const thousandths =
    usage.inputTokens * prices.input +
    usage.cacheReadTokens * (prices.cacheRead ?? prices.input) +
    usage.cacheWriteTokens * cacheWrite +
    (usage.cacheWrite1hTokens ?? 0) * ((prices.cacheWrite1h ?? cacheWrite) - cacheWrite) +
    usage.outputTokens * prices.output +
    usage.reasoningTokens * (prices.reasoning ?? prices.output);
  return Math.round(thousandths / 1000);
}

/** Nano-dollars as a plain decimal of US dollars, without exponent: 1500 → "0.0000015". */
export function formatUsd(nano: NanoDollars): string {
  if (nano < 0) return `-${formatUsd(-nano)}`;
  const rest = nano % 1_000_000_000;
  const whole = (nano - rest) / 1_000_000_000;
  if (rest === 0) return String(whole);
  // The leading one keeps the zeros of the fraction; it and the zeros at the end are cut off.
  const digits = String(1_000_000_000 + rest);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  return `${whole}.${digits.slice(1, end)}`;
}
