/**
 * How traffic measures a shorter request and has a summary made. Owns how long the summary may take, and whom its failure
 * takes from the answer.
 */
import { type Attempt, countCalls } from "../../core/decision.ts";
import type { RoutePlan } from "../../core/plan.ts";
import { type Means, measuredSize } from "../../policy/overflow/means.ts";
import type { Left } from "../../resilience/course.ts";
import { askAside, leftForAnother, type SideAnswer } from "../degraded/side-call.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";

/** Share of the time that is left which the summary may take, so that the answer has the rest. */
const TIME_SHARE = 0.4;

export interface TrafficMeans extends Means<Promise<unknown>> {
  /** Those so far: a summary is a call, also one that failed. */
  attempts: readonly Attempt[];
}

/** `plan`: whose deadline holds. */
export function meansOf(
  gateway: Gateway,
  exchange: Exchange,
  attempts: readonly Attempt[],
  { deadlineMs }: RoutePlan,
): TrafficMeans {
  const means: TrafficMeans = {
    attempts,
    size: measuredSize,
    calls: () => countCalls(means.attempts),
    spent: () => means.attempts.reduce((sum, { cost }) => sum + (cost ?? 0), 0),
    *summarize(question) {
      const passedMs = gateway.clock.now() - exchange.arrivedAt;
      const asked = (yield askAside(gateway, exchange, {
        ...question,
        purpose: "overflow_summary",
        attempts: means.attempts,
        deadlineMs: passedMs + (deadlineMs - passedMs) * TIME_SHARE,
      })) as SideAnswer;
      means.attempts = asked.attempts;
      return asked.ok ? asked : null;
    },
  };
  return means;
}

/**
 * Whom a summary among `attempts` has given up, who is not asked for the answer of `plan` either; nobody where there is
 * nobody else: a summary has less time than an answer, and may have failed by that alone.
 */
export function leftBySummary(
  exchange: Exchange,
  { rungs }: RoutePlan,
  attempts: readonly Attempt[],
): readonly Left[] {
  const left = leftForAnother(
    exchange,
    attempts.filter(({ purpose }) => purpose === "overflow_summary"),
  );
  const gone = new Set(left.map(({ deployment }) => deployment.id));
  return rungs.every(({ candidates }) => candidates.every(({ id }) => gone.has(id))) ? [] : left;
}
