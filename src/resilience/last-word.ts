/**
 * Which fault ends a climb although there are others to ask. Owns that judgement, for all of its callers: what a climb
 * does about any other fault is reaction.ts's.
 *
 * The fault table has the faults that no other model would help (`stop`). They are told as they are, since to pass them
 * on would put one mistake to the whole ladder and hide it from whoever made it. But whose word is it? The policy's
 * first choice speaks for the request. Whoever is asked in the place of another, which failed or was kept from being
 * called by its circuit or its quota, does so only where it read what the caller wrote; and whoever is exercised was
 * asked for our sake alone, so that its word must cost the caller nothing.
 *
 * | the fault                                              | first choice | in another's place | exercised |
 * |--------------------------------------------------------|--------------|--------------------|-----------|
 * | the caller left; a filter has decided on the content   | last word    | last word          | last word |
 * | refused in the caller's own dialect                    | last word    | last word          | goes on   |
 * | a wrong key or name of a model; a defect of our own    | last word    | last word          | goes on   |
 * | the provider refused what our translation made of it   | last word    | goes on            | goes on   |
 * | this dialect cannot be told it: it was not called      | in its rung¹ | goes on            | goes on   |
 * | too long, and no model of the plan is larger           | last word    | last word          | goes on   |
 *
 * ¹ The last word once nobody is left in the rung.
 *
 * - A filter's decision is none to shop around with.
 * - A key or a name that is wrong is the operators' to mend, and stays so if a third model could hide it.
 * - What a dialect has no words for, and how well we translate, is the deployment's affair. The one that the caller
 *   was to be answered by would have taken the request; told 400, nobody tries again when it is back. Where nobody
 *   else answers, the last word is therefore the outage.
 * - The same model beside it in the rung may speak a dialect that has the words. Whom a weighted choice happened to put
 *   first must not decide whether a request is honoured; and no call was spent to find out.
 */
import type { Attempt } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import { FAULTS, type Fault, type FaultKind } from "../core/faults.ts";
import { type Course, isExercised, isSpent, type Step } from "./course.ts";

/** Whose fault is none of the request's. */
const BLAMELESS: ReadonlySet<string> = new Set(["provider", "quota"]);
const WHOEVER_SAYS_IT: ReadonlySet<FaultKind> = new Set(["cancelled", "filtered"]);

export function isLastWord(course: Course, step: Step, fault: Fault): boolean {
  const { next } = FAULTS[fault.kind];
  if (next === "larger-model") return !isExercised(course, step) && isTooLongForAll(course, step);
  if (next !== "stop") return false;
  if (WHOEVER_SAYS_IT.has(fault.kind)) return true;
  if (isExercised(course, step)) return false;
  if (fault.unsent && hasPeers(course, step)) return false;
  return !(isOfTheDialect(course, step, fault) && isInPlace(course, step));
}

/** The largest window that turned out to be too small, this one among them. */
export function overflowedBy(course: Course, { model }: Deployment): number {
  return Math.max(course.overflowed, model.contextWindow);
}

function isTooLongForAll(course: Course, { deployment }: Step): boolean {
  const { plan, ports } = course;
  if (ports.stopsAtOverflow) return true;
  const window = overflowedBy(course, deployment);
  return !plan.rungs.some(({ candidates }) => candidates.some(({ model }) => model.contextWindow > window));
}

function isOfTheDialect({ ports }: Course, { deployment }: Step, { kind, unsent }: Fault): boolean {
  return kind === "invalid" && (unsent === true || ports.isTranslated?.(deployment) === true);
}

/** Whether somebody else of its rung may yet be asked. */
function hasPeers(course: Course, { rung, deployment }: Step): boolean {
  return rung.candidates.some((other) => other.id !== deployment.id && !isSpent(course, other));
}

/** Whether another one, which comes before it in the policy's order, would have been asked had all been well. */
function isInPlace({ attempts, plan }: Course, { deployment }: Step): boolean {
  const exercised = plan.exercise ? plan.rungs[0]?.candidates[0]?.id : undefined;
  return attempts.some(
    (attempt) =>
      attempt.deployment !== deployment.id && attempt.deployment !== exercised && wasUnwell(attempt),
  );
}

/** A hedge is no first choice, and a call for something else none at all. */
function wasUnwell({ fault, skipped, hedge, purpose }: Attempt): boolean {
  if (hedge || purpose !== undefined) return false;
  if (skipped !== undefined) return skipped === "circuit_open" || skipped === "cooling_down";
  return fault !== undefined && BLAMELESS.has(FAULTS[fault.kind].blame);
}
