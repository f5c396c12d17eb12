/** The capability contract inside the body's `metadata`. Owns the `pointsman_*` keys; headers are not its job. */
import { CONTRACT_FIELDS, readContractFields } from "../core/contract-words.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import { isRecord } from "../core/json.ts";
import type { JsonObject, RequestHints } from "./wire.ts";

const PREFIX = "pointsman_";

/** What `metadata` states of the contract; what the headers state wins, and either can ask for `strict`. */
export function readContract(
  metadata: Readonly<Record<string, string>> | null | undefined,
  hints: RequestHints,
): Result<RequestHints> {
  if (metadata === null || metadata === undefined) return ok(hints);
  const fields = Object.entries(metadata)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => [key.slice(PREFIX.length), value] as const);
  const read = readContractFields(fields);
  if (read.ok) {
    return ok({ contract: { ...read.contract, ...hints.contract }, strict: hints.strict || read.strict });
  }
  if (read.wanted === null) {
    const known = CONTRACT_FIELDS.map((field) => PREFIX + field).join(", ");
    const message = `\`metadata\` has an unknown key that starts with ${PREFIX}. Known keys: ${known}.`;
    return failed("invalid", "unknown_field", message, { param: "metadata" });
  }
  const param = `metadata.${PREFIX}${read.field}`;
  return failed("invalid", "invalid_value", `\`${param}\` must be ${read.wanted}.`, { param });
}

/** `metadata` as a provider may see it: without our keys, and undefined when nothing else is left. */
export function withoutContract(metadata: unknown): JsonObject | undefined {
  if (!isRecord(metadata)) return undefined;
  const kept = Object.entries(metadata).filter(([key]) => !key.startsWith(PREFIX));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
