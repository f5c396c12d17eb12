/**
 * What a climb pays the fleet for its calls. Owns when a call is paid for and that what was paid for no call is given
 * back; how many may be paid for is retry-budget.ts's.
 */
import { type Course, isExercised, recordSkip, type Step } from "./course.ts";
import type { RetryBudget } from "./retry-budget.ts";

/**
 * Pays for the next call, unless that is done or need not be; false: it is not to be made, which is on record. A request
 * earns the fleet a share of a retry, and every call after the ladder's own first one costs one: a summary that was had
 * makes no retry of what it was for. An exercise is paid for beforehand, for the call that it may make necessary.
 */
export function pay(course: Course, step: Step, budget: RetryBudget, now: number): boolean {
  const { plan } = course;
  if (!course.deposited) {
    course.deposited = true;
    budget.deposit(now);
    if (plan.hedge) budget.hedges.deposit(plan.useCase, plan.hedge.maxShare);
  }
  if (course.paidAt !== null || (!course.retrying && !isExercised(course, step))) return true;
  if (budget.withdraw(now)) {
    course.paidAt = now;
    return true;
  }
  step.permit.settle("none", now);
  recordSkip(course, step.rung, step.deployment, "retry_budget", now);
  return false;
}

/** The climb is over: what it has paid for the next call is others' to spend. */
export function giveBack({ paidAt }: Course, budget: RetryBudget, now: number): void {
  if (paidAt !== null) budget.giveBack(paidAt, now);
}
