/**
 * What makes two requests the same: everything that could change the answer, and nothing of how it is sent.
 * Owns the key; knows no answer.
 */
import { hash } from "node:crypto";
import type { Caller } from "../../core/caller.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { AnyWire } from "../../providers/wire-registry.ts";

/** Begins every key, so that a change of what a key is made of finds none of the old ones. */
const KEY_VERSION = 1;

/** Fields of a body that say where and how to answer, and not what. */
const NEUTRAL_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "stream_options",
  "user",
  "metadata",
]);

/**
 * SHA-256 as hexadecimal; null for a request whose answer is not kept: no chat, several choices, content that
 * lies elsewhere and may change there, or no user where the policy keeps users apart. `arm`: of the rollout that
 * the request is in, whose answers are not another arm's.
 */
export function requestKey(
  request: ModelRequest,
  useCase: UseCase,
  caller: Caller,
  wire: AnyWire,
  arm: string | null,
): string | null {
  if (request.operation !== "chat" || (request.sampling.choices ?? 1) > 1) return null;
  const scope = useCase.cache?.scope === "user" ? (request.user ?? null) : "tenant";
  if (scope === null || request.messages.some(pointsElsewhere)) return null;
  const { contract } = request;
  const parts = [
    KEY_VERSION,
    [caller.tenant, caller.tier, useCase.id, arm, useCase.cache?.scope, scope],
    [contract.taskType, contract.safetyLevel, contract.residency, request.strict],
    request.messages.map(({ role, content }) => [role, content.map(partKey)]),
    request.tools.map(({ name, description, parameters, strict }) => [name, description, parameters, strict]),
    [request.toolChoice, request.parallelToolCalls],
    [request.sampling, request.responseFormat, request.reasoning],
    beyondContract(request, wire),
  ];
  return hash("sha256", JSON.stringify(inOneOrder(parts)), "hex");
}

/** What the contract does not model: all of the body, where any of it may be felt in the answer. */
function beyondContract(request: ModelRequest, wire: AnyWire): unknown {
  if (wire.beyondContract(request).length === 0) return null;
  const { body, headers } = request.origin;
  const fields = Object.entries(body).filter(([name]) => !NEUTRAL_FIELDS.has(name));
  return [wire.id, Object.fromEntries(fields), headers];
}

/** A hint to the provider's own cache changes nothing of the answer. */
function partKey(part: ContentPart): unknown {
  if (part.type === "text") return part.text;
  if (!("cache" in part)) return part;
  const { cache: _hint, ...rest } = part;
  return rest;
}

function pointsElsewhere({ content }: Message): boolean {
  return content.some(
    (part) =>
      (part.type === "image" || part.type === "document") &&
      (part.source.kind === "url" || part.source.kind === "file"),
  );
}

/** Fields of objects by name: two clients that write one body in two orders mean the same. */
function inOneOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOneOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, field]) => [name, inOneOrder(field)]);
}
