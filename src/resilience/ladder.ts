/**
 * The ladder (E): one request climbs its plan, rung by rung, until a deployment answers or nothing is left.
 * Owns the loop, its limits and the record of attempts; which call is next is step.ts's, what follows
 * from a fault is the fault table's by way of reaction.ts. Knows no wire and no socket: `send` makes the call.
 *
 * The rules, and why they are so:
 * - Order. Rungs are climbed in the plan's order and never descended; candidates in order of preference.
 *   A deployment whose circuit is open, whose quota cools down or that would break the cost ceiling is
 *   passed over, and recorded as such. One in a region (or on a quota) that failed within this request is
 *   put off until neither its rung nor a later one has anything else.
 * - Bounds. At most `maxAttempts` calls; every call but the first is paid for from the fleet's retry budget,
 *   and a refusal ends the climb: under a general failure that is what keeps the load near 1.2 times.
 *   A repeat of the same deployment (a wait after throttling, a second try at a format) is made only if the
 *   attempts and the time that the candidates still to be tried need are untouched by it.
 * - Time. One deadline. Each attempt gets a share (deadline.ts); none starts with less than 50 ms left. It is
 *   `send` that enforces a call's timeouts and that ends when the caller leaves.
 * - Circuits. Slowness alone never costs a rung its last candidate: a slow answer is worth more than a
 *   different model's, and far more than none. Failures do cost it, since a fallback is there to take over.
 *   When failures have opened every circuit of the plan, a policy with a degraded answer gives that at once;
 *   without one the last candidate is asked once more, as refusing would make a suspicion a certain failure.
 *   An operator's forced-open circuit is never passed by.
 * - Overflow. A context that no model of the plan can hold is the application's to shorten: that fault is
 *   returned as it is, not as exhaustion, which would invite a retry.
 */
import { type Clock, sleep } from "../core/clock.ts";
import type { Attempt } from "../core/decision.ts";
import type { AttemptTimeouts, Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import { FAULTS, type Fault, fault, type HealthSignal } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { RoutePlan, RungKind } from "../core/plan.ts";
import { type Course, type CoursePorts, laterRungs, recordSkip, type Step, startCourse } from "./course.ts";
import { attemptTimeouts, MINIMUM_ATTEMPT_MS } from "./deadline.ts";
import { exhaustedFault } from "./exhausted.ts";
import { react } from "./reaction.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { takeStep } from "./step.ts";

export interface Call {
  readonly deployment: Deployment;
  readonly rung: RungKind;
  /** Counts the request's calls from 1. */
  readonly number: number;
  readonly timeouts: AttemptTimeouts;
  /** Milliseconds the ladder waited before it. */
  readonly waitedMs: number;
  /** What was wrong with the format of this deployment's last answer; null: the first try at it. */
  readonly complaint: Fault | null;
}

/** `firstTokenMs`: from the call to its first content. `cost`: null where it is unknown. */
export type SendOutcome<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly firstTokenMs: number | null;
      readonly usage: Usage | null;
      readonly cost: NanoDollars | null;
    }
  | {
      readonly ok: false;
      readonly fault: Fault;
      readonly firstTokenMs?: number;
      readonly usage?: Usage;
      readonly cost?: NanoDollars | null;
    };

export type Climb<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly deployment: Deployment;
      readonly rung: RungKind;
      readonly attempts: readonly Attempt[];
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
      /** `stopped`: the fault is such that no other deployment would help. */
      readonly cause: "stopped" | "exhausted" | "deadline" | "cancelled";
    };

export interface ClimbPorts<T> extends CoursePorts {
  readonly clock: Clock;
  readonly retryBudget: RetryBudget;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal | null;
  /** Makes the call within `call.timeouts` and ends soon after `signal` aborts. */
  send(call: Call): Promise<SendOutcome<T>>;
  /** Told what `send` threw, which it should not: the climb itself only says `internal`. */
  reportThrown?(thrown: unknown): void;
}

/** Climbs `plan`. Never throws, and never leaves a permit unsettled but the one it returns. */
export async function climb<T>(plan: RoutePlan, ports: ClimbPorts<T>): Promise<Climb<T>> {
  const { clock, signal } = ports;
  const course = startCourse(plan, ports);
  for (;;) {
    if (signal?.aborted) return cancelled(course);
    const startedAt = clock.now();
    if (course.calls >= plan.maxAttempts) return ended(course, "exhausted", startedAt);
    const remainingMs = ports.deadlineAt - startedAt;
    if (remainingMs < MINIMUM_ATTEMPT_MS) return ended(course, "deadline", startedAt);
    const step = takeStep(course, startedAt);
    if (!step) return ended(course, "exhausted", startedAt);
    if (!pay(course, step, ports.retryBudget, startedAt)) return ended(course, "exhausted", startedAt);

    const timeouts = attemptTimeouts(plan.timeouts, remainingMs, laterRungs(course));
    course.calls++;
    const { deployment, waitedMs, complaint } = step;
    const call = { deployment, rung: step.rung.kind, number: course.calls, timeouts, waitedMs, complaint };
    let outcome: SendOutcome<T>;
    try {
      outcome = await ports.send(call);
    } catch (thrown) {
      outcome = thrownOutcome(ports, thrown);
    }
    // What a call ends with after its caller left is our own doing, and no news of the provider.
    if (!outcome.ok && signal?.aborted) outcome = { ...outcome, fault: CALLER_LEFT };
    const endedAt = clock.now();
    if (outcome.ok) return answered(course, step, outcome, clock, startedAt, endedAt);
    course.attempts.push(attemptOf(course, step, outcome, startedAt, endedAt));
    course.spent += outcome.cost ?? 0;
    step.permit.settle(FAULTS[outcome.fault.kind].health, endedAt, outcome.firstTokenMs);
    if (react(course, step, outcome.fault, endedAt) === "stop") return stopped(course, outcome.fault);

    const waitMs = course.repeat?.waitMs ?? 0;
    if (waitMs > 0) {
      // Before the wait: a caller should not wait for a retry that is then refused.
      if (!pay(course, step, ports.retryBudget, endedAt)) return ended(course, "exhausted", endedAt);
      course.paid = true;
      if (!(await sleep(clock, waitMs, signal ?? undefined))) return cancelled(course);
      course.waitedMs = waitMs;
    }
  }
}

/** The first call earns the fleet a share of a retry, every later one costs one. */
function pay(course: Course, step: Step, budget: RetryBudget, now: number): boolean {
  if (course.calls === 0) {
    budget.deposit(now);
    return true;
  }
  if (course.paid || budget.withdraw(now)) {
    course.paid = false;
    return true;
  }
  step.permit.settle("none", now);
  recordSkip(course, step.rung, step.deployment, "retry_budget", now);
  return false;
}

/** What `send` threw, as the outcome of a call: a defect of ours, unless the caller was leaving. */
function thrownOutcome(
  ports: ClimbPorts<unknown>,
  thrown: unknown,
): Extract<SendOutcome<never>, { ok: false }> {
  if (ports.signal?.aborted) return { ok: false, fault: CALLER_LEFT };
  ports.reportThrown?.(thrown);
  return { ok: false, fault: THROWN };
}

const CALLER_LEFT = fault(
  "cancelled",
  "caller_left",
  "The caller closed the request before an answer was ready.",
);
const THROWN = fault("internal", "internal_error", "The gateway failed to make the call. Try again.");

function answered<T>(
  course: Course,
  step: Step,
  outcome: Extract<SendOutcome<T>, { ok: true }>,
  clock: Clock,
  startedAt: number,
  endedAt: number,
): Climb<T> {
  const { permit, deployment, rung } = step;
  course.attempts.push(attemptOf(course, step, outcome, startedAt, endedAt));
  return {
    ok: true,
    value: outcome.value,
    deployment,
    rung: rung.kind,
    attempts: course.attempts,
    settle(health, firstTokenMs) {
      permit.settle(health, clock.now(), firstTokenMs ?? outcome.firstTokenMs ?? undefined);
    },
  };
}

function attemptOf(
  course: Course,
  step: Step,
  outcome: SendOutcome<unknown>,
  startedAt: number,
  endedAt: number,
): Attempt {
  const { deployment, rung, waitedMs } = step;
  const attempt: Writable<Attempt> = {
    rung: rung.kind,
    deployment: deployment.id,
    model: deployment.model.id,
    provider: deployment.provider,
    region: deployment.region,
    result: outcome.ok ? "ok" : "fault",
    startedAtMs: startedAt - course.ports.arrivedAt,
    waitedMs,
    durationMs: endedAt - startedAt,
    cost: outcome.cost ?? null,
  };
  if (outcome.firstTokenMs != null) attempt.firstTokenMs = outcome.firstTokenMs;
  if (outcome.usage) attempt.usage = outcome.usage;
  if (!outcome.ok) {
    const { kind, code, cause } = outcome.fault;
    attempt.fault = cause ? { kind, code, cause } : { kind, code };
  }
  return attempt;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function ended<T>(course: Course, cause: "exhausted" | "deadline", now: number): Climb<T> {
  const { plan, attempts, ports } = course;
  return { ok: false, fault: exhaustedFault(plan, attempts, cause, ports.health, now), attempts, cause };
}

function stopped<T>(course: Course, reason: Fault): Climb<T> {
  const cause = reason.kind === "cancelled" ? "cancelled" : "stopped";
  return { ok: false, fault: reason, attempts: course.attempts, cause };
}

function cancelled<T>(course: Course): Climb<T> {
  return stopped(course, CALLER_LEFT);
}
