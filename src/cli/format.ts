/** Times, durations and money as people read them. Owns the notation; knows no record. */
import { formatUsd } from "../core/money.ts";

/** Epoch milliseconds as `2026-03-01 12:00:30`, UTC. */
export function instant(ms: number): string {
  return isoOf(ms).slice(0, 19).replace("T", " ");
}

/** Epoch milliseconds as `12:00:30.250`, UTC. */
export function timeOfDay(ms: number): string {
  return isoOf(ms).slice(11, 23);
}

/** Also for a number that no calendar has. */
function isoOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "????-??-??T??:??:??.???Z" : date.toISOString();
}

/** Milliseconds as `850 ms`, `20 s`, `1.5 s` or `2 m 30 s`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return rest === 0 ? `${Math.floor(seconds / 60)} m` : `${Math.floor(seconds / 60)} m ${rest} s`;
}

/** Nano-dollars as US dollars; null: a model without a price took part. */
export function dollars(nano: number | null): string {
  return nano === null ? "unpriced" : formatUsd(nano);
}

/** `1 error`, `2 errors`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
