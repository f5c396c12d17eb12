/** A request for vectors in the provider's terms. Owns which fields are sent. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { Lowered, LowerTarget, Warning } from "../wire.ts";
import { WIRE_ID } from "./parse-request.ts";

type Body = Record<string, unknown>;

/**
 * The body to send. A request that came in on this wire keeps every field of its body, so that vectors come in
 * the encoding in which the caller wants them; each control lost is a warning, or under `strict` a fault
 * (`invalid`, `unsupported_control`).
 */
export function lowerEmbeddings(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const body = request.origin.wire === WIRE_ID ? fromOrigin(request) : fromContract(request);
  body.model = target.modelId;
  const warnings = removeUnsupported(body, request, target);
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body, warnings });
}

function fromOrigin(request: ModelRequest): Body {
  const body: Body = { ...request.origin.body };
  if ("stream" in body) delete body.stream;
  return body;
}

function fromContract({ embedding, user }: ModelRequest): Body {
  const body: Body = { model: "", input: embedding?.inputs ?? [] };
  if (embedding?.dimensions !== undefined) body.dimensions = embedding.dimensions;
  if (user !== undefined) body.user = user;
  return body;
}

function removeUnsupported(body: Body, request: ModelRequest, target: LowerTarget): readonly Warning[] {
  const warnings: Warning[] = [];
  if (request.embedding?.purpose !== undefined) {
    const message = "`purpose` has no counterpart in the provider's API and was not sent.";
    warnings.push({ control: "purpose", message });
  }
  for (const field of target.unsupported) {
    if (body[field] === undefined) continue;
    const isNoLoss = body[field] === null || field === "encoding_format" || field === "user";
    delete body[field];
    // The encoding is between the caller and us, whatever the provider sends.
    if (isNoLoss) continue;
    const message = `\`${field}\` is not supported by the model that was chosen and was not sent.`;
    warnings.push({ control: field, message });
  }
  return warnings;
}
