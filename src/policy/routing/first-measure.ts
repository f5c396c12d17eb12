/** Which measure of the policy has the first word about a request that is too long where its ladder begins. */
import type { Deployment } from "../../core/deployment.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { lostToLength } from "./lost-to-length.ts";
import { roomFor } from "./room.ts";

interface Asked {
  readonly request: ModelRequest;
  readonly useCase: UseCase;
  readonly snapshot: ConfigSnapshot;
}

export interface Overlong {
  /** Whom it is too long for, where the ladder begins; never empty. */
  readonly lost: readonly Deployment[];
  /**
   * `larger_model`: one is left. `fail`: the policy says so, or it shortens and nothing can be left out, or would help
   * against the window that the caller states. `shorten`: what comes of it, only the messages tell. `none`: the policy has
   * larger models alone, and none is left.
   */
  readonly first: "larger_model" | "fail" | "shorten" | "none";
}

/** Null: it is not too long there, or is no chat. */
export function overlong(plan: RoutePlan, asked: Asked): Overlong | null {
  if (plan.refusals.length === 0 || asked.request.operation !== "chat") return null;
  const lost = lostToLength(plan, asked.snapshot);
  return lost.length === 0 ? null : { lost, first: firstOf(plan, asked, lost) };
}

function firstOf(
  { rungs, estimatedInputTokens, estimatedOutputTokens }: RoutePlan,
  { request, useCase: { onOverflow } }: Asked,
  lost: readonly Deployment[],
): Overlong["first"] {
  const rooms = lost.map((deployment) => roomFor(deployment, estimatedOutputTokens));
  let room = rooms[0] ?? 0;
  for (const { type } of onOverflow) {
    if (type === "fail") return "fail";
    if (type === "larger_model") {
      if (rungs.length > 0) return type;
      room = Math.max(...rooms);
    } else if (request.messages.length > 1 && estimatedInputTokens > room) return "shorten";
  }
  return onOverflow.every(({ type }) => type === "larger_model") ? "none" : "fail";
}
