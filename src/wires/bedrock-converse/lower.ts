/** A request in the provider's terms. Owns which fields are sent; whether the model may serve was decided before. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { withTrimmedEnd } from "../blank-texts.ts";
import { withoutContract } from "../contract-metadata.ts";
import { hasMisfit } from "../fitting-ids.ts";
import { isOurLimit, type Losses, lose, noLosses } from "../losses.ts";
import { enforcesSchemas } from "../model-version.ts";
import type { JsonObject, Lowered, LowerTarget } from "../wire.ts";
import { cachePointsOf } from "./cache-points.ts";
import { CALL_IDS, withFittingIds } from "./call-ids.ts";
import { familyOf, mayBeClaude } from "./families.ts";
import { WIRE_ID } from "./fields.ts";
import { refitModelFields, renderModelFields } from "./model-fields.ts";
import { renderOutputFormat } from "./output-format.ts";
import { type Conversation, renderConversation, renderRewritten } from "./render-content.ts";
import { loseForeign, refitSampling, renderSampling } from "./render-sampling.ts";
import { loosened, renderToolConfig } from "./render-tools.ts";
import { withoutBlocks } from "./without-blocks.ts";

type Body = Record<string, unknown>;

const STOP_SEQUENCE = "/stop_sequence";
const NO_FIELDS: JsonObject = {};

/**
 * The body to send. A request that came in on this wire keeps every field of its body but those that are ours,
 * were rewritten, or that the target refuses; each control lost is a warning, or under `strict` a fault
 * (`invalid`, `unsupported_control`). Counting tokens wraps the same conversation.
 */
export function lowerConverse(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const losses = noLosses();
  const own = request.origin.wire === WIRE_ID;
  const body = own ? fromOrigin(request, target, losses) : fromContract(request, target, losses);
  removeUnsupported(body, request, target, losses);
  if (losses.fault !== null) return { ok: false, fault: losses.fault };
  const { warnings } = losses;
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  if (own || request.operation !== "count_tokens") return ok({ body, warnings });
  return ok({ body: { input: { converse: body } }, warnings });
}

function fromOrigin(request: ModelRequest, target: LowerTarget, losses: Losses): Body {
  const { body: sent, rewritten } = request.origin;
  if (request.operation === "count_tokens") {
    // The other form, an InvokeModel body, is the model's own affair.
    if (!isRecord(sent.input) || !isRecord(sent.input.converse)) return { ...sent };
    const converse = { ...sent.input.converse };
    refit(converse, request, target, losses);
    return { ...sent, input: { converse } };
  }
  const body: Body = { ...sent };
  if ("requestMetadata" in body) {
    const metadata = withoutContract(body.requestMetadata);
    if (metadata === undefined) delete body.requestMetadata;
    else body.requestMetadata = metadata;
  }
  refit(body, request, target, losses);
  if (rewritten.has("sampling")) renderSampling(body, request, target, losses);
  else refitSampling(body, request, target, losses);
  const schema = request.responseFormat.type === "json_schema";
  if (rewritten.has("responseFormat") || (schema && !enforcesSchemas(target))) {
    renderFormat(body, request, target);
  }
  return body;
}

/** What a caller's own conversation needs for another model than the one it was written for. */
function refit(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  if (request.origin.rewritten.has("messages")) setMessages(body, renderRewritten(request, losses));
  withoutBlocks(body, target, losses);
  if (mayBeClaude(target)) body.messages = withTrimmedEnd(body.messages);
  const hasTools = request.tools.length > 0;
  if (hasTools) body.toolConfig = loosened(body.toolConfig, request, target, losses);
  const misfits = hasTools && hasMisfit(request.messages, CALL_IDS);
  if (misfits) body.messages = withFittingIds(body.messages);
  const fields = isRecord(body.additionalModelRequestFields) ? body.additionalModelRequestFields : NO_FIELDS;
  const refitted = refitModelFields(fields, body.messages, request, target, losses);
  if (refitted === null) return;
  if (Object.keys(refitted.fields).length > 0) body.additionalModelRequestFields = refitted.fields;
  else delete body.additionalModelRequestFields;
  if (refitted.effort !== undefined) setOutput(body, "effort", refitted.effort ?? undefined);
}

function fromContract(request: ModelRequest, target: LowerTarget, losses: Losses): Body {
  const body: Body = {};
  const caches = cachePointsOf(request, target, losses);
  // First, as tools stand before all else in the prompt.
  const toolConfig = renderToolConfig(request, target, caches, losses);
  setMessages(body, renderConversation(request, target, caches, losses));
  if (mayBeClaude(target)) body.messages = withTrimmedEnd(body.messages);
  if (toolConfig !== undefined) body.toolConfig = toolConfig;
  if (request.operation === "count_tokens") return body;
  const fields: Body = {};
  const effort = renderModelFields(fields, body.messages, request, target, losses);
  if (Object.keys(fields).length > 0) body.additionalModelRequestFields = fields;
  renderSampling(body, request, target, losses);
  loseForeign(request, losses);
  renderFormat(body, request, target);
  if (effort !== null) setOutput(body, "effort", effort);
  if (request.sampling.stop !== undefined && familyOf(target) === "claude") {
    // Which of the sequences it was is only told when asked for.
    body.additionalModelResponseFieldPaths = [STOP_SEQUENCE];
  }
  return body;
}

function setMessages(body: Body, { system, messages }: Conversation): void {
  body.messages = messages;
  if (system.length > 0) body.system = system;
  else delete body.system;
}

function renderFormat(body: Body, request: ModelRequest, target: LowerTarget): void {
  const { textFormat, instruction } = renderOutputFormat(request.responseFormat, target);
  setOutput(body, "textFormat", textFormat);
  if (instruction === undefined) return;
  body.system = Array.isArray(body.system) ? [...body.system, instruction] : [instruction];
}

function setOutput(body: Body, member: "textFormat" | "effort", value: unknown): void {
  const { [member]: _former, ...rest } = isRecord(body.outputConfig) ? body.outputConfig : NO_FIELDS;
  const config = value === undefined ? rest : { ...rest, [member]: value };
  if (Object.keys(config).length > 0) body.outputConfig = config;
  else delete body.outputConfig;
}

/** `target.unsupported` names fields of the body or of its `inferenceConfig`. */
function removeUnsupported(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  for (const field of target.unsupported) {
    const config = body.inferenceConfig;
    if (isRecord(config) && config[field] !== undefined) {
      const { [field]: former, ...rest } = config;
      body.inferenceConfig = rest;
      if (former !== null && !isOurLimit(field, request)) lose(losses, `inferenceConfig.${field}`);
    } else if (body[field] !== undefined) {
      if (body[field] !== null) lose(losses, field);
      delete body[field];
    }
  }
}
