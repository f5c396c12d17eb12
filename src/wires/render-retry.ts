/** What a caller's client is told about trying again. Owns the headers that every dialect's faults share. */
import type { Fault, FaultKind } from "../core/faults.ts";

/** Faults after which the ladder has already tried all it may: an SDK's own retries would only multiply load. */
const TRIED: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "throttled",
  "outage",
  "timeout",
  "malformed",
  "exhausted",
  "provider_auth",
  "provider_not_found",
]);

/** `x-should-retry: false` where the ladder has tried; `retry-after` and `retry-after-ms` where a wait is known. */
export function retryHeaders(fault: Fault): Record<string, string> {
  const headers: Record<string, string> = {};
  if (TRIED.has(fault.kind)) headers["x-should-retry"] = "false";
  if (fault.retryAfterMs !== undefined) {
    const wait = Math.max(0, Math.ceil(fault.retryAfterMs));
    headers["retry-after"] = String(Math.ceil(wait / 1000));
    headers["retry-after-ms"] = String(wait);
  }
  return headers;
}
