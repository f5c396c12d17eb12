/**
 * What a caller's body says beyond the contract. Owns the comparison, by which no field is overlooked: what the wire
 * would send of the contract alone must say all that the body says. Knows of no dialect which fields it has.
 */
import { CAPABILITIES } from "../../core/contract.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, Origin } from "../../core/request.ts";
import type { AnyWire } from "../../providers/wire-registry.ts";
import type { JsonObject, LowerTarget } from "../../wires/wire.ts";

/** Fields of a body that say where and how to answer, and not what. */
const NEUTRAL_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "use_case",
  "stream",
  "stream_options",
  "user",
  "metadata",
  "requestMetadata",
  "service_tier",
  "serviceTier",
  "performanceConfig",
  "diagnostics",
]);
const NEUTRAL_HEADERS: ReadonlySet<string> = new Set([
  "anthropic-version",
  "x-amzn-bedrock-request-metadata",
  "x-amzn-bedrock-performanceconfig-latency",
  "x-amzn-bedrock-service-tier",
]);
/** One control by two names: what a body has by the first, a wire may say by the second. */
const SAME: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "max_completion_tokens"],
  ["input", "messages"],
]);

const TEXT_TYPES: ReadonlySet<unknown> = new Set([undefined, "text", "input_text", "output_text"]);

/** A model that takes everything, so that the wire leaves nothing out. */
const ANY_MODEL: LowerTarget = {
  modelId: "any",
  maxOutputTokens: 1_000_000,
  capabilities: new Set(CAPABILITIES),
  unsupported: new Set(),
};

/** The body's fields and the headers that an answer may depend on, all of them; null where the contract has them. */
export function beyondContract(request: ModelRequest, wire: AnyWire): unknown {
  const { body, headers = {} } = request.origin;
  const said = without(NEUTRAL_FIELDS, body);
  const passed = without(NEUTRAL_HEADERS, headers);
  if (Object.keys(passed).length === 0 && isTold(said, fromContract(request, wire))) return null;
  return [wire.id, said, passed];
}

/** What `wire` would send for a caller of another one; null where it has no words for the request. */
function fromContract(request: ModelRequest, wire: AnyWire): JsonObject | null {
  const abroad = wire.id === "native" ? "openai-chat" : "native";
  const origin: Origin = { wire: abroad, body: {}, rewritten: new Set() };
  const lowered = wire.lower({ ...request, stream: false, origin }, ANY_MODEL);
  return lowered.ok ? lowered.value.body : null;
}

function without(names: ReadonlySet<string>, record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name)));
}

/**
 * Whether all that `said` says is in `told`, which may say more: defaults that the wire writes out. A field that is
 * null is an absent one, and a text may be written as a list of one part.
 */
function isTold(said: unknown, told: unknown): boolean {
  if (said === told) return true;
  if (typeof said === "string" || typeof told === "string") return isSameText(said, told);
  if (Array.isArray(said) && Array.isArray(told)) {
    return said.length === told.length && said.every((item, at) => isTold(item, told[at]));
  }
  return isRecord(said) && isRecord(told) && areFieldsTold(said, told);
}

function areFieldsTold(said: JsonObject, told: JsonObject): boolean {
  return Object.entries(said).every(([name, field]) => {
    if (field === null || field === undefined) return true;
    const there = Object.hasOwn(told, name) ? name : otherName(name, said);
    return there !== undefined && Object.hasOwn(told, there) && isTold(field, told[there]);
  });
}

/** A body that has both means two things. */
function otherName(name: string, said: JsonObject): string | undefined {
  const other = SAME.get(name);
  return other === undefined || Object.hasOwn(said, other) ? undefined : other;
}

function isSameText(said: unknown, told: unknown): boolean {
  const text = textOf(said);
  return text !== null && text === textOf(told);
}

/** The text that is all that `value` holds: itself, a list of it, a part or a user's message with it. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.length === 1 ? textOf(value[0]) : null;
  if (!isRecord(value)) return null;
  const { type, text, role, content, ...more } = value;
  if (Object.keys(more).length > 0) return null;
  if (content === undefined && role === undefined && TEXT_TYPES.has(type)) {
    return typeof text === "string" ? text : null;
  }
  const isMessage = role === "user" && text === undefined && (type === undefined || type === "message");
  return isMessage ? textOf(content) : null;
}
