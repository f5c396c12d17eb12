/** What no rule can override: whether a deployment may serve a request at all, and why not. */
import type { Capability, SafetyLevel } from "../../core/contract.ts";
import type { Deployment } from "../../core/deployment.ts";
import { costAtMost, outputLimit } from "../../core/estimate-cost.ts";
import { formatUsd, type NanoDollars } from "../../core/money.ts";
import type { Constraint } from "../../core/plan.ts";
import { matchesAny } from "../glob.ts";

/** What one request asks of whoever serves it. */
export interface Demand {
  readonly tenant: string;
  /** Of the use case, and of the caller; a region must be in both. Null: anywhere. */
  readonly residency: readonly string[] | null;
  readonly callerResidency: readonly string[] | null;
  readonly safetyLevel: SafetyLevel;
  readonly capabilities: readonly Capability[];
  /** Whether it asks for words, which no model of vectors has. */
  readonly words: boolean;
  /** Of all of the request: what is paid for. */
  readonly inputTokens: number;
  /** Of what the window has to hold at once: of several inputs to embed the longest, else all of the request. */
  readonly longestInputTokens: number;
  /** Of each choice. */
  readonly outputTokens: number;
  /** Nobody states a limit of the answer: `outputTokens` is assumed. */
  readonly openEnded: boolean;
  /** Answers asked for at once: one window holds one of them, but all are paid for. */
  readonly choices: number;
  /** Tokens the caller says it needs, input and output together; null: computed from the two above. */
  readonly statedWindow: number | null;
  readonly costCeiling: NanoDollars | null;
  /** Deployments whose credential is not there, whatever the snapshot says; absent: it says. */
  readonly withoutCredential?: ReadonlySet<string>;
}

export interface Objection {
  readonly constraint: Constraint;
  /** One sentence: what the request needs and what the deployment has. */
  readonly reason: string;
}

const SAFETY_RANK: Readonly<Record<SafetyLevel, number>> = { low: 0, standard: 1, high: 2, regulated: 3 };

/** The higher of two levels: a caller can raise what the use case says, never lower it. */
export function stricter(a: SafetyLevel, b: SafetyLevel | undefined): SafetyLevel {
  return b !== undefined && SAFETY_RANK[b] > SAFETY_RANK[a] ? b : a;
}

/** The first constraint that keeps `deployment` from serving `demand`; null when none does. */
export function objectionTo(deployment: Deployment, demand: Demand): Objection | null {
  const { model } = deployment;
  if (model.status === "experimental" || model.status === "retired") return notApproved(deployment);
  const closed = closedTo(deployment, demand);
  if (closed !== null) return closed;
  if (deployment.credential.type === "missing") return noCredential(deployment, deployment.credential.where);
  if (demand.withoutCredential?.has(deployment.id)) return noCredential(deployment, "at that time");
  return misfit(deployment, demand);
}

/** Whether `deployment` could serve `demand` with its credential there and its model approved, which may yet be. */
export function mayServeInTime(deployment: Deployment, demand: Demand): boolean {
  if (deployment.model.status === "retired") return false;
  return closedTo(deployment, demand) === null && misfit(deployment, demand) === null;
}

function closedTo(deployment: Deployment, demand: Demand): Objection | null {
  const { tenants } = deployment.model;
  return tenants === undefined || tenants.includes(demand.tenant) ? null : notOpen(deployment, demand);
}

/** By what the request is and where it may go. */
function misfit(deployment: Deployment, demand: Demand): Objection | null {
  const { model } = deployment;
  const misplaced = outside(deployment, demand.residency) ?? outside(deployment, demand.callerResidency);
  if (misplaced !== null) return misplaced;
  if (SAFETY_RANK[model.safetyLevel] < SAFETY_RANK[demand.safetyLevel]) return tooLow(deployment, demand);
  for (const capability of demand.capabilities) {
    if (!model.capabilities.has(capability)) return lacks(deployment, capability);
  }
  if (demand.words && makesVectorsAlone(model)) return wordless(deployment);
  return oversize(deployment, demand);
}

/** What the size of a request asks for. */
type Size = Pick<
  Demand,
  "inputTokens" | "longestInputTokens" | "outputTokens" | "choices" | "statedWindow" | "costCeiling"
>;

/** Too long for the model's window, or dearer than the ceiling. */
export function oversize(deployment: Deployment, size: Size): Objection | null {
  const { model } = deployment;
  if (neededWindow(deployment, size) > model.contextWindow) return tooSmall(deployment, size);
  if (size.costCeiling !== null) {
    const cost = costAtMost(size.inputTokens, size.outputTokens, size.choices, model);
    if (cost !== null && cost > size.costCeiling) return tooDear(deployment, size, cost);
  }
  return null;
}

/** A model that is said to do nothing else; one that has other capabilities, too, may answer with words. */
export function makesVectorsAlone({ capabilities }: Deployment["model"]): boolean {
  return capabilities.size === 1 && capabilities.has("embeddings");
}

/** Output beyond what the model can produce needs no room. */
function neededWindow({ model }: Deployment, demand: Size): number {
  return (
    demand.statedWindow ?? demand.longestInputTokens + Math.min(demand.outputTokens, model.maxOutputTokens)
  );
}

function notApproved({ model }: Deployment): Objection {
  const reason = `The model ${model.id} is ${model.status}; only approved and deprecated models serve.`;
  return { constraint: "approval", reason };
}

function notOpen({ model }: Deployment, { tenant }: Demand): Objection {
  return { constraint: "tenant", reason: `The model ${model.id} is not open to the tenant ${tenant}.` };
}

function noCredential({ provider }: Deployment, where: string): Objection {
  return {
    constraint: "credential",
    reason: `The credential of provider ${provider} is missing (${where}).`,
  };
}

function outside(deployment: Deployment, residency: readonly string[] | null): Objection | null {
  if (residency === null) return null;
  const there = regionOutside(deployment, residency);
  if (there === null) return null;
  const allowed = residency.join(", ");
  if (there === deployment.region) {
    return { constraint: "residency", reason: `The region ${there} is outside the residency ${allowed}.` };
  }
  const who =
    deployment.kind === "bedrock"
      ? `The inference profile of the deployment ${deployment.id} may send a call to`
      : `A call of the deployment ${deployment.id} may be processed in`;
  const where = there === "*" ? "any region" : there;
  return { constraint: "residency", reason: `${who} ${where}, outside the residency ${allowed}.` };
}

/**
 * The first region in which a call may be processed and which `residency` does not allow. `*` stands for every
 * region, and only a residency of `*` allows that.
 */
export function regionOutside({ regions }: Deployment, residency: readonly string[]): string | null {
  for (const region of regions) if (!matchesAny(residency, region)) return region;
  return null;
}

function tooLow({ model }: Deployment, { safetyLevel }: Demand): Objection {
  const reason = `The request needs safety level ${safetyLevel}; the model ${model.id} is approved up to ${model.safetyLevel}.`;
  return { constraint: "safety_level", reason };
}

function lacks({ model }: Deployment, capability: Capability): Objection {
  const reason = `The request needs ${capability}, which the model ${model.id} does not have.`;
  return { constraint: "capability", reason };
}

function wordless({ model }: Deployment): Objection {
  const reason = `The request asks for words; the model ${model.id} has no capability but embeddings.`;
  return { constraint: "capability", reason };
}

function tooSmall(deployment: Deployment, demand: Size): Objection {
  const { id, contextWindow } = deployment.model;
  const isPart = demand.statedWindow === null && demand.longestInputTokens < demand.inputTokens;
  const who = isPart ? "The request's longest input" : "The request";
  const reason = `${who} needs about ${neededWindow(deployment, demand)} tokens; the model ${id} holds ${contextWindow}.`;
  return { constraint: "context_window", reason };
}

function tooDear({ model }: Deployment, demand: Size, cost: NanoDollars): Objection {
  const { outputTokens, choices, costCeiling } = demand;
  const output = Math.min(outputTokens, outputLimit(model));
  const each = choices > 1 ? ` in each of ${choices} choices` : "";
  const counted = output === 0 ? "" : `, with ${output} tokens of output${each}`;
  const what = `The request could cost ${formatUsd(cost)} USD on the model ${model.id}${counted}`;
  const reason = `${what}, over the ceiling of ${formatUsd(costCeiling ?? 0)} USD.`;
  return { constraint: "cost_ceiling", reason };
}
