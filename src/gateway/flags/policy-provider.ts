/**
 * The policy's flags as an OpenFeature provider, for whatever else runs in this process and speaks OpenFeature. Owns
 * the translation; what a flag is says the policy in force. Requests do not go this way: it would make them wait.
 */
import type {
  ErrorCode,
  EvaluationContext,
  JsonValue,
  Provider,
  ResolutionDetails,
} from "@openfeature/server-sdk";
import { bareRequest } from "../../core/bare-request.ts";
import { type Caller, ROLES } from "../../core/caller.ts";
import type { Clock, Random } from "../../core/clock.ts";
import type { FlagSubject, FlagValue } from "../../core/flags.ts";
import type { HealthView } from "../../core/health.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import {
  CallerFacts,
  RequestEstimates,
  RequestFacts,
  SignalFacts,
} from "../../policy/conditions/rule-facts.ts";
import { digestOfUser } from "../../policy/rollouts/sticky-key.ts";

export interface PolicyProviderPorts {
  snapshot(): ConfigSnapshot;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: HealthView;
}

/** Of the context `key`, `tenant`, `tier` and `role` are read; `targetingKey` is the end user. */
export function createPolicyProvider(ports: PolicyProviderPorts): Provider {
  const resolve = <T>(name: string, fallback: T, kind: string, context: EvaluationContext) => {
    const details = ports.snapshot().flags?.evaluate(name, subjectOf(context, ports));
    if (!details) return failed(fallback, NOT_FOUND, `The policy has no flag ${name}.`);
    if (typeof details.value !== kind) {
      return failed(fallback, WRONG_TYPE, `The flag ${name} is a ${typeof details.value}.`);
    }
    const { value, variant, reason } = details;
    return { value: value as FlagValue & T, reason, ...(variant !== null && { variant }) };
  };
  return {
    runsOn: "server",
    metadata: { name: "pointsman-policy" },
    resolveBooleanEvaluation: async (name, fallback, context) => resolve(name, fallback, "boolean", context),
    resolveStringEvaluation: async (name, fallback, context) => resolve(name, fallback, "string", context),
    resolveNumberEvaluation: async (name, fallback, context) => resolve(name, fallback, "number", context),
    resolveObjectEvaluation: async <T extends JsonValue>(name: string, fallback: T) =>
      failed(fallback, WRONG_TYPE, `The flag ${name} is no object: the policy has none.`),
  };
}

// Spelled out, so that a process without OpenFeature does not load it for two words.
const NOT_FOUND = "FLAG_NOT_FOUND" as ErrorCode;
const WRONG_TYPE = "TYPE_MISMATCH" as ErrorCode;

function failed<T>(value: T, errorCode: ErrorCode, errorMessage: string): ResolutionDetails<T> {
  return { value, reason: "ERROR", errorCode, errorMessage };
}

/** Nobody asks for anything here, so what a rule reads of the request is what a request leaves unsaid. */
const NO_REQUEST = bareRequest();

function subjectOf(context: EvaluationContext, ports: PolicyProviderPorts): FlagSubject {
  const text = (name: string, otherwise: string) => {
    const value = context[name];
    return typeof value === "string" ? value : otherwise;
  };
  const role = text("role", "caller");
  const caller: Caller = {
    keyId: text("key", "openfeature"),
    tenant: text("tenant", "default"),
    tier: text("tier", "standard"),
    role: ROLES.find((known) => known === role) ?? "caller",
    useCases: null,
  };
  return {
    context: {
      request: new RequestFacts(),
      caller: new CallerFacts(caller),
      signals: new SignalFacts(0, ports.clock.now(), ports.health, new RequestEstimates(NO_REQUEST)),
    },
    caller,
    user: context.targetingKey,
    userDigest: context.targetingKey === undefined ? undefined : digestOfUser(context.targetingKey),
    random: ports.random,
    remote: null,
  };
}
