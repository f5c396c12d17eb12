/** A caller's InvokeModel body as the internal request. Owns telling whose body it is; what it says is theirs. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { betaHeaders, toMessagesBody } from "../bedrock-claude-body.ts";
import { readTarget } from "../bedrock-converse/target.ts";
import { readContract } from "../contract-metadata.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { isEmbeddingBody, parseEmbeddingRequest } from "./embedding-request.ts";
import { METADATA_HEADER, WIRE_ID } from "./fields.ts";

/** In place of a model's name, which may be longer here than where it stands in the body. */
const MODEL = "bedrock";

/** `hints.target` is the model of the path, without which there is no request. */
export function parseInvokeRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  const target = readTarget(hints);
  if (!target.ok) return target;
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const stated = readMetadata(hints);
  if (!stated.ok) return stated;
  if (isEmbeddingBody(body)) return parseEmbeddingRequest(body, target.value, hints, stated.value);
  if (body.anthropic_version === undefined && (body.messages === undefined || isNova(body))) {
    const message =
      "The body is of no model family that this gateway reads. Send an Anthropic Messages body with `anthropic_version`, or use Converse, which is the same for every model.";
    return failed("invalid", "unsupported_value", message, { param: "anthropic_version" });
  }
  return parseMessages(body, target.value, hints, stated.value);
}

function parseMessages(
  body: JsonObject,
  target: string,
  hints: RequestHints,
  stated: RequestHints,
): Result<ModelRequest> {
  const betas = body.anthropic_beta;
  const isList = Array.isArray(betas) && betas.every((beta) => typeof beta === "string");
  if (betas !== undefined && betas !== null && !isList) {
    const message = "`anthropic_beta` must be a list of strings.";
    return failed("invalid", "invalid_type", message, { param: "anthropic_beta" });
  }
  const headers = betaHeaders(body);
  const sent = { ...toMessagesBody(body), model: MODEL, stream: hints.stream === true };
  const { contract, strict } = stated;
  const parsed = anthropicMessages.parseRequest(sent, { contract, strict, ...(headers && { headers }) });
  if (!parsed.ok) return parsed;
  const { rewritten } = parsed.value.origin;
  const origin = {
    wire: WIRE_ID,
    body,
    rewritten,
    ...(hints.headers && { headers: hints.headers }),
  } as const;
  return ok({ ...parsed.value, target, origin });
}

/** The contract in the metadata header, which its clients fill from a parameter. */
function readMetadata(hints: RequestHints): Result<RequestHints> {
  const text = hints.headers?.[METADATA_HEADER];
  if (text === undefined) return ok(hints);
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    metadata = null;
  }
  if (isStringMap(metadata)) return readContract(metadata, hints);
  const message = `Header ${METADATA_HEADER} must be a JSON object of strings.`;
  return failed("invalid", "invalid_header", message, { param: METADATA_HEADER });
}

function isStringMap(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((member) => typeof member === "string");
}

/** Its messages are those of Converse. */
function isNova(body: JsonObject): boolean {
  return body.schemaVersion !== undefined || body.inferenceConfig !== undefined;
}
