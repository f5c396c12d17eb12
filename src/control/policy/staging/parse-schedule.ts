/** How people write when and how fast a version takes over: `10m`, `20%/2m`. Owns the notation and its limits. */
import { stageAt } from "../../../core/activation-plan.ts";
import { parseDuration } from "../../../core/duration.ts";
import { failed, ok, type Result } from "../../../core/faults.ts";
import { parseDateAndTime } from "../../../core/instant.ts";
import { LEAST_STEP_PERCENT } from "../activate.ts";
import type { Schedule } from "../policy-acts.ts";

export interface WrittenSchedule {
  /** A duration from now until the first step. */
  readonly in?: string | undefined;
  /** Instead: when it is; a date and a time with its zone, so that every gateway that is told means the same. */
  readonly at?: string | undefined;
  /** `20%` or `20%/2m`: what each step adds, and how long until the next. */
  readonly linear?: string | undefined;
}

const HOUR_MS = 60 * 60_000;
const EVERY_MS = 2 * 60_000;
const SHORTEST_STEP_MS = 1000;
/** How late a gateway may be told where there is one step: the others of the fleet were told a moment ago. */
const LATEST_MS = 60_000;
const FURTHEST_MS = 30 * 86_400_000;
const LINEAR = /^(\d{1,3}(?:\.\d{1,4})?)%(?:\/(\S+))?$/;

/** Nothing written: everything at once. Faults: `invalid`. */
export function parseSchedule(written: WrittenSchedule, now: number): Result<Schedule> {
  const startsAt = parseStart(written, now);
  if (!startsAt.ok) return startsAt;
  const { linear } = written;
  if (linear === undefined) {
    return unlessMissed({ startsAt: startsAt.value, stepPercent: 100, stepEveryMs: EVERY_MS }, now);
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
  const { step, steps, share } = stageAt(schedule, now);
  const isMissed = steps === 1 ? now - schedule.startsAt > LATEST_MS : step > 1;
  if (!isMissed) return ok(schedule);
  const by = steps === 1 ? "" : "by its steps ";
  const told = `This time is past: ${by}the version would have ${share} % of the traffic at once`;
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
  const start = parseDateAndTime(at);
  if (start === null || start > now + FURTHEST_MS) {
    const example = new Date(now + HOUR_MS).toISOString().replace(/\.\d+/, "");
    return misfit("at", `Give a date and a time with its zone, as ${example}, at most 30 days from now.`);
  }
  return ok(start);
}

function misfit(param: string, message: string): Result<never> {
  return failed("invalid", "invalid_schedule", message, { param });
}
