/** Which call comes next, and what is passed over on the way to it. Owns the order; reads no fault. */
import type { Clock } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import { alwaysAnswers, type Rung } from "../core/plan.ts";
import {
  type Course,
  chancesAbove,
  chancesIn,
  isBehind,
  isExercised,
  isSpent,
  NONE,
  overCeiling,
  type Repeat,
  recordSkip,
  type Step,
} from "./course.ts";
import { MINIMUM_ATTEMPT_MS } from "./deadline.ts";

/** The next admitted call, or null when there is none. What is passed over on the way is recorded. */
export function takeStep(course: Course, now: number): Step | null {
  const { repeat } = course;
  if (repeat) {
    course.repeat = null;
    const { rung, deployment, anyway } = repeat.step;
    const step = enter(course, rung, deployment, now, anyway, repeat);
    if (step) return step;
  }
  return takeFresh(course, now) ?? takeEarlyProbe(course, now) ?? takeLastResort(course, now);
}

function takeFresh(course: Course, now: number): Step | null {
  const { rungs } = course.plan;
  for (let rung = rungs[course.rungIndex]; rung; rung = nextRung(course)) {
    while (course.nextCandidate < rung.candidates.length) {
      const deployment = rung.candidates[course.nextCandidate++];
      if (!deployment || isSpent(course, deployment)) continue;
      if (isBehind(course, deployment)) {
        course.deferred = [...course.deferred, deployment];
        continue;
      }
      const step = enter(course, rung, deployment, now, false, null);
      if (step) return step;
    }
    while (course.deferred.length > 0 && chancesAbove(course, now) === 0) {
      const [deployment, ...rest] = course.deferred;
      course.deferred = rest;
      if (!deployment || isSpent(course, deployment)) continue;
      const step = enter(course, rung, deployment, now, false, null);
      if (step) return step;
    }
  }
  return null;
}

function nextRung(course: Course): Rung | undefined {
  course.rungIndex++;
  course.nextCandidate = 0;
  course.deferred = NONE;
  course.rungCalled = false;
  return course.plan.rungs[course.rungIndex];
}

/**
 * Admits a call or records why not. Whoever has waited as it was told is not held up by what others were told meanwhile,
 * unless nobody would wait for that: each refusal of calls made together prolongs the cooldown, and all would have waited
 * in vain.
 */
function enter(
  course: Course,
  rung: Rung,
  deployment: Deployment,
  now: number,
  anyway: boolean,
  repeat: Repeat | null,
): Step | null {
  const { health, retry } = course.ports;
  if (overCeiling(course, deployment, repeat?.complaint)) {
    recordSkip(course, rung, deployment, "cost_ceiling", now);
    return null;
  }
  const leniencyMs = repeat?.asTold ? retry.maxRetryAfterMs : 0;
  let bypass = anyway;
  let admitted = health.admit(deployment.id, now, anyway ? "anyway" : "request", leniencyMs);
  if (admitted === "circuit_open" && isSlowLast(course, rung, deployment, now)) {
    bypass = true;
    admitted = health.admit(deployment.id, now, "anyway", leniencyMs);
  }
  if (typeof admitted === "string") {
    recordSkip(course, rung, deployment, admitted, now);
    return null;
  }
  const { waitedMs } = course;
  course.waitedMs = 0;
  if (!repeat) course.repeats = 0;
  return {
    deployment,
    rung,
    permit: admitted,
    anyway: bypass,
    complaint: repeat?.complaint ?? null,
    waitedMs,
  };
}

/**
 * A step that is a probe, once the fleet has answered. Null: another replica probes, which is recorded, or there
 * is no time left for a call; the permit is given back.
 */
export async function askFleet(
  course: Course,
  step: Step,
  claim: Promise<boolean>,
  clock: Clock,
): Promise<Step | null> {
  const granted = await claim;
  const now = clock.now();
  if (granted && course.ports.deadlineAt - now >= MINIMUM_ATTEMPT_MS) return step;
  const { rung, deployment, permit, waitedMs } = step;
  permit.settle("none", now);
  course.waitedMs = waitedMs;
  if (granted) return null;
  if (isSlowLast(course, rung, deployment, now)) {
    const anyway = course.ports.health.admit(deployment.id, now, "anyway");
    if (typeof anyway !== "string") return { ...step, permit: anyway, anyway: true };
  }
  recordSkip(course, rung, deployment, "circuit_open", now);
  return null;
}

/** Slow is better than nothing: a slow circuit does not cost a rung its last candidate. An exercise has all the others. */
function isSlowLast(course: Course, rung: Rung, deployment: Deployment, now: number): boolean {
  if (isExercised(course, { rung })) return false;
  if (course.rungCalled || course.ports.health.openReason(deployment.id) !== "slow") return false;
  return chancesIn(course, rung, course.nextCandidate, now, false) === 0;
}

/**
 * Nobody was called for the answer, and nobody can be: the circuits of the plan are open, but for who cannot be told, whose
 * quota cools down or who costs more than there is left. Where no circuit keeps it shut there is nobody to probe.
 */
function isShut({ attempts, plan }: Course): boolean {
  let isOpen = false;
  for (const { skipped, purpose } of attempts) {
    // A summary that was made of it, or was not, is another matter.
    if (purpose !== undefined) continue;
    isOpen ||= skipped === "circuit_open";
    const isExercise = skipped === "retry_budget" && plan.exercise;
    if (skipped === undefined || (skipped === "retry_budget" && !isExercise)) return false;
  }
  return isOpen;
}

/**
 * Every circuit is open of whoever is payable and on no quota at rest, some for a pause that has grown. The first candidate whose first
 * pause is over is asked, as a probe: whoever comes next is then better off, and this request has nothing to lose. At
 * most one of a request.
 */
function takeEarlyProbe(course: Course, now: number): Step | null {
  if (!isShut(course)) return null;
  const { plan, ports } = course;
  for (const rung of plan.rungs) {
    // One that is exercised has its own turn: this is the one call that the request may have.
    if (isExercised(course, { rung })) continue;
    for (const deployment of rung.candidates) {
      if (isSpent(course, deployment) || overCeiling(course, deployment)) continue;
      const permit = ports.health.admit(deployment.id, now, "early");
      if (typeof permit === "string") continue;
      const { waitedMs } = course;
      course.waitedMs = 0;
      course.repeats = 0;
      return { deployment, rung, permit, anyway: false, complaint: null, waitedMs };
    }
  }
  return null;
}

/**
 * Failures have opened every circuit of the plan. Where the policy has a degraded answer, that one is given
 * at once: certain, and no load on what is down. Where it has none, refusing would turn a suspicion into a
 * certain failure, so the last candidate that is payable, the ladder's own last resort, is asked once more.
 */
function takeLastResort(course: Course, now: number): Step | null {
  const { plan, ports } = course;
  if (plan.degraded.some(alwaysAnswers) || !isShut(course)) return null;
  for (const rung of plan.rungs.toReversed()) {
    for (const deployment of rung.candidates.toReversed()) {
      if (isSpent(course, deployment) || ports.health.openReason(deployment.id) === "forced") continue;
      if (ports.health.blocked(deployment.id, now) === "cooling_down" || overCeiling(course, deployment))
        continue;
      return enter(course, rung, deployment, now, true, null);
    }
  }
  return null;
}
