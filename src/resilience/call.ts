/**
 * One call of a climb: how it is made, how it ends and how it is recorded. Owns these shapes; which call comes
 * next, and what follows from its end, is not its business.
 */

import type { Clock } from "../core/clock.ts";
import type { Attempt } from "../core/decision.ts";
import type { AttemptTimeouts, Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import { CALLER_LEFT, type Fault, fault } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { RungKind } from "../core/plan.ts";
import type { Writable } from "../core/writable.ts";
import { type Course, isExercised, type Step } from "./course.ts";

export interface Call {
  readonly deployment: Deployment;
  readonly rung: RungKind;
  /** Counts the request's calls from 1. */
  readonly number: number;
  readonly timeouts: AttemptTimeouts;
  /** Milliseconds the ladder waited before it. */
  readonly waitedMs: number;
  /** What it may cost at most; null: nothing bounds it. */
  readonly costLeft: NanoDollars | null;
  /** What was wrong with the format of this deployment's last answer; null: the first try at it. */
  readonly complaint: Fault | null;
  /** Aborts when the caller leaves, and when another call has answered first. Absent: the caller's own does. */
  readonly signal?: AbortSignal;
  /**
   * Told by `send` that an answer has begun which it holds back until all of it is here. `used`: what it has used up to
   * the moment that is asked in. Absent: nobody waits for that.
   */
  begun?(used: () => Used): void;
}

/** What a call used. `cost`: null where it is unknown. */
export interface Used {
  readonly usage: Usage;
  readonly cost: NanoDollars | null;
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

export interface CallPorts<T> {
  readonly clock: Clock;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal | null;
  /** Makes the call within `call.timeouts` and ends soon after its signal, or `signal`, aborts. */
  send(call: Call): Promise<SendOutcome<T>>;
  /** Told what `send` threw, which it should not: the climb itself only says `internal`. */
  reportThrown?(thrown: unknown): void;
}

/** A call that is over. Times are epoch milliseconds. */
export interface Ended<T> {
  readonly step: Step;
  readonly outcome: SendOutcome<T>;
  readonly startedAt: number;
  readonly endedAt: number;
  /** It was made because another one was slow. */
  readonly hedge: boolean;
}

/** Makes `call`, which `step` admits. Never rejects. */
export async function makeCall<T>(
  ports: CallPorts<T>,
  step: Step,
  call: Call,
  startedAt: number,
  hedge: boolean,
): Promise<Ended<T>> {
  try {
    return endCall(ports, step, await ports.send(call), startedAt, hedge);
  } catch (thrown) {
    return endCall(ports, step, thrownOutcome(ports, thrown), startedAt, hedge);
  }
}

/** The call that `step` admits, counted as made. `left`: what it may cost. */
export function countCall(
  course: Course,
  step: Step,
  timeouts: AttemptTimeouts,
  left: NanoDollars | null,
): Call {
  course.calls++;
  const { deployment, rung, waitedMs, complaint } = step;
  const number = course.calls;
  return { deployment, rung: rung.kind, number, timeouts, waitedMs, costLeft: left, complaint };
}

/** What a call is taken to have ended with whose `send` threw, which it should not. */
export function thrownOutcome<T>(
  ports: CallPorts<T>,
  thrown: unknown,
): Extract<SendOutcome<T>, { ok: false }> {
  if (!ports.signal?.aborted) ports.reportThrown?.(thrown);
  return { ok: false, fault: THROWN };
}

/** The call as it ended, now. */
export function endCall<T>(
  ports: CallPorts<T>,
  step: Step,
  outcome: SendOutcome<T>,
  startedAt: number,
  hedge: boolean,
): Ended<T> {
  const endedAt = ports.clock.now();
  // What a call ends with after its caller left is our own doing, and no news of the provider.
  const told = !outcome.ok && ports.signal?.aborted ? { ...outcome, fault: CALLER_LEFT } : outcome;
  return { step, outcome: told, startedAt, endedAt, hedge };
}

const THROWN = fault("internal", "internal_error", "The gateway failed to make the call. Try again.");

/** Puts a call on the record, with what it cost. One that never left the gateway was none, and takes nothing. */
export function note(course: Course, ended: Ended<unknown>): void {
  const attempt = attemptOf(course, ended);
  course.attempts.push(attempt);
  if (isUnsent(ended)) {
    course.calls--;
    attempt.result = "skipped";
    attempt.skipped = "unsent";
    return;
  }
  course.rungCalled = true;
  course.spent += ended.outcome.cost ?? 0;
  if (!isExercised(course, ended.step)) course.retrying = true;
}

export function isUnsent({ outcome }: Ended<unknown>): boolean {
  return !outcome.ok && outcome.fault.unsent === true;
}

function attemptOf(
  course: Course,
  { step, outcome, startedAt, endedAt, hedge }: Ended<unknown>,
): Writable<Attempt> {
  const attempt = blankAttempt(course, step, startedAt, endedAt);
  attempt.result = outcome.ok ? "ok" : "fault";
  attempt.cost = outcome.cost ?? null;
  if (outcome.firstTokenMs != null) attempt.firstTokenMs = outcome.firstTokenMs;
  if (outcome.usage) attempt.usage = outcome.usage;
  if (hedge) attempt.hedge = true;
  if (!outcome.ok) {
    const { kind, code, cause } = outcome.fault;
    attempt.fault = cause ? { kind, code, cause } : { kind, code };
  }
  return attempt;
}

/** A call that another one made needless. Times are epoch milliseconds. */
export interface Abandoned {
  readonly step: Step;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly hedge: boolean;
  /** When its first content came; null: none did. */
  readonly begunAt: number | null;
  /** What it is known to have used; null: nothing is. */
  readonly used: Used | null;
}

/** A call that did not end by itself: another one answered. */
export function noteHedgedOut(course: Course, call: Abandoned): void {
  const { step, startedAt, endedAt, hedge, begunAt } = call;
  course.rungCalled = true;
  course.retrying = true;
  const attempt = blankAttempt(course, step, startedAt, endedAt);
  attempt.result = "hedged_out";
  const used = call.used ?? course.ports.estimateAbandoned?.(step.deployment);
  if (used) {
    attempt.usage = used.usage;
    attempt.cost = used.cost;
    course.spent += used.cost ?? 0;
  }
  if (begunAt !== null) attempt.firstTokenMs = begunAt - startedAt;
  if (hedge) attempt.hedge = true;
  course.attempts.push(attempt);
}

function blankAttempt(course: Course, step: Step, startedAt: number, endedAt: number): Writable<Attempt> {
  const { deployment, rung, waitedMs } = step;
  const attempt: Writable<Attempt> = {
    rung: rung.kind,
    deployment: deployment.id,
    model: deployment.model.id,
    provider: deployment.provider,
    region: deployment.region,
    result: "fault",
    startedAtMs: startedAt - course.ports.arrivedAt,
    waitedMs,
    durationMs: endedAt - startedAt,
    cost: null,
  };
  if (rung.alias !== undefined) attempt.alias = rung.alias;
  return attempt;
}
