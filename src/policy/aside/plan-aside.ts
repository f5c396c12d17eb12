/**
 * A call to a model for something other than the answer, planned: a summary, a restricted stand-in. Owns that every
 * constraint of the request holds for it, too; calls nobody.
 */
import type { Deployment } from "../../core/deployment.ts";
import { estimateCost } from "../../core/estimate-cost.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ModelRequest, Section } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { textTokens } from "../estimates/estimate-tokens.ts";
import { askedAnew } from "../routing/asked-anew.ts";
import { draftRoute, type RouteInput } from "../routing/plan.ts";

export interface AsideQuestion {
  readonly model: string;
  readonly deployments: readonly Deployment[];
  readonly instruction: string;
  readonly text: string;
  readonly maxOutputTokens: number;
}

export interface PlannedAside {
  readonly request: ModelRequest;
  /** Never without a rung. Attempts and deadline are those of the use case: whoever climbs it knows what is left. */
  readonly plan: RoutePlan;
}

/** Everything is rendered anew: nothing of the caller's body goes along. */
const REWRITTEN: ReadonlySet<Section> = new Set(["messages", "sampling", "responseFormat"]);

/** Null where none of the question's deployments may be asked. `route`: of the request that it is asked for. */
export function planAside(route: RouteInput, question: AsideQuestion): PlannedAside | null {
  const { model, deployments, maxOutputTokens } = question;
  const useCase: UseCase = {
    ...route.useCase,
    rules: [],
    rollouts: [],
    shadows: [],
    hedge: null,
    exerciseShare: 0,
    ladder: [{ kind: "fallback", model, selection: "weighted", deployments }],
    // None that would be climbed for: this answer is one of several ways.
    degraded: [],
    maxOutputTokens,
  };
  const request = requestOf(route.request, question);
  const plan = draftRoute({ ...askedAnew(route, request, inputTokensOf(question)), useCase });
  return plan.rungs.length === 0 ? null : { request, plan };
}

/** At the most, whichever of its deployments is asked. */
export function asideCost(question: AsideQuestion): NanoDollars {
  const size = {
    estimatedInputTokens: inputTokensOf(question),
    estimatedOutputTokens: question.maxOutputTokens,
    choices: 1,
  };
  return Math.max(...question.deployments.map(({ model }) => estimateCost(size, model) ?? 0));
}

function inputTokensOf({ instruction, text }: AsideQuestion): number {
  return Math.ceil(textTokens(instruction) + textTokens(text)) + 8;
}

/** Who asks and what holds for them stays; everything else is the gateway's own. */
function requestOf(asked: ModelRequest, { instruction, text, maxOutputTokens }: AsideQuestion): ModelRequest {
  const { contextWindow: _stated, ...contract } = asked.contract;
  return {
    operation: "chat",
    target: asked.target,
    contract,
    messages: [
      { role: "system", content: [{ type: "text", text: instruction }] },
      { role: "user", content: [{ type: "text", text }] },
    ],
    tools: [],
    sampling: { maxTokens: maxOutputTokens },
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
    strict: false,
    ...(asked.user !== undefined && { user: asked.user }),
    origin: { wire: "native", body: {}, rewritten: REWRITTEN },
  };
}
