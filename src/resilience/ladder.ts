/**
 * The ladder: one request climbs its plan, rung by rung, until a deployment answers or nothing is left.
 * Owns the loop and its limits; which call is next is step.ts's, how it is made and recorded call.ts's, what
 * follows from a fault is the fault table's by way of reaction.ts, a second call beside a slow one hedge.ts's.
 * Knows no wire and no socket: `send` makes the call.
 *
 * The rules, and why they are so:
 * - Order. Rungs are climbed in the plan's order and never descended; candidates in order of preference.
 *   A deployment whose circuit is open, whose quota cools down or that would break the cost ceiling is
 *   passed over, and recorded as such. One in a region (or on a quota) that failed within this request is
 *   put off until neither its rung nor a later one has anything else.
 * - Bounds. At most `maxAttempts` calls; every call but the ladder's own first is paid for from the fleet's retry
 *   budget, and a refusal ends the climb: under a general failure that is what keeps the load at 1.2 times. A paid
 *   call that is answered says so to the budget, whose floor is for retries that help. What was found before anything
 *   was sent was no call: it takes neither an attempt nor a payment. A payment that no call follows is given back.
 *   A repeat of the same deployment (a wait after throttling, a second try at a format) is made only if the
 *   attempts and the time that the candidates still to be tried need are untouched by it. One that has waited as its
 *   provider told it passes the cooldown by that others were told meanwhile, where that is no longer than is waited for.
 * - Last words. Whose fault ends the climb although others are left is said in last-word.ts.
 * - Hedging. Where the plan hedges, a first call that is slow to begin gets one other beside it: the next
 *   deployment of the same model whose circuit is closed and whose quota is free, since slowness is no reason
 *   for another model's answer. It is an attempt like any other, within the ceiling of both together, and paid
 *   for twice: from the retry budget and from the use case's share of hedges. Where either refuses, the climb
 *   waits as it would have done. The first to answer wins; the other is ended and recorded as `hedged_out`,
 *   its permit given back without a verdict. One that fails while the other is under way is left as ever, but
 *   not repeated; a hedge's fault never costs the first call its chance. After a race the climb goes on from
 *   the rung it was on. Nothing is hedged once anything was told to the caller.
 * - Time. One deadline. Each attempt gets a share (deadline.ts); none starts with less than 50 ms left. It is
 *   `send` that enforces a call's timeouts and that ends when the caller leaves.
 * - Circuits. Slowness alone never costs a rung its last candidate: a slow answer is worth more than a
 *   different model's, and far more than none. Failures do cost it, since a fallback is there to take over.
 *   When failures have opened the circuits of the plan, and whoever is left cools down or is too dear, one whose first
 *   pause is over is probed, even if its present one is longer; else a policy with a degraded answer gives that at once;
 *   without one the last candidate is asked once more, as refusing would make a suspicion a certain failure.
 *   An operator's forced-open circuit is never passed by. Where replicas share their state, a half-open
 *   circuit's probe needs the fleet's leave as well; refused, the deployment is passed over as an open one.
 * - Overflow. A context that no model of the plan can hold is the application's to shorten: that fault is
 *   returned as it is, not as exhaustion, which would invite a retry.
 */
import { type Clock, sleep } from "../core/clock.ts";
import type { Attempt } from "../core/decision.ts";
import type { Deployment } from "../core/deployment.ts";
import { CALLER_LEFT, type Fault, type HealthSignal, healthOf } from "../core/faults.ts";
import type { RoutePlan, RungKind } from "../core/plan.ts";
import { countCall, type Ended, endCall, isUnsent, note, thrownOutcome } from "./call.ts";
import {
  type Course,
  type CoursePorts,
  costLeft,
  isExercised,
  type Left,
  laterRungs,
  startCourse,
} from "./course.ts";
import { attemptTimeouts, MINIMUM_ATTEMPT_MS } from "./deadline.ts";
import { exhaustedFault } from "./exhausted.ts";
import { type HedgePorts, hedgeDelay, raceCalls } from "./hedge.ts";
import { giveBack, pay } from "./payment.ts";
import { react } from "./reaction.ts";
import { askFleet, takeStep } from "./step.ts";

export type { Call, SendOutcome } from "./call.ts";

export type Climb<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly deployment: Deployment;
      readonly rung: RungKind;
      readonly attempts: readonly Attempt[];
      /** Who is not to be called again for this request, nor what went down with them. */
      readonly left: readonly Left[];
      /** Context window of the largest model that it was too long for; 0: of none. */
      readonly overflowed: number;
      /**
       * The caller owes this, once, when the answer is over: until then the call counts as in flight and its
       * circuit has no verdict, so that a stream cut after its first token still counts as bad. Later
       * calls are ignored. `firstTokenMs` defaults to what `send` reported.
       */
      settle(health: HealthSignal, firstTokenMs?: number): void;
    }
  | {
      readonly ok: false;
      readonly fault: Fault;
      readonly attempts: readonly Attempt[];
      readonly left: readonly Left[];
      readonly overflowed: number;
      /** `stopped`: the fault is such that no other deployment would help. */
      readonly cause: "stopped" | "exhausted" | "deadline" | "cancelled";
    };

export interface ClimbPorts<T> extends CoursePorts, HedgePorts<T> {}

/** Climbs `plan`. Never throws, and never leaves a permit unsettled but the one it returns. */
export async function climb<T>(plan: RoutePlan, ports: ClimbPorts<T>): Promise<Climb<T>> {
  const { clock, signal, retryBudget } = ports;
  const course = startCourse(plan, ports);
  for (;;) {
    if (signal?.aborted) return cancelled(course, ports);
    let startedAt = clock.now();
    if (course.calls >= plan.maxAttempts) return ended(course, ports, "exhausted", startedAt);
    if (ports.deadlineAt - startedAt < MINIMUM_ATTEMPT_MS) return ended(course, ports, "deadline", startedAt);
    let step = takeStep(course, startedAt);
    if (!step) return ended(course, ports, "exhausted", startedAt);
    const claim = step.permit.probe ? ports.health.claimProbe(step.deployment.id, step.permit) : null;
    if (claim !== null) {
      step = await askFleet(course, step, claim, clock);
      // What the asking took may be what was left.
      startedAt = clock.now();
      if (!step) continue;
    }
    const isRetry = course.retrying;
    const isExtra = isExercised(course, step);
    if (!pay(course, step, retryBudget, startedAt)) {
      if (isExtra) continue;
      return ended(course, ports, "exhausted", startedAt);
    }
    const { paidAt } = course;
    course.paidAt = null;

    const timeouts = attemptTimeouts(plan.timeouts, ports.deadlineAt - startedAt, laterRungs(course));
    const delayMs = plan.hedge === null ? null : hedgeDelay(course, step, timeouts, startedAt);
    let over: Ended<T>;
    if (delayMs !== null) over = await raceCalls(course, ports, step, timeouts, startedAt, delayMs);
    else {
      // As makeCall does, without a promise of its own, which every request would pay for.
      const call = countCall(course, step, timeouts, costLeft(course));
      try {
        over = endCall(ports, step, await ports.send(call), startedAt, false);
      } catch (thrown) {
        over = endCall(ports, step, thrownOutcome(ports, thrown), startedAt, false);
      }
    }
    note(course, over);
    const { outcome, endedAt } = over;
    // An exercise that is answered was no second call, and what was never sent no call at all.
    if (paidAt !== null && ((isExtra && outcome.ok) || isUnsent(over))) retryBudget.giveBack(paidAt, endedAt);
    if (outcome.ok) {
      if (isRetry || over.hedge) retryBudget.answered(endedAt);
      return new Answered(over, outcome.value, course, clock);
    }
    over.step.permit.settle(healthOf(outcome.fault), endedAt, outcome.firstTokenMs);
    if (react(course, over.step, outcome.fault, endedAt) === "stop") return stopped(course, outcome.fault);

    const waitMs = course.repeat?.waitMs ?? 0;
    if (waitMs > 0) {
      // Before the wait: a caller should not wait for a retry that is then refused.
      if (!pay(course, over.step, retryBudget, endedAt)) return ended(course, ports, "exhausted", endedAt);
      if (!(await sleep(clock, waitMs, signal ?? undefined))) return cancelled(course, ports);
      course.waitedMs = waitMs;
    }
  }
}

class Answered<T> implements Extract<Climb<T>, { ok: true }> {
  readonly ok = true;
  readonly value: T;
  readonly deployment: Deployment;
  readonly rung: RungKind;
  readonly attempts: readonly Attempt[];
  readonly left: readonly Left[];
  readonly overflowed: number;
  readonly #over: Ended<T>;
  readonly #clock: Clock;

  constructor(over: Ended<T>, value: T, { attempts, left, overflowed }: Course, clock: Clock) {
    const { deployment, rung } = over.step;
    this.value = value;
    this.deployment = deployment;
    this.rung = rung.kind;
    this.attempts = attempts;
    this.left = left;
    this.overflowed = overflowed;
    this.#over = over;
    this.#clock = clock;
  }

  settle(health: HealthSignal, firstTokenMs?: number): void {
    const { step, outcome } = this.#over;
    step.permit.settle(health, this.#clock.now(), firstTokenMs ?? outcome.firstTokenMs ?? undefined);
  }
}

function ended<T>(
  course: Course,
  ports: ClimbPorts<T>,
  cause: "exhausted" | "deadline",
  now: number,
): Climb<T> {
  giveBack(course, ports.retryBudget, now);
  const { attempts, left, overflowed } = course;
  return { ok: false, fault: exhaustedFault(course, cause, now), attempts, left, overflowed, cause };
}

function stopped<T>({ attempts, left, overflowed }: Course, reason: Fault): Climb<T> {
  const cause = reason.kind === "cancelled" ? "cancelled" : "stopped";
  return { ok: false, fault: reason, attempts, left, overflowed, cause };
}

function cancelled<T>(course: Course, ports: ClimbPorts<T>): Climb<T> {
  giveBack(course, ports.retryBudget, ports.clock.now());
  return stopped(course, CALLER_LEFT);
}
