/**
 * News between replicas as text. Owns the form; what another version, or another program, has written is nothing
 * rather than an error.
 */
import { isRecord } from "../../core/json.ts";
import type { CircuitReason } from "../../resilience/circuit.ts";
import { type FleetNews, LONGEST_NEWS_MS, type Stamp } from "../../resilience/shared-state.ts";

const REASONS: ReadonlySet<unknown> = new Set<CircuitReason>(["failures", "failure_ratio", "slow", "forced"]);

export function encodeNews(news: FleetNews): string {
  return JSON.stringify(news);
}

/** Null for everything that is not news; durations are cut to a day. */
export function decodeNews(text: string): FleetNews | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (value.kind === "cooling") {
    const { quotaGroup } = value;
    const forMs = duration(value.forMs);
    return typeof quotaGroup === "string" && forMs !== null ? { kind: "cooling", quotaGroup, forMs } : null;
  }
  const { deployment } = value;
  const stamp = stampOf(value.stamp);
  if (typeof deployment !== "string" || stamp === null) return null;
  if (value.kind === "closed") {
    return { kind: "closed", deployment, stamp, ordered: value.ordered === true, ...byOf(value) };
  }
  return value.kind === "opened" ? openedOf(value, deployment, stamp) : null;
}

function openedOf(
  value: Readonly<Record<string, unknown>>,
  deployment: string,
  stamp: Stamp,
): FleetNews | null {
  const forMs = value.forMs === null ? null : duration(value.forMs);
  const openMs = duration(value.openMs);
  const probingMs = duration(value.probingMs);
  if ((forMs === null && value.forMs !== null) || openMs === null || probingMs === null) return null;
  const { reason } = value;
  if (!isReason(reason)) return null;
  return { kind: "opened", deployment, stamp, reason, forMs, openMs, probingMs, ...byOf(value) };
}

function byOf({ by }: Readonly<Record<string, unknown>>): { readonly by?: string } {
  return typeof by === "string" ? { by } : {};
}

function isReason(value: unknown): value is CircuitReason {
  return REASONS.has(value);
}

function stampOf(value: unknown): Stamp | null {
  if (!isRecord(value)) return null;
  const { at, origin } = value;
  return Number.isSafeInteger(at) && typeof at === "number" && typeof origin === "string"
    ? { at, origin }
    : null;
}

function duration(value: unknown): number | null {
  return typeof value === "number" && value >= 0 ? Math.min(value, LONGEST_NEWS_MS) : null;
}
