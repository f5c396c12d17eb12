/** What a climb does after a fault, drawn from the fault table. Owns repeats and departures; calls nothing. */
import type { Deployment } from "../core/deployment.ts";
import { FAULTS, type Fault } from "../core/faults.ts";
import { fullJitter } from "./backoff.ts";
import { type Course, chances, isExercised, type Left, laterRungs, type Step } from "./course.ts";
import { MINIMUM_ATTEMPT_MS, timeForRung } from "./deadline.ts";
import { isLastWord, overflowedBy } from "./last-word.ts";

/**
 * Draws the consequence of a fault from the fault table. `stop`: it is the last word. Otherwise the course knows where
 * it goes: `repeat` is set, or the next step is another deployment. `beside`: another call is under way, so that there
 * is nothing to repeat yet.
 */
export function react(course: Course, step: Step, fault: Fault, now: number, beside = false): "stop" | "go" {
  const isOver = isLastWord(course, step, fault);
  // A guess of our own is no reason to pass over the one that the policy begins with.
  if (FAULTS[fault.kind].next === "larger-model" && !isExercised(course, step)) {
    course.overflowed = overflowedBy(course, step.deployment);
  }
  if (isOver) return "stop";
  leave(course, step.deployment, leftScope(fault, isExercised(course, step)));
  switch (FAULTS[fault.kind].next) {
    case "backoff-then-leave":
      backOff(course, step, fault, now, beside);
      break;
    case "reformat":
      if (!beside) reformat(course, step, fault, now);
      break;
  }
  return "go";
}

/**
 * What a fault takes down with its deployment. Of one that is exercised, no more than that: nothing that stood before it
 * is put off for its sake.
 */
export function leftScope(
  { kind, lasting }: Pick<Fault, "kind" | "lasting">,
  exercised: boolean,
): Left["scope"] {
  if (exercised) return lasting ? "lasting_quota" : "deployment";
  const { next } = FAULTS[kind];
  if (next === "leave-region") return "region";
  if (next !== "backoff-then-leave") return "deployment";
  return lasting ? "lasting_quota" : "quota";
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
  if (beside || fault.lasting || isExercised(course, step)) return;
  const waitMs = Math.ceil(
    wish ?? fullJitter(random, retry.backoffBaseMs, retry.backoffMaxMs, course.repeats),
  );
  const others = chances(course, now);
  if (waitMs > retry.maxRetryAfterMs || (course.repeats > 0 && others > 0)) return;
  if (!mayRepeat(course, step, waitMs, others, now)) return;
  course.repeats++;
  course.repeat = { step, waitMs, complaint: step.complaint, asTold: wish !== undefined };
}

/**
 * Once more, where the model can be told what was wrong. What was wrong with others (nothing in it, no JSON from the
 * endpoint) is met again as likely as not: the same call is worth making only where no other is left.
 */
function reformat(course: Course, step: Step, fault: Fault, now: number): void {
  if (isExercised(course, step)) return;
  const others = chances(course, now);
  if (course.formatRetriesLeft <= 0 || !mayRepeat(course, step, 0, others, now)) return;
  if (fault.complaint === undefined && (others > 0 || fault.code === "answer_too_large")) return;
  course.formatRetriesLeft--;
  course.repeats++;
  course.repeat = { step, waitMs: 0, complaint: fault, asTold: false };
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
