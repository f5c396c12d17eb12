/** A request in the provider's terms. Owns which fields are sent; whether the model may serve was decided before. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, ResponseFormat, Sampling, Tool } from "../../core/request.ts";
import { withoutContract } from "../contract-metadata.ts";
import { askedEffort } from "../openai-effort.ts";
import { carryShared } from "../openai-shared.ts";
import { noOwnMessages, type OwnMessages } from "../own-messages.ts";
import type { JsonObject, Lowered, LowerTarget } from "../wire.ts";
import { withFittingIds } from "./call-ids.ts";
import { isForeign, isOwnId, WIRE_ID } from "./fields.ts";
import { exclude, INCLUDE_LOGPROBS, include } from "./include.ts";
import { ownItems } from "./input.ts";
import { renderInput } from "./items.ts";
import { lostContent, removeUnsupported } from "./lower-losses.ts";

type Body = Record<string, unknown>;

/**
 * The body to send. A request that came in on this wire keeps every field of its body but those that are
 * ours, were rewritten, or that the target refuses; each control lost is a warning, or under `strict` a
 * fault (`invalid`, `unsupported_control`).
 */
export function lowerResponses(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const body = request.origin.wire === WIRE_ID ? fromOrigin(request) : fromContract(request, target);
  body.model = target.modelId;
  if (target.imitates !== true && Array.isArray(body.input)) body.input = withFittingIds(body.input);
  body.stream = request.stream;
  if (!request.stream) delete body.stream_options;
  const warnings = [...removeUnsupported(body, request, target), ...lostContent(request)];
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body, warnings });
}

function fromOrigin(request: ModelRequest): Body {
  const { body: sent, rewritten } = request.origin;
  const body: Body = { ...sent };
  if ("metadata" in body) {
    const metadata = withoutContract(body.metadata);
    if (metadata === undefined) delete body.metadata;
    else body.metadata = metadata;
  }
  if (rewritten.has("messages")) renderMessages(body, request, ownItems(request));
  if (Array.isArray(body.input)) body.input = withoutOwn(body.input);
  if (rewritten.has("sampling")) {
    for (const field of ["temperature", "top_p", "max_output_tokens", "top_logprobs"]) delete body[field];
    exclude(body, INCLUDE_LOGPROBS);
    renderSampling(body, request.sampling);
  }
  if (rewritten.has("responseFormat")) {
    const { format: _format, ...rest } = isRecord(body.text) ? body.text : {};
    body.text = { ...rest, format: renderFormat(request.responseFormat) };
  }
  if (rewritten.has("reasoning") && request.reasoning !== undefined) {
    body.reasoning = {
      ...(isRecord(sent.reasoning) && sent.reasoning),
      effort: askedEffort(request.reasoning),
    };
  }
  return body;
}

function fromContract(request: ModelRequest, { imitates = false }: LowerTarget): Body {
  // Other wires' callers have not agreed to their answers being kept at the provider.
  const body: Body = { model: "", store: false };
  renderMessages(body, request, noOwnMessages());
  if (request.tools.length > 0) body.tools = request.tools.map(renderTool);
  const choice = request.toolChoice;
  if (choice !== undefined) {
    body.tool_choice = choice.type === "tool" ? { type: "function", name: choice.name } : choice.type;
  }
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls;
  renderSampling(body, request.sampling);
  if (request.responseFormat.type !== "text") body.text = { format: renderFormat(request.responseFormat) };
  if (request.reasoning !== undefined) body.reasoning = { effort: askedEffort(request.reasoning) };
  if (request.user !== undefined) body.user = request.user;
  carryShared(body, request.origin, WIRE_ID, imitates);
  return body;
}

function renderMessages(
  body: Body,
  { messages }: ModelRequest,
  own: OwnMessages<readonly JsonObject[]>,
): void {
  const { instructions, input } = renderInput(messages, own);
  if (instructions === null) delete body.instructions;
  else body.instructions = instructions;
  body.input = input;
}

/**
 * Items without what this gateway made when another wire's provider answered: ids that no provider of this
 * wire gave, and reasoning that none of them could read. The very same list where there is none.
 */
function withoutOwn(items: readonly unknown[]): readonly unknown[] {
  if (!items.some((item) => isRecord(item) && (isOwnId(item.id) || isForeign(item.encrypted_content)))) {
    return items;
  }
  const kept: unknown[] = [];
  for (const item of items) {
    if (!isRecord(item) || !(isOwnId(item.id) || isForeign(item.encrypted_content))) kept.push(item);
    else if (item.type !== "reasoning") {
      const { id: _id, ...rest } = item;
      kept.push(rest);
    }
  }
  return kept;
}

/** `strict` is stated always: left out, it is true on this wire and false on the others. */
function renderTool({ name, description, parameters, strict }: Tool): JsonObject {
  return {
    type: "function",
    name,
    ...(description !== undefined && { description }),
    parameters,
    strict: strict ?? false,
  };
}

function renderSampling(body: Body, sampling: Sampling): void {
  if (sampling.temperature !== undefined) body.temperature = sampling.temperature;
  if (sampling.topP !== undefined) body.top_p = sampling.topP;
  if (sampling.maxTokens !== undefined) body.max_output_tokens = sampling.maxTokens;
  if (sampling.logprobs === undefined) return;
  include(body, INCLUDE_LOGPROBS);
  if (sampling.logprobs > 0) body.top_logprobs = sampling.logprobs;
}

function renderFormat(format: ResponseFormat): JsonObject {
  if (format.type === "text") return { type: "text" };
  if (format.type === "json") return { type: "json_object" };
  const { name, schema, strict } = format;
  return { type: "json_schema", name, schema, strict };
}
