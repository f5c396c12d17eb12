/** What a climb does after a fault, drawn from the fault table. Owns repeats and departures; calls nothing. */
import type { Deployment } from "../core/deployment.ts";
import { FAULTS, type Fault, type NextStep } from "../core/faults.ts";
import { fullJitter } from "./backoff.ts";
import { type Course, chances, type Left, laterRungs, type Step } from "./course.ts";
import { MINIMUM_ATTEMPT_MS, timeForRung } from "./deadline.ts";

/**
 * Draws the consequence of a fault from the fault table. `stop`: nothing else would help. Otherwise the
 * course knows where it goes: `repeat` is set, or the next step is another deployment.
 */
export function react(course: Course, step: Step, fault: Fault, now: number): "stop" | "go" {
  const next: NextStep = FAULTS[fault.kind].next;
  switch (next) {
    case "stop":
      return "stop";
    case "leave-region":
      leave(course, step.deployment, "region");
      return "go";
    case "next-candidate":
      leave(course, step.deployment, "deployment");
      return "go";
    case "backoff-then-leave":
      leave(course, step.deployment, "quota");
      backOff(course, step, fault, now);
      return "go";
    case "reformat":
      leave(course, step.deployment, "deployment");
      reformat(course, step, fault, now);
      return "go";
    case "larger-model":
      leave(course, step.deployment, "deployment");
      course.overflowed = Math.max(course.overflowed, step.deployment.model.contextWindow);
      return hasLargerModel(course) ? "go" : "stop";
  }
}

function leave(course: Course, deployment: Deployment, scope: Left["scope"]): void {
  course.left = [...course.left, { deployment, scope }];
}

/** A throttled deployment: wait where that is cheap, once, or as often as attempts last where nothing else is left. */
function backOff(course: Course, step: Step, fault: Fault, now: number): void {
  const { retry, health, random } = course.ports;
  const wish = fault.retryAfterMs;
  if (wish !== undefined) health.coolUntil(step.deployment.quotaGroup, now + wish);
  const waitMs = wish ?? fullJitter(random, retry.backoffBaseMs, retry.backoffMaxMs, course.repeats);
  const others = chances(course, now);
  if (waitMs > retry.maxRetryAfterMs || (course.repeats > 0 && others > 0)) return;
  if (!mayRepeat(course, waitMs, others, now)) return;
  course.repeats++;
  course.repeat = { step, waitMs, complaint: step.complaint };
}

function reformat(course: Course, step: Step, fault: Fault, now: number): void {
  if (course.formatRetriesLeft <= 0 || !mayRepeat(course, 0, chances(course, now), now)) return;
  course.formatRetriesLeft--;
  course.repeats++;
  course.repeat = { step, waitMs: 0, complaint: fault };
}

/** A repeat takes neither an attempt nor the time from the candidates that are still to be tried. */
function mayRepeat(course: Course, waitMs: number, others: number, now: number): boolean {
  const { plan, calls, ports } = course;
  if (plan.maxAttempts - calls <= others) return false;
  const time = timeForRung(plan.timeouts, ports.deadlineAt - now, laterRungs(course));
  return waitMs + MINIMUM_ATTEMPT_MS <= time;
}

function hasLargerModel(course: Course): boolean {
  return course.plan.rungs.some((rung) =>
    rung.candidates.some((deployment) => deployment.model.contextWindow > course.overflowed),
  );
}
