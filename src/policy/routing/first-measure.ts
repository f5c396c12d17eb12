/** Which measure of the policy has the first word about a request that is too long where its ladder begins. */
import type { Deployment } from "../../core/deployment.ts";
import type { OverflowMeasure, RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { lostToLength } from "./lost-to-length.ts";

interface Asked {
  readonly request: ModelRequest;
  readonly useCase: UseCase;
  readonly snapshot: ConfigSnapshot;
}

export interface Overlong {
  /** Whom it is too long for, where the ladder begins; never empty. */
  readonly lost: readonly Deployment[];
  /**
   * `larger_model`: one is left. `fail`: the policy says so, or it shortens and nothing can be left out. `shorten`: what
   * comes of it, only the messages tell. `none`: the policy has larger models alone, and none is left.
   */
  readonly first: "larger_model" | "fail" | "shorten" | "none";
}

/** Null: it is not too long there, or is no chat. */
export function overlong(plan: RoutePlan, { request, useCase, snapshot }: Asked): Overlong | null {
  if (plan.refusals.length === 0 || request.operation !== "chat") return null;
  const lost = lostToLength(plan, snapshot);
  if (lost.length === 0) return null;
  return { lost, first: firstOf(useCase.onOverflow, plan.rungs.length > 0, request.messages.length > 1) };
}

function firstOf(
  measures: readonly OverflowMeasure[],
  hasLarger: boolean,
  hasMessages: boolean,
): Overlong["first"] {
  for (const { type } of measures) {
    if (type === "fail") return "fail";
    if (type === "larger_model") {
      if (hasLarger) return type;
    } else if (hasMessages) return "shorten";
  }
  return measures.every(({ type }) => type === "larger_model") ? "none" : "fail";
}
