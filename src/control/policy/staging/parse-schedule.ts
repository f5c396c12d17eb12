/** How people write when and how fast a version takes over: `10m`, `20%/2m`. Owns the notation and its limits. */
import { stageAt } from "../../../core/activation-plan.ts";
import { parseDuration } from "../../../core/duration.ts";
import { failed, ok, type Result } from "../../../core/faults.ts";
import { LEAST_STEP_PERCENT } from "../activate.ts";
import type { Schedule } from "../policy-acts.ts";

export interface WrittenSchedule {
  /** A duration from now until the first step. */
  readonly in?: string | undefined;
  /** Instead: when it is; ISO 8601, the same for every gateway that is told. */
  readonly at?: string | undefined;
  /** `20%` or `20%/2m`: what each step adds, and how long until the next. */
  readonly linear?: string | undefined;
}

const EVERY_MS = 2 * 60_000;
const SHORTEST_STEP_MS = 1000;
const FURTHEST_MS = 30 * 86_400_000;
const LINEAR = /^(\d{1,3}(?:\.\d{1,4})?)%(?:\/(\S+))?$/;

/** Nothing written: everything at once. Faults: `invalid`. */
export function parseSchedule(written: WrittenSchedule, now: number): Result<Schedule> {
  const startsAt = parseStart(written, now);
  if (!startsAt.ok) return startsAt;
  const { linear } = written;
  if (linear === undefined) {
    return ok({ startsAt: startsAt.value, stepPercent: 100, stepEveryMs: EVERY_MS });
  }
  const [, percent, every] = LINEAR.exec(linear.trim()) ?? [];
  const stepPercent = Number(percent);
  const stepEveryMs = every === undefined ? EVERY_MS : parseDuration(every);
  if (!(stepPercent >= LEAST_STEP_PERCENT && stepPercent <= 100) || stepEveryMs === null) {
    return misfit("linear", "Write 20%, or 20%/2m: from 1% to 100% a step, and the time between two.");
  }
  if (stepEveryMs < SHORTEST_STEP_MS || stepEveryMs > FURTHEST_MS) {
    return misfit("linear", "Steps are from 1s to 30d apart.");
  }
  return unlessMissed({ startsAt: startsAt.value, stepPercent, stepEveryMs }, now);
}

/** A start in the past is good until the second step is due: another gateway may have been told it a moment ago. */
function unlessMissed(schedule: Schedule, now: number): Result<Schedule> {
  const { step, share } = stageAt(schedule, now);
  if (step <= 1) return ok(schedule);
  const told = `This time is past: by its steps the version would have ${share} % of the traffic at once`;
  return misfit("at", `${told}. Give a time to come, or leave it out to begin now.`);
}

function parseStart({ in: later, at }: WrittenSchedule, now: number): Result<number> {
  if (later !== undefined && at !== undefined) return misfit("at", "Give `in` or `at`, not both.");
  if (later !== undefined) {
    const ms = parseDuration(later);
    if (ms === null || ms > FURTHEST_MS)
      return misfit("in", "Give a duration with a unit, such as 10m; at most 30d.");
    return ok(now + Math.round(ms));
  }
  if (at === undefined) return ok(now);
  const start = Date.parse(at);
  if (Number.isNaN(start) || start > now + FURTHEST_MS) {
    return misfit("at", "Give a time as 2026-01-31T09:00:00Z, at most 30 days from now.");
  }
  return ok(start);
}

function misfit(param: string, message: string): Result<never> {
  return failed("invalid", "invalid_schedule", message, { param });
}
