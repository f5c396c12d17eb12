/**
 * The race of two calls: a second deployment is asked because the first is slow to begin, and whichever
 * answers first answers. Owns when there is a second one and what becomes of both; the ladder goes on from
 * the one that counts.
 */
import type { Timer } from "../core/clock.ts";
import type { AttemptTimeouts, Deployment } from "../core/deployment.ts";
import { healthOf } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import {
  type Call,
  type CallPorts,
  countCall,
  type Ended,
  isUnsent,
  makeCall,
  note,
  noteHedgedOut,
  type Used,
} from "./call.ts";
import {
  type Course,
  costLeft,
  isBehind,
  isExercised,
  isSpent,
  laterRungs,
  resumed,
  type Step,
} from "./course.ts";
import { attemptTimeouts, MINIMUM_ATTEMPT_MS } from "./deadline.ts";
import { isLastWord } from "./last-word.ts";
import { react } from "./reaction.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface HedgePorts<T> extends CallPorts<T> {
  readonly retryBudget: RetryBudget;
  /** Releases what the answer of a call holds that came too late. Absent: it holds nothing. */
  discard?(value: T): void;
}

/** A call under way that another one may end. */
interface Flight<T> {
  readonly step: Step;
  readonly startedAt: number;
  readonly hedge: boolean;
  readonly landed: Promise<Ended<T>>;
  /** That of an answer which is held back until it is complete; null: nothing has come yet. */
  readonly firstContent: FirstContent | null;
  /** Resolves when the call has had content, or has landed. */
  readonly heard: Promise<unknown>;
  abandon(): void;
}

interface FirstContent {
  readonly at: number;
  used(): Used;
}

/**
 * How many milliseconds the first call of a request may be without content before a second one is made; null:
 * none is. A probe is not hedged: its circuit waits for the verdict. Nor is an exercise, which nobody waits for in vain.
 */
export function hedgeDelay(
  course: Course,
  step: Step,
  timeouts: AttemptTimeouts,
  now: number,
): number | null {
  const { plan, ports } = course;
  const { hedge } = plan;
  if (hedge === null || course.calls > 0 || resumed(ports) !== null || plan.maxAttempts < 2) return null;
  if (isExercised(course, step)) return null;
  const { id } = step.deployment;
  if (ports.health.openReason(id) !== null) return null;
  const delay = hedge.after === "p95" ? ports.health.firstTokenP95Ms(id, now) : hedge.after;
  return delay !== null && delay < timeouts.total ? delay : null;
}

/**
 * Makes the first call and, when it is slow, a second one. Returns the call that the climb goes on from: the
 * one that answered, or the last one that failed. The other one is on record then, its permit settled.
 */
export async function raceCalls<T>(
  course: Course,
  ports: HedgePorts<T>,
  step: Step,
  timeouts: AttemptTimeouts,
  startedAt: number,
  delayMs: number,
): Promise<Ended<T>> {
  const first = takeOff(course, ports, step, timeouts, startedAt, costLeft(course), false);
  const second = (await isHeard(first, ports, delayMs)) ? null : startHedge(course, ports, first);
  if (!second) return first.landed;
  const ended = await Promise.race([first.landed, second.landed]);
  return settleRace(course, ports, first, second, ended);
}

function takeOff<T>(
  course: Course,
  ports: HedgePorts<T>,
  step: Step,
  timeouts: AttemptTimeouts,
  startedAt: number,
  left: NanoDollars | null,
  hedge: boolean,
): Flight<T> {
  const controller = new AbortController();
  const signal = ports.signal ? AbortSignal.any([ports.signal, controller.signal]) : controller.signal;
  const content = Promise.withResolvers<void>();
  let firstContent: FirstContent | null = null;
  const begun: Call["begun"] = (used) => {
    firstContent = { at: ports.clock.now(), used };
    content.resolve();
  };
  const call = { ...countCall(course, step, timeouts, left), signal, begun };
  const landed = makeCall(ports, step, call, startedAt, hedge);
  return {
    step,
    startedAt,
    hedge,
    landed,
    get firstContent() {
      return firstContent;
    },
    heard: Promise.race([landed, content.promise]),
    abandon: () => controller.abort(),
  };
}

/** Whether the call has had content, or has ended, within `delayMs`. */
function isHeard<T>(flight: Flight<T>, { clock }: HedgePorts<T>, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer: Timer = clock.after(delayMs, () => resolve(false));
    void flight.heard.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}

/** The second call, admitted, paid for and made; null where there is none to make. */
function startHedge<T>(course: Course, ports: HedgePorts<T>, first: Flight<T>): Flight<T> | null {
  const { plan } = course;
  const now = ports.clock.now();
  const remainingMs = course.ports.deadlineAt - now;
  const { hedges } = ports.retryBudget;
  if (ports.signal?.aborted || remainingMs < MINIMUM_ATTEMPT_MS || !hedges.covers(plan.useCase)) return null;
  const left = leftBeside(course, first.step);
  const found = findSecond(course, first.step, left, now);
  if (!found || !ports.retryBudget.withdraw(now)) return null;
  const permit = course.ports.health.admit(found.deployment.id, now);
  // Looked at a moment ago in the same turn: a refusal here is not to be expected.
  if (typeof permit === "string") {
    ports.retryBudget.giveBack(now, now);
    return null;
  }
  hedges.take(plan.useCase);
  const step: Step = { ...found, permit, anyway: false, complaint: null, waitedMs: 0 };
  const timeouts = attemptTimeouts(plan.timeouts, remainingMs, laterRungs(course));
  const second = takeOff(course, ports, step, timeouts, now, left, true);
  // What was never sent was no call, and is not paid for.
  void second.landed.then((ended) => {
    if (!isUnsent(ended)) return;
    ports.retryBudget.giveBack(now, ended.endedAt);
    hedges.giveBack(plan.useCase);
  });
  return second;
}

/** The next candidate of the same model that is in no doubt at all. Nothing that is passed over is recorded. */
function findSecond(
  course: Course,
  first: Step,
  left: NanoDollars | null,
  now: number,
): Pick<Step, "deployment" | "rung"> | null {
  const { rungs } = course.plan;
  for (let index = course.rungIndex; index < rungs.length; index++) {
    const rung = rungs[index];
    if (!rung) continue;
    const from = index === course.rungIndex ? course.nextCandidate : 0;
    for (const deployment of rung.candidates.slice(from)) {
      if (isFit(course, deployment, first.deployment, left, now)) return { deployment, rung };
    }
  }
  return null;
}

/** What a second call may cost: the first one is not over, and may yet cost as much as it was allowed to. */
function leftBeside(course: Course, { deployment }: Step): NanoDollars | null {
  const left = costLeft(course);
  if (left === null) return null;
  const { ports } = course;
  const most = ports.costWithin ? ports.costWithin(deployment, left) : ports.estimateCost(deployment);
  return left - (most ?? 0);
}

function isFit(
  course: Course,
  deployment: Deployment,
  first: Deployment,
  left: NanoDollars | null,
  now: number,
): boolean {
  const { health } = course.ports;
  if (deployment.model.id !== first.model.id || deployment.id === first.id) return false;
  if (isSpent(course, deployment) || isBehind(course, deployment)) return false;
  if (health.blocked(deployment.id, now) !== null || health.openReason(deployment.id) !== null) return false;
  return left === null || (course.ports.estimateCost(deployment) ?? 0) <= left;
}

/** One of both has ended. */
async function settleRace<T>(
  course: Course,
  ports: HedgePorts<T>,
  first: Flight<T>,
  second: Flight<T>,
  ended: Ended<T>,
): Promise<Ended<T>> {
  const other = ended.hedge ? first : second;
  const { outcome, step, endedAt } = ended;
  const isFinal = !outcome.ok && isLastWord(course, step, outcome.fault);
  const isOver = ports.signal?.aborted === true;
  // What the first call says of the request is true of it; what a hedge says must not cost the first its chance. With a
  // caller who leaves both are over, and neither has won.
  if (outcome.ok || (isFinal && !ended.hedge && !isOver)) {
    abandon(course, ports, other);
    return ended;
  }
  step.permit.settle(healthOf(outcome.fault), endedAt, outcome.firstTokenMs);
  if (!isFinal) {
    note(course, ended);
    react(course, step, outcome.fault, endedAt, true);
    return other.landed;
  }
  const last = await other.landed;
  if (last.outcome.ok || (!last.hedge && isLastWord(course, last.step, last.outcome.fault))) {
    note(course, ended);
    return last;
  }
  const { fault, firstTokenMs } = last.outcome;
  last.step.permit.settle(healthOf(fault), last.endedAt, firstTokenMs);
  note(course, last);
  react(course, last.step, fault, last.endedAt, true);
  return ended;
}

/**
 * Ends a call that is not needed any more. Nobody knows how it would have gone, so its circuit learns nothing;
 * but it was slow for at least so long, and where that is longer than usual, it is news of its latency. Without
 * it a deployment that is always slow would look as fast as the calls it wins.
 */
function abandon<T>(course: Course, ports: HedgePorts<T>, flight: Flight<T>): void {
  const { step, startedAt, hedge, firstContent } = flight;
  const now = ports.clock.now();
  const used = firstContent?.used() ?? null;
  flight.abandon();
  const begunAt = firstContent?.at ?? null;
  const elapsed = (begunAt ?? now) - startedAt;
  const usual = course.ports.health.firstTokenMs(step.deployment.id);
  step.permit.settle("none", now, !hedge && elapsed > usual ? elapsed : undefined);
  noteHedgedOut(course, { step, startedAt, endedAt: now, hedge, begunAt, used });
  void flight.landed.then(({ outcome }) => {
    if (outcome.ok) ports.discard?.(outcome.value);
  });
}
