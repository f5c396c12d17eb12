/** What a climb does after a fault, drawn from the fault table. Owns repeats and departures; calls nothing. */
import type { Deployment } from "../core/deployment.ts";
import { FAULTS, type Fault, type NextStep } from "../core/faults.ts";
import { fullJitter } from "./backoff.ts";
import { type Course, chances, type Left, laterRungs, type Step } from "./course.ts";
import { MINIMUM_ATTEMPT_MS, timeForRung } from "./deadline.ts";

/** Whose fault is none of the request's. */
const BLAMELESS: ReadonlySet<string> = new Set(["provider", "quota"]);

/**
 * Draws the consequence of a fault from the fault table. `stop`: nothing else would help. Otherwise the
 * course knows where it goes: `repeat` is set, or the next step is another deployment. `beside`: another call
 * is under way, so that there is nothing to repeat yet.
 */
export function react(course: Course, step: Step, fault: Fault, now: number, beside = false): "stop" | "go" {
  const next: NextStep = FAULTS[fault.kind].next;
  switch (next) {
    case "stop":
      if (!isBesideThePoint(course, fault)) return "stop";
      leave(course, step.deployment, "deployment");
      return "go";
    case "leave-region":
      leave(course, step.deployment, "region");
      return "go";
    case "next-candidate":
      leave(course, step.deployment, "deployment");
      return "go";
    case "backoff-then-leave":
      leave(course, step.deployment, fault.lasting ? "lasting_quota" : "quota");
      backOff(course, step, fault, now, beside);
      return "go";
    case "reformat":
      leave(course, step.deployment, "deployment");
      if (!beside) reformat(course, step, fault, now);
      return "go";
    case "larger-model":
      leave(course, step.deployment, "deployment");
      course.overflowed = overflowedBy(course, step.deployment);
      return hasLargerThan(course, course.overflowed) ? "go" : "stop";
  }
}

/** What `react` would answer, without consequences: whether the fault is such that nothing else would help. */
export function stops(course: Course, deployment: Deployment, fault: Fault): boolean {
  const { next } = FAULTS[fault.kind];
  if (next === "larger-model") return !hasLargerThan(course, overflowedBy(course, deployment));
  return next === "stop" && !isBesideThePoint(course, fault);
}

/**
 * What only this deployment's dialect cannot be told, found before it was called, is the last word on a request that
 * nobody else has failed; where a provider has, the request was good enough for it, and the climb goes on.
 */
function isBesideThePoint({ attempts }: Course, fault: Fault): boolean {
  if (fault.kind !== "invalid" || fault.unsent !== true) return false;
  return attempts.some(({ fault: met }) => met !== undefined && BLAMELESS.has(FAULTS[met.kind].blame));
}

function leave(course: Course, deployment: Deployment, scope: Left["scope"]): void {
  course.left = [...course.left, { deployment, scope }];
}

/**
 * A throttled deployment: wait where that is cheap, once, or as often as attempts last where nothing else is left. A
 * quota that is used up for long is not waited for.
 */
function backOff(course: Course, step: Step, fault: Fault, now: number, beside: boolean): void {
  const { retry, health, random } = course.ports;
  const wish = fault.retryAfterMs;
  if (wish !== undefined) health.coolUntil(step.deployment.quotaGroup, now + wish);
  if (beside || fault.lasting) return;
  const waitMs = wish ?? fullJitter(random, retry.backoffBaseMs, retry.backoffMaxMs, course.repeats);
  const others = chances(course, now);
  if (waitMs > retry.maxRetryAfterMs || (course.repeats > 0 && others > 0)) return;
  if (!mayRepeat(course, step, waitMs, others, now)) return;
  course.repeats++;
  course.repeat = { step, waitMs, complaint: step.complaint };
}

/**
 * Once more, where the model can be told what was wrong. What was wrong with others (nothing in it, no JSON from the
 * endpoint) is met again as likely as not: the same call is worth making only where no other is left.
 */
function reformat(course: Course, step: Step, fault: Fault, now: number): void {
  const others = chances(course, now);
  if (course.formatRetriesLeft <= 0 || !mayRepeat(course, step, 0, others, now)) return;
  if (fault.complaint === undefined && (others > 0 || fault.code === "answer_too_large")) return;
  course.formatRetriesLeft--;
  course.repeats++;
  course.repeat = { step, waitMs: 0, complaint: fault };
}

/** A repeat takes neither an attempt nor the time from the candidates that are still to be tried. */
function mayRepeat(course: Course, step: Step, waitMs: number, others: number, now: number): boolean {
  const { plan, calls, ports } = course;
  // A call beside it may have found out that its model is too small.
  if (step.deployment.model.contextWindow <= course.overflowed) return false;
  if (plan.maxAttempts - calls <= others) return false;
  const time = timeForRung(plan.timeouts, ports.deadlineAt - now, laterRungs(course));
  return waitMs + MINIMUM_ATTEMPT_MS <= time;
}

function overflowedBy(course: Course, { model }: Deployment): number {
  return Math.max(course.overflowed, model.contextWindow);
}

function hasLargerThan(course: Course, window: number): boolean {
  return course.plan.rungs.some((rung) =>
    rung.candidates.some((deployment) => deployment.model.contextWindow > window),
  );
}
