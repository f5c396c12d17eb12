/** The last word of a climb that found no answer. Owns its wording; it repeats nothing a provider said. */
import type { Attempt } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { Course } from "./course.ts";

/** A caller is never asked to come back sooner. Milliseconds. */
const SOONEST_RETRY_MS = 1000;

/**
 * `exhausted` with code `all_attempts_failed` or `deadline_exceeded`. The message counts attempts by fault
 * kind and deployments passed over by reason. `retryAfterMs` is when the next request may be called for: soon
 * where one deployment is free, else when the first blocked one is, as far as that is known.
 */
export function exhaustedFault(course: Course, cause: "exhausted" | "deadline", now: number): Fault {
  const code = cause === "deadline" ? "deadline_exceeded" : "all_attempts_failed";
  const retryAfterMs = soonestRetry(course, now);
  const what = cause === "deadline" ? "No model answered before the deadline" : "No model could answer";
  const advice =
    retryAfterMs === null ? "Try again later." : `Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  const message = `${what}: ${describe(course.attempts)}. ${advice}`;
  return fault("exhausted", code, message, retryAfterMs === null ? {} : { retryAfterMs });
}

function describe(attempts: readonly Attempt[]): string {
  const failures = new Map<string, number>();
  const skips = new Map<string, number>();
  for (const { fault: met, skipped } of attempts) {
    if (skipped) skips.set(skipped, (skips.get(skipped) ?? 0) + 1);
    else if (met) failures.set(met.kind, (failures.get(met.kind) ?? 0) + 1);
  }
  const made = sum(failures);
  const passed = sum(skips);
  const first =
    made === 0
      ? "no attempt was made"
      : `${made} ${made === 1 ? "attempt" : "attempts"} failed (${list(failures)})`;
  return passed === 0 ? first : `${first}, ${passed} passed over (${list(skips)})`;
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
}

/** Null: nobody is blocked, or nobody knows for how long. */
function soonestRetry(course: Course, now: number): number | null {
  const { plan, ports } = course;
  const { health } = ports;
  let soonest = Number.POSITIVE_INFINITY;
  let isOneFree = false;
  for (const { candidates } of plan.rungs) {
    for (const deployment of candidates) {
      const until = health.blockedUntil(deployment.id, now);
      if (until !== null) soonest = Math.min(soonest, until);
      else isOneFree ||= health.blocked(deployment.id, now) === null && mayServe(course, deployment);
    }
  }
  if (!Number.isFinite(soonest)) return null;
  return isOneFree ? SOONEST_RETRY_MS : Math.max(SOONEST_RETRY_MS, soonest - now);
}

/** Whether the same request could be answered by it another time. */
function mayServe({ attempts, overflowed }: Course, { id, model }: Deployment): boolean {
  if (model.contextWindow <= overflowed) return false;
  return !attempts.some(({ deployment, skipped }) => deployment === id && skipped === "unsent");
}
