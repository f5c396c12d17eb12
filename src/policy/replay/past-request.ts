/**
 * A decision record as replay needs it, read from JSON that somebody hands in. Owns what makes a record fit to be
 * replayed and the reason where it is not; trusts nothing in it.
 */
import { ROLES } from "../../core/caller.ts";
import {
  CAPABILITIES,
  type Contract,
  LATENCY_TIERS,
  SAFETY_LEVELS,
  TASK_TYPES,
} from "../../core/contract.ts";
import type { Usage } from "../../core/events.ts";
import type { FlagValue } from "../../core/flags.ts";
import { isRecord } from "../../core/json.ts";
import type { PlannedRoute, RoutingFacts, SeenHealth } from "../../core/routing-facts.ts";

export interface PastRequest {
  readonly id: string;
  readonly at: number;
  readonly keyId: string;
  readonly tenant: string;
  readonly tier: string;
  readonly useCase: string;
  readonly stream: boolean;
  readonly contract: Contract;
  readonly policyVersion: string;
  readonly facts: RoutingFacts;
  /** Deployments that were refused because their credential was not there. */
  readonly withoutCredential?: ReadonlySet<string>;
  /** The call that answered; null where none did. `cost`: nano-dollars, null where it had no price. */
  readonly answer: { readonly model: string; readonly usage: Usage; readonly cost: number | null } | null;
}

/** Why a record cannot be replayed. */
export type Unfit =
  /** Of a release that did not write down what routing saw. */
  | "older_record"
  /** Refused before it was routed: an unknown use case, a limit, a body that no wire reads. */
  | "not_routed"
  /** The copy that a shadow was sent. */
  | "shadow_copy"
  | "not_a_record";

export type ReadPast =
  | { readonly ok: true; readonly past: PastRequest }
  | { readonly ok: false; readonly why: Unfit };

/** The most messages that a record may claim: a body of the largest size holds no more. */
const MAX_MESSAGES = 1_000_000;

export function readPast(record: unknown): ReadPast {
  if (!isRecord(record) || !isText(record.id) || !isCount(record.at) || !isText(record.policyVersion)) {
    return unfit("not_a_record");
  }
  const { id, at, keyId, tenant, tier, useCase, stream, contract, policyVersion, routing } = record;
  if (record.shadowOf !== undefined) return unfit("shadow_copy");
  if (!isText(keyId) || !isText(tenant) || !isText(tier)) return unfit("not_a_record");
  if (useCase === null) return unfit("not_routed");
  if (routing === undefined) return unfit("older_record");
  const facts = factsOf(routing, callsOf(record).length === 0 ? record.fault : undefined);
  const stated = contractOf(contract);
  if (!isText(useCase) || facts === null || stated === null) return unfit("not_a_record");
  const without = withoutCredential(record.refusals);
  return {
    ok: true,
    past: {
      id,
      at,
      keyId,
      tenant,
      tier,
      useCase,
      stream: stream === true,
      contract: stated,
      policyVersion,
      facts,
      ...(without && { withoutCredential: without }),
      answer: answerOf(record.attempts),
    },
  };
}

function unfit(why: Unfit): ReadPast {
  return { ok: false, why };
}

function factsOf(routing: unknown, fault: unknown): RoutingFacts | null {
  if (!isRecord(routing)) return null;
  const { target, role, operation, inputTokens, maxTokens, messages, needs, complexity, language } = routing;
  const { complexityVersion, longestInputTokens, choices, user, draw, health, flags, spend, planned } =
    routing;
  const plan = plannedOf(planned, fault);
  const known =
    isOptional(target, isText) &&
    isOneOf(role, ROLES) &&
    isOptional(operation, (value) => isOneOf(value, ["chat", "embed", "count_tokens"])) &&
    isCount(inputTokens) &&
    isOptional(longestInputTokens, isCount) &&
    isOptional(maxTokens, isCount) &&
    isOptional(choices, isCount) &&
    isCount(messages) &&
    messages <= MAX_MESSAGES &&
    isOptional(needs, (value) => isList(value, CAPABILITIES)) &&
    isOptional(complexity, isNumber) &&
    isOptional(complexityVersion, isCount) &&
    isOptional(language, isText) &&
    isOptional(user, isText) &&
    isOptional(draw, isCount) &&
    isOptional(health, isHealth) &&
    isOptional(flags, isFlags) &&
    isOptional(spend, isSpend);
  // Every field has been looked at; those that this release does not know do no harm.
  return known && plan !== null ? { ...(routing as unknown as RoutingFacts), planned: plan } : null;
}

/** `fault`: with which the request ended before anybody was called for an answer. */
function plannedOf(planned: unknown, fault: unknown): PlannedRoute | null {
  if (!isRecord(planned)) return null;
  const { rule, arm, first, shortened, refused } = planned;
  if (!isText(rule)) return null;
  const plan = { rule, ...(isText(arm) && { arm }) };
  if (shortened === true) {
    // What could not be shortened was refused.
    const wasRefused = isRecord(fault) && fault.kind === "context_overflow" && isText(fault.code);
    return wasRefused ? { ...plan, refused: String(fault.code) } : { ...plan, shortened };
  }
  if (isText(refused)) return { ...plan, refused };
  if (first === undefined) return plan;
  if (!isRecord(first)) return null;
  const { rung, model, deployment } = first;
  if (!isText(model) || !isText(deployment) || !isOneOf(rung, RUNGS)) return null;
  return { ...plan, first: { rung, model, deployment } };
}

const RUNGS = ["primary", "cross-region", "fallback"] as const;

function contractOf(contract: unknown): Contract | null {
  if (!isRecord(contract)) return null;
  const { taskType, latencyTier, safetyLevel, contextWindow, residency } = contract;
  const known =
    isOptional(taskType, (value) => isOneOf(value, TASK_TYPES)) &&
    isOptional(latencyTier, (value) => isOneOf(value, LATENCY_TIERS)) &&
    isOptional(safetyLevel, (value) => isOneOf(value, SAFETY_LEVELS)) &&
    isOptional(contextWindow, isCount) &&
    isOptional(residency, (value) => Array.isArray(value) && value.every(isText));
  return known ? (contract as Contract) : null;
}

function withoutCredential(refusals: unknown): ReadonlySet<string> | null {
  if (!Array.isArray(refusals)) return null;
  const found = refusals.flatMap((refusal: unknown) =>
    isRecord(refusal) && refusal.constraint === "credential" && isText(refusal.deployment)
      ? [refusal.deployment]
      : [],
  );
  return found.length === 0 ? null : new Set(found);
}

/** For an answer: a summary made on the way is none. */
function callsOf({ attempts }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(attempts) ? attempts.filter((one) => isRecord(one) && one.purpose === undefined) : [];
}

/** The last call that went well; a summary made on the way is not the answer. */
function answerOf(attempts: unknown): PastRequest["answer"] {
  if (!Array.isArray(attempts)) return null;
  for (let i = attempts.length - 1; i >= 0; i--) {
    const attempt: unknown = attempts[i];
    if (!isRecord(attempt) || attempt.result !== "ok" || attempt.purpose !== undefined) continue;
    const { model, usage, cost } = attempt;
    if (!isText(model) || !isUsage(usage)) return null;
    return { model, usage, cost: isNumber(cost) ? cost : null };
  }
  return null;
}

function isUsage(value: unknown): value is Usage {
  if (!isRecord(value)) return false;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = value;
  if (!isOptional(value.cacheWrite1hTokens, isAmount)) return false;
  return [inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens].every(isAmount);
}

function isHealth(value: unknown): value is Readonly<Record<string, SeenHealth>> {
  if (!isRecord(value)) return false;
  return Object.values(value).every(
    (seen) =>
      isRecord(seen) &&
      isOptional(seen.healthy, (healthy) => typeof healthy === "boolean") &&
      isOptional(seen.firstTokenMs, isNumber) &&
      isOptional(seen.inFlight, isNumber),
  );
}

function isFlags(value: unknown): value is Readonly<Record<string, FlagValue>> {
  return (
    isRecord(value) &&
    Object.values(value).every((flag) => ["boolean", "string", "number"].includes(typeof flag))
  );
}

function isSpend(value: unknown): value is NonNullable<RoutingFacts["spend"]> {
  return isRecord(value) && Object.values(value).every(isAmount);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isAmount(value: unknown): value is number {
  return isNumber(value) && value >= 0;
}

function isOneOf<T extends string>(value: unknown, known: readonly T[]): value is T {
  return known.some((one) => one === value);
}

function isList(value: unknown, known: readonly string[]): boolean {
  return Array.isArray(value) && value.every((one) => isOneOf(one, known));
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}
