/** The capability contract inside the body's `metadata`. Owns the `pointsman_*` keys; headers are not its job. */
import {
  type Contract,
  LATENCY_TIERS,
  type LatencyTier,
  SAFETY_LEVELS,
  type SafetyLevel,
  TASK_TYPES,
  type TaskType,
} from "../../core/contract.ts";
import { failed, ok, type Result } from "../../core/faults.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { isRecord } from "./fields.ts";

const PREFIX = "pointsman_";
const REGION = /^[a-z0-9*][a-z0-9*_-]{0,63}$/i;

interface Draft {
  taskType?: TaskType;
  latencyTier?: LatencyTier;
  safetyLevel?: SafetyLevel;
  contextWindow?: number;
  residency?: readonly string[];
  strict?: boolean;
}

/** Each key's reader returns null, or what the value must be. */
const READERS: Readonly<Record<string, (value: string, draft: Draft) => string | null>> = {
  pointsman_task_type: (value, draft) => {
    const found = TASK_TYPES.find((known) => known === value);
    if (found === undefined) return `one of ${TASK_TYPES.join(", ")}`;
    draft.taskType = found;
    return null;
  },
  pointsman_latency_tier: (value, draft) => {
    const found = LATENCY_TIERS.find((known) => known === value);
    if (found === undefined) return `one of ${LATENCY_TIERS.join(", ")}`;
    draft.latencyTier = found;
    return null;
  },
  pointsman_safety_level: (value, draft) => {
    const found = SAFETY_LEVELS.find((known) => known === value);
    if (found === undefined) return `one of ${SAFETY_LEVELS.join(", ")}`;
    draft.safetyLevel = found;
    return null;
  },
  pointsman_context_window: (value, draft) => {
    const tokens = Number(value);
    if (!/^\d{1,9}$/.test(value) || tokens < 1) return "a whole number of tokens, 1 or more";
    draft.contextWindow = tokens;
    return null;
  },
  pointsman_residency: (value, draft) => {
    const regions = value.split(",").map((region) => region.trim());
    if (!regions.every((region) => REGION.test(region))) {
      return "regions separated by commas, for example eu-west-1,eu-central-*";
    }
    draft.residency = regions;
    return null;
  },
  pointsman_strict: (value, draft) => {
    if (value !== "true" && value !== "false") return "true or false";
    draft.strict = value === "true";
    return null;
  },
};

/** What `metadata` states of the contract; what the headers state wins, and either can ask for `strict`. */
export function readContract(
  metadata: Readonly<Record<string, string>> | null | undefined,
  hints: RequestHints,
): Result<RequestHints> {
  if (metadata === null || metadata === undefined) return ok(hints);
  const draft: Draft = {};
  for (const key in metadata) {
    if (!key.startsWith(PREFIX)) continue;
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (reader === undefined) {
      const known = Object.keys(READERS).join(", ");
      const message = `\`metadata\` has an unknown key that starts with ${PREFIX}. Known keys: ${known}.`;
      return failed("invalid", "unknown_field", message, { param: "metadata" });
    }
    const wanted = reader(metadata[key] ?? "", draft);
    if (wanted !== null) {
      const param = `metadata.${key}`;
      return failed("invalid", "invalid_value", `\`${param}\` must be ${wanted}.`, { param });
    }
  }
  const { strict, ...contract } = draft;
  const merged: Contract = { ...contract, ...hints.contract };
  return ok({ contract: merged, strict: hints.strict || strict === true });
}

/** `metadata` as a provider may see it: without our keys, and undefined when nothing else is left. */
export function withoutContract(metadata: unknown): JsonObject | undefined {
  if (!isRecord(metadata)) return undefined;
  const kept = Object.entries(metadata).filter(([key]) => !key.startsWith(PREFIX));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
