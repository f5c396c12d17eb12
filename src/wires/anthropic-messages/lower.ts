/** A request in the provider's terms. Owns which fields are sent; whether the model may serve was decided before. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { asMessagesRequest, headersForBedrock } from "../bedrock-claude-body.ts";
import { withoutBlankTexts, withTrimmedEnd } from "../blank-texts.ts";
import { isClaudeSeal, isSealed } from "../claude-seal.ts";
import { withoutContract } from "../contract-metadata.ts";
import { AS_WRITTEN, FittingIds, hasMisfit } from "../fitting-ids.ts";
import { type Losses, lose, loseReasoning, nameOf, noLosses } from "../losses.ts";
import { enforcesSchemas, isClaude, type ModelTraits, modelBehind } from "../model-version.ts";
import type { JsonObject, Lowered, LowerTarget } from "../wire.ts";
import { CALL_IDS, withFittingIds } from "./call-ids.ts";
import { WIRE_ID } from "./fields.ts";
import {
  type Body,
  keepOneSampler,
  loosenTools,
  removeFormat,
  renderFormat,
  renderSampling,
  renderTools,
  SAMPLING_FIELDS,
  takesFormat,
} from "./lower-sections.ts";
import { ownBlocks, type Rendering, renderMessages } from "./render-messages.ts";
import { fitThinking, reconcile, removeThinking, renderThinking, rewriteThinking } from "./thinking.ts";

/** Of the two versions the one that takes sampling controls, where the model does; else they are the same. */
const VERSION = "2023-06-01";
const ONLY_OLDER = ["temperature", "top_p", "top_k"] as const;
/** The API refuses a request with more breakpoints. */
const MAX_BREAKPOINTS = 4;
const NOT_BEDROCK = "exists on Amazon Bedrock only and was not sent: the chosen model is reached elsewhere.";
/** Fields that the API does not take when it only counts. */
const NOT_COUNTED = [
  ...SAMPLING_FIELDS,
  "stream",
  "metadata",
  "service_tier",
  "container",
  "diagnostics",
  "inference_geo",
];

/**
 * The body to send. A request that came in on this wire, or in Bedrock's form of it, keeps every field of its body but
 * those that are ours, were rewritten, or that the target refuses; each control lost is a warning, or under `strict` a
 * fault (`invalid`, `unsupported_control`). What a model's generation takes in another form is reworded.
 */
export function lowerMessages(stated: ModelRequest, target: LowerTarget): Result<Lowered> {
  const losses = noLosses();
  const request = asMessagesRequest(stated);
  for (const header of headersForBedrock(stated)) lose(losses, header, NOT_BEDROCK);
  const own = request.origin.wire === WIRE_ID;
  const body = own ? fromOrigin(request, target, losses) : fromContract(request, target, losses);
  body.model = target.modelId;
  if (isClaude(modelBehind(target))) body.messages = withTrimmedEnd(body.messages);
  if (request.operation === "count_tokens") for (const field of NOT_COUNTED) delete body[field];
  else body.stream = request.stream;
  const traits = fitThinking(body, modelBehind(target), losses);
  reconcile(body, request, modelBehind(target), losses);
  if (traits !== null) dropSampling(body, traits, request, losses);
  removeUnsupported(body, request, target, losses);
  if (losses.fault !== null) return { ok: false, fault: losses.fault };
  const first = losses.warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body, warnings: losses.warnings, headers: headersOf(request, body) });
}

function fromOrigin(request: ModelRequest, target: LowerTarget, losses: Losses): Body {
  const { body: sent, rewritten } = request.origin;
  const body: Body = { ...sent };
  if ("metadata" in body) {
    const metadata = withoutContract(body.metadata);
    if (metadata === undefined) delete body.metadata;
    else body.metadata = metadata;
  }
  if (rewritten.has("messages")) rewriteMessages(body, request, target, losses);
  if (isClaude(modelBehind(target))) {
    dropForeignThinking(body, request, losses);
    body.messages = withoutBlankTexts(body.messages);
  }
  if (misfits(request, target)) body.messages = withFittingIds(body.messages);
  if (rewritten.has("reasoning")) rewriteThinking(body, request, target, losses);
  else if (request.reasoning !== undefined && !target.capabilities.has("reasoning")) {
    if (request.reasoning.effort !== "none") lose(losses, nameOf("reasoning", WIRE_ID));
    removeThinking(body);
  }
  if (rewritten.has("sampling")) {
    for (const field of SAMPLING_FIELDS) delete body[field];
    renderSampling(body, request, target, losses);
  }
  const schema = request.responseFormat.type === "json_schema";
  if (rewritten.has("responseFormat") || (schema && !takesFormat(target))) {
    removeFormat(body);
    renderFormat(body, request.responseFormat, target);
  }
  if (!enforcesSchemas(target)) loosenTools(body, request, losses);
  return body;
}

/** Claude alone insists on ids; imitators of the API may want their own ones back. */
function misfits({ messages, tools }: ModelRequest, target: LowerTarget): boolean {
  return tools.length > 0 && isClaude(modelBehind(target)) && hasMisfit(messages, CALL_IDS);
}

function rewriteMessages(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  const rendering: Rendering = { ...renderingFor(request, target, losses), ids: AS_WRITTEN };
  const { system, messages } = renderMessages(request.messages, rendering, ownBlocks(request));
  if (system === null) delete body.system;
  else body.system = system;
  body.messages = messages;
}

function fromContract(request: ModelRequest, target: LowerTarget, losses: Losses): Body {
  const rendering = renderingFor(request, target, losses);
  const body: Body = { model: "" };
  renderTools(body, request, rendering);
  const { system, messages } = renderMessages(request.messages, rendering);
  limitBreakpoints(rendering);
  if (system !== null) body.system = system;
  body.messages = messages;
  // A count has no use for it.
  if (request.operation !== "count_tokens") renderSampling(body, request, target, losses);
  renderFormat(body, request.responseFormat, target);
  renderThinking(body, request, target, losses);
  if (request.user !== undefined) body.metadata = { user_id: request.user };
  return body;
}

function renderingFor(request: ModelRequest, target: LowerTarget, losses: Losses): Rendering {
  return {
    origin: request.origin.wire,
    ids: new FittingIds(CALL_IDS),
    caches: target.capabilities.has("prompt_caching"),
    enforces: enforcesSchemas(target),
    breakpoints: [],
    losses,
  };
}

/** The last ones stay: each of them covers everything before it. */
function limitBreakpoints(rendering: Rendering): void {
  const { breakpoints, losses, origin } = rendering;
  const excess = breakpoints.length - MAX_BREAKPOINTS;
  if (excess <= 0) return;
  for (const block of breakpoints.slice(0, excess)) delete block.cache_control;
  lose(
    losses,
    nameOf("cache", origin),
    `goes with ${MAX_BREAKPOINTS} parts at the most: the last were kept.`,
  );
}

/** Takes away the thinking that another provider's model did for an earlier answer: the API would refuse it. */
function dropForeignThinking(body: Body, request: ModelRequest, losses: Losses): void {
  let found = false;
  for (const { content } of request.messages) {
    for (const part of content) {
      if (part.type !== "reasoning" || isSealed(part)) continue;
      found = true;
      loseReasoning(losses, (part.signature ?? part.redacted) !== undefined);
    }
  }
  if (!found || !Array.isArray(body.messages)) return;
  body.messages = body.messages.flatMap((message: JsonObject) => {
    if (!Array.isArray(message.content)) return [message];
    const content = message.content.filter((block) => !isRecord(block) || canReturn(block));
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

function dropSampling(body: Body, traits: ModelTraits, request: ModelRequest, losses: Losses): void {
  if (traits.sampling) {
    if (!traits.bothSamplers) keepOneSampler(body, request, losses);
    return;
  }
  const { wire } = request.origin;
  if (body.temperature !== undefined && body.temperature !== 1) lose(losses, nameOf("temperature", wire));
  if (body.top_p !== undefined && body.top_p !== 1) lose(losses, nameOf("topP", wire));
  if (body.top_k !== undefined) lose(losses, nameOf("topK", wire));
  delete body.temperature;
  delete body.top_p;
  delete body.top_k;
}

function removeUnsupported(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  const { capabilities, unsupported } = target;
  const { wire } = request.origin;
  if (request.parallelToolCalls === true && !capabilities.has("parallel_tools")) {
    lose(losses, nameOf("parallelToolCalls", wire), "is not supported by the model that was chosen.");
  }
  for (const field of unsupported) {
    const value = body[field];
    if (value === undefined) continue;
    delete body[field];
    // Neither null nor the wish for no thinking asks for anything.
    if (value === null || (isRecord(value) && value.type === "disabled")) continue;
    const thinks = field === "thinking" || field === "output_config";
    lose(losses, thinks && wire !== WIRE_ID ? nameOf("reasoning", wire) : field);
  }
}

/** The caller's version, but with controls that the newer one refuses the older. */
function headersOf(request: ModelRequest, body: Body): Readonly<Record<string, string>> {
  const passed = request.origin.wire === WIRE_ID ? request.origin.headers : undefined;
  const samples = ONLY_OLDER.some((field) => body[field] !== undefined);
  const headers: Record<string, string> = {
    "anthropic-version": (samples ? undefined : passed?.["anthropic-version"]) ?? VERSION,
  };
  const beta = passed?.["anthropic-beta"];
  if (beta !== undefined) headers["anthropic-beta"] = beta;
  return headers;
}

/** Whether a content block can go back to the API: any but thinking that Claude did not do. */
function canReturn(block: JsonObject): boolean {
  if (block.type === "thinking") return isClaudeSeal(block.signature);
  return block.type !== "redacted_thinking" || isClaudeSeal(block.data);
}
