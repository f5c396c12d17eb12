/**
 * The capability contract as callers write it: one word a field, in headers with hyphens, in metadata with
 * underscores. Owns the fields and what each may hold; knows neither headers nor bodies.
 */
import {
  type Contract,
  LATENCY_TIERS,
  type LatencyTier,
  SAFETY_LEVELS,
  type SafetyLevel,
  TASK_TYPES,
  type TaskType,
} from "./contract.ts";

/** A contract on its way; `strict` is stated beside it. */
export interface StatedContract {
  readonly contract: Contract;
  readonly strict: boolean;
}

interface Draft {
  taskType?: TaskType;
  latencyTier?: LatencyTier;
  safetyLevel?: SafetyLevel;
  contextWindow?: number;
  residency?: readonly string[];
  strict?: boolean;
}

const REGION = /^[a-z0-9*][a-z0-9*_-]{0,63}$/i;

/** Each field's reader returns null, or what the value must be. */
const READERS: Readonly<Record<string, (value: string, draft: Draft) => string | null>> = {
  task_type: (value, draft) => {
    const found = TASK_TYPES.find((known) => known === value);
    if (found === undefined) return `one of ${TASK_TYPES.join(", ")}`;
    draft.taskType = found;
    return null;
  },
  latency_tier: (value, draft) => {
    const found = LATENCY_TIERS.find((known) => known === value);
    if (found === undefined) return `one of ${LATENCY_TIERS.join(", ")}`;
    draft.latencyTier = found;
    return null;
  },
  safety_level: (value, draft) => {
    const found = SAFETY_LEVELS.find((known) => known === value);
    if (found === undefined) return `one of ${SAFETY_LEVELS.join(", ")}`;
    draft.safetyLevel = found;
    return null;
  },
  context_window: (value, draft) => {
    if (!/^[1-9]\d{0,8}$/.test(value)) return "a whole number of tokens, 1 or more";
    draft.contextWindow = Number(value);
    return null;
  },
  residency: (value, draft) => {
    const regions = value.split(",").map((region) => region.trim());
    if (!regions.every((region) => REGION.test(region))) {
      return "regions separated by commas, for example eu-west-1,eu-central-*";
    }
    draft.residency = regions;
    return null;
  },
  strict: (value, draft) => {
    if (value !== "true" && value !== "false") return "true or false";
    draft.strict = value === "true";
    return null;
  },
};

export const CONTRACT_FIELDS: readonly string[] = Object.keys(READERS);

export type ContractReading =
  | ({ readonly ok: true } & StatedContract)
  /** `wanted`: what the field may hold; null: there is no such field. */
  | { readonly ok: false; readonly field: string; readonly wanted: string | null };

/** Reads all fields or says which does not fit. A field that does not exist is refused too: a contract that
 * is silently dropped is worse than one refused. */
export function readContractFields(fields: Iterable<readonly [string, string]>): ContractReading {
  const draft: Draft = {};
  for (const [field, value] of fields) {
    const reader = Object.hasOwn(READERS, field) ? READERS[field] : undefined;
    const wanted = reader ? reader(value.trim(), draft) : null;
    if (!reader || wanted !== null) return { ok: false, field, wanted };
  }
  const { strict, ...contract } = draft;
  return { ok: true, contract, strict: strict === true };
}
