/**
 * The state of one climb: what was tried, what was left, what could still be called. Owns these facts;
 * which candidate is next is step.ts's, what a fault leads to is reaction.ts's.
 */
import type { Random } from "../core/clock.ts";
import { type Attempt, countCalls } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import type { Fault } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { RoutePlan, Rung } from "../core/plan.ts";
import type { RetrySettings } from "../core/settings.ts";
import type { Permit } from "./circuit.ts";
import type { Health } from "./health.ts";

export interface CoursePorts {
  readonly health: Health;
  readonly random: Random;
  readonly retry: RetrySettings;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  /**
   * What a call must be able to cost, or it is not made; null: unpriced, which no ceiling can be held against.
   * `complaint`: of a malformed answer, which it is told.
   */
  estimateCost(deployment: Deployment, complaint?: Fault | null): NanoDollars | null;
  /** What a call costs at most that may cost `left`. Absent: what is estimated. */
  costWithin?(deployment: Deployment, left: NanoDollars): NanoDollars | null;
  /** What a call is taken to have used that was ended before its answer came; absent: nothing is known of it. */
  estimateAbandoned?(deployment: Deployment): { readonly usage: Usage; readonly cost: NanoDollars | null };
  /** Whether the deployment is told the request in another dialect than its caller's. Absent: none is. */
  isTranslated?(deployment: Deployment): boolean;
  /** A request that is too long is shortened before a larger model is asked. Absent: it is not. */
  readonly stopsAtOverflow?: boolean;
  /** How many malformed answers of this request may be asked for again. */
  readonly formatRetries: number;
  /** The climb goes on where others ended; null or absent, or without any attempt: it begins. */
  readonly resume?: Resume | null;
}

/** What an earlier climb of the same request has done: it counts against the same bounds. */
export interface Resume {
  readonly attempts: readonly Attempt[];
  readonly left: readonly Left[];
  /** Context window of the largest model that this very request was too long for; absent: of none. */
  readonly overflowed?: number;
}

/** The next call, admitted. */
export interface Step {
  readonly deployment: Deployment;
  readonly rung: Rung;
  readonly permit: Permit;
  /** Admitted in spite of its circuit. */
  readonly anyway: boolean;
  readonly complaint: Fault | null;
  /** Milliseconds the ladder waited before it. */
  readonly waitedMs: number;
}

/** The same deployment once more. */
export interface Repeat {
  readonly step: Step;
  readonly waitMs: number;
  readonly complaint: Fault | null;
  /** `waitMs` is what its provider has asked for. */
  readonly asTold: boolean;
}

/**
 * A deployment that was called and is not called again, and what it takes down with it. What is on a `lasting_quota`
 * is not called again either.
 */
export interface Left {
  readonly deployment: Deployment;
  readonly scope: "deployment" | "region" | "quota" | "lasting_quota";
}

/** One request's way through its plan. Everything that changes during a climb is here. */
export interface Course {
  readonly plan: RoutePlan;
  readonly ports: CoursePorts;
  readonly attempts: Attempt[];
  rungIndex: number;
  nextCandidate: number;
  /** Candidates of this rung behind a region or quota that was left: tried when nothing else is left. */
  deferred: readonly Deployment[];
  /** Whether this rung had a call. */
  rungCalled: boolean;
  calls: number;
  /** The request has earned the fleet its share of a retry. */
  deposited: boolean;
  /** Whatever is called next is a retry: the ladder's own call was made before. */
  retrying: boolean;
  /** What the calls so far cost, as far as that is known. */
  spent: NanoDollars;
  /** When the retry budget was charged for the next call, epoch milliseconds; null: it was not. */
  paidAt: number | null;
  /** Milliseconds waited since the last call. */
  waitedMs: number;
  repeat: Repeat | null;
  /** Repeats of the present deployment. */
  repeats: number;
  formatRetriesLeft: number;
  left: readonly Left[];
  /** Context window of the largest model that overflowed. */
  overflowed: number;
}

/** Shared by every course that has nothing to list yet. */
export const NONE: readonly never[] = [];

export function startCourse(plan: RoutePlan, ports: CoursePorts): Course {
  const resume = resumed(ports);
  const calls = resume ? countCalls(resume.attempts) : 0;
  return {
    plan,
    ports,
    attempts: resume ? [...resume.attempts] : [],
    rungIndex: 0,
    nextCandidate: 0,
    deferred: NONE,
    rungCalled: false,
    calls,
    deposited: calls > 0,
    retrying: resume?.attempts.some(isOfTheLadder) ?? false,
    spent: resume ? resume.attempts.reduce((sum, { cost }) => sum + (cost ?? 0), 0) : 0,
    paidAt: null,
    waitedMs: 0,
    repeat: null,
    repeats: 0,
    formatRetriesLeft: ports.formatRetries,
    left: resume ? resume.left : NONE,
    overflowed: resume?.overflowed ?? 0,
  };
}

/** A call for the answer itself, or one for something else that came to nothing. */
function isOfTheLadder({ result, purpose }: Attempt): boolean {
  return result !== "skipped" && (purpose === undefined || result !== "ok");
}

/** Whether the step is the one that was put first so that it is known to work. */
export function isExercised({ plan }: Course, { rung }: Pick<Step, "rung">): boolean {
  return plan.exercise && rung === plan.rungs[0];
}

/** Null: nothing was tried before. */
export function resumed({ resume }: CoursePorts): Resume | null {
  return resume && resume.attempts.length > 0 ? resume : null;
}

/** How many later rungs must be left time: no more than there are attempts for after the next one. */
export function laterRungs(course: Course): number {
  const { plan } = course;
  return Math.min(plan.rungs.length - 1 - course.rungIndex, plan.maxAttempts - course.calls - 1);
}

/** Notes a deployment that was passed over without a call. */
export function recordSkip(
  course: Course,
  rung: Rung,
  deployment: Deployment,
  skipped: NonNullable<Attempt["skipped"]>,
  now: number,
): void {
  course.attempts.push({
    rung: rung.kind,
    deployment: deployment.id,
    model: deployment.model.id,
    ...(rung.alias !== undefined && { alias: rung.alias }),
    provider: deployment.provider,
    region: deployment.region,
    result: "skipped",
    skipped,
    startedAtMs: now - course.ports.arrivedAt,
    waitedMs: 0,
    durationMs: 0,
    cost: null,
  });
}

/** How many deployments not yet tried could be called now, from here on upwards. */
export function chances(course: Course, now: number): number {
  const rung = course.plan.rungs[course.rungIndex];
  const here = rung ? chancesIn(course, rung, course.nextCandidate, now, false) : 0;
  return here + chancesAbove(course, now);
}

export function chancesAbove(course: Course, now: number): number {
  let count = 0;
  for (let index = course.rungIndex + 1; index < course.plan.rungs.length; index++) {
    const rung = course.plan.rungs[index];
    if (rung) count += chancesIn(course, rung, 0, now, true);
  }
  return count;
}

/** `slowCounts`: a rung with nothing but slow candidates still has one that will be called. */
export function chancesIn(
  course: Course,
  rung: Rung,
  from: number,
  now: number,
  slowCounts: boolean,
): number {
  const { health } = course.ports;
  let count = 0;
  let slow = 0;
  for (let index = from; index < rung.candidates.length; index++) {
    const deployment = rung.candidates[index];
    if (!deployment || isSpent(course, deployment) || isBehind(course, deployment)) continue;
    if (overCeiling(course, deployment)) continue;
    const blocked = health.blocked(deployment.id, now);
    if (blocked === null) count++;
    else if (blocked === "circuit_open" && health.openReason(deployment.id) === "slow") slow = 1;
  }
  return count === 0 && slowCounts ? slow : count;
}

/** Not to be called again in this request, whatever happens. */
export function isSpent(course: Course, deployment: Deployment): boolean {
  if (deployment.model.contextWindow <= course.overflowed) return true;
  return course.left.some(
    (left) =>
      left.deployment.id === deployment.id ||
      (left.scope === "lasting_quota" && left.deployment.quotaGroup === deployment.quotaGroup),
  );
}

/** In a region, or on a quota, that was left. */
export function isBehind(course: Course, { provider, region, quotaGroup }: Deployment): boolean {
  return course.left.some(({ deployment, scope }) =>
    scope === "region"
      ? deployment.provider === provider && deployment.region === region
      : scope === "quota" && deployment.quotaGroup === quotaGroup,
  );
}

export function overCeiling(course: Course, deployment: Deployment, complaint: Fault | null = null): boolean {
  const left = costLeft(course);
  if (left === null) return false;
  const estimate = course.ports.estimateCost(deployment, complaint);
  return estimate !== null && estimate > left;
}

/** What the next call may cost; null: nothing bounds it. */
export function costLeft({ plan, spent }: Course): NanoDollars | null {
  return plan.costCeiling === null ? null : plan.costCeiling - spent;
}
