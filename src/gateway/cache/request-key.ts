/**
 * What makes two requests the same: everything that could change the answer, and nothing of how it is sent.
 * Owns the key; knows no answer.
 */
import { hash } from "node:crypto";
import type { Caller } from "../../core/caller.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { AnyWire } from "../../providers/wire-registry.ts";
import { beyondContract } from "./beyond-contract.ts";

/** Begins every key, so that a change of what a key is made of finds none of the old ones. */
const KEY_VERSION = 2;

/**
 * SHA-256 as hexadecimal; null for a request whose answer is not kept: no chat, several choices, content that
 * lies elsewhere and may change there, or no user where the policy keeps users apart. `arm`: of the rollout that
 * the request is in, whose answers are not another arm's. `asked`: the request as it came, before its arm changed it.
 */
export function requestKey(
  request: ModelRequest,
  useCase: UseCase,
  caller: Caller,
  wire: AnyWire,
  arm: string | null,
  asked: ModelRequest = request,
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
    beyondContract(asked, wire),
  ];
  return hash("sha256", JSON.stringify(inOneOrder(parts)), "hex");
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
  // An object again: a list of names and values is something else that a body may have.
  return Object.fromEntries(entries.map(([name, field]) => [name, inOneOrder(field)]));
}
