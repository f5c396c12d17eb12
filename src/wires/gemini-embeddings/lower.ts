/** A request for vectors as a batch. Owns which fields are sent, and what the API cannot embed. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { bareModel } from "../gemini/lower.ts";
import type { JsonObject, Lowered, LowerTarget, Warning } from "../wire.ts";
import { MAX_BATCH, WIRE_ID } from "./parse-request.ts";
import { taskTypeOf } from "./purpose.ts";

type Fields = Record<string, unknown>;

export function batchPath(_request: ModelRequest, target: LowerTarget): string {
  return `/models/${encodeURIComponent(bareModel(target.modelId))}:batchEmbedContents`;
}

/**
 * The body to send. Faults: `invalid` with `unsupported_content` for tokens, with `invalid_value` for more
 * inputs than the API takes at once, and under `strict` with `unsupported_control`.
 */
export function lowerBatch(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const model = `models/${bareModel(target.modelId)}`;
  const isOwn = request.origin.wire === WIRE_ID;
  const requests = isOwn ? fromOrigin(request, model) : fromContract(request, model);
  if (requests === null) {
    const message = "The chosen model embeds texts and no tokens. Send the texts themselves.";
    return failed("invalid", "unsupported_content", message, { param: "input" });
  }
  if (requests.length > MAX_BATCH) {
    const message = `The chosen model takes at most ${MAX_BATCH} inputs at once. Send them in several requests.`;
    return failed("invalid", "invalid_value", message, { param: "input" });
  }
  const warnings = removeUnsupported(requests, target.unsupported);
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  const rest: JsonObject = isOwn ? request.origin.body : {};
  return ok({ body: { ...rest, requests }, warnings });
}

function fromOrigin({ origin }: ModelRequest, model: string): Fields[] {
  const { requests } = origin.body;
  return Array.isArray(requests) ? requests.filter(isRecord).map((one) => ({ ...one, model })) : [];
}

function fromContract({ embedding }: ModelRequest, model: string): Fields[] | null {
  const requests: Fields[] = [];
  for (const text of embedding?.inputs ?? []) {
    if (typeof text !== "string") return null;
    const one: Fields = { model, content: { parts: [{ text }] } };
    if (embedding?.purpose !== undefined) one.taskType = taskTypeOf(embedding.purpose);
    if (embedding?.dimensions !== undefined) one.outputDimensionality = embedding.dimensions;
    requests.push(one);
  }
  return requests;
}

function removeUnsupported(
  requests: readonly Fields[],
  unsupported: ReadonlySet<string>,
): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const field of unsupported) {
    if (!requests.some((one) => one[field] !== undefined)) continue;
    for (const one of requests) delete one[field];
    const message = `\`${field}\` is not supported by the model that was chosen and was not sent.`;
    warnings.push({ control: field, message });
  }
  return warnings;
}
