/** A request in the provider's terms. Owns which fields are sent; whether the model may serve was decided before. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type {
  ModelRequest,
  ReasoningControl,
  ResponseFormat,
  Sampling,
  Tool,
  ToolChoice,
} from "../../core/request.ts";
import { withoutContract } from "../contract-metadata.ts";
import { isOurLimit } from "../losses.ts";
import { askedEffort, fitEffort } from "../openai-effort.ts";
import { carryShared, losesTier } from "../openai-shared.ts";
import { ownMessages } from "../own-messages.ts";
import type { JsonObject, Lowered, LowerTarget, Warning } from "../wire.ts";
import { idsFor, withFittingIds } from "./call-ids.ts";
import { WIRE_ID } from "./fields.ts";
import { contentLosses, renderMessages } from "./messages.ts";

type Body = Record<string, unknown>;

const NO_WARNINGS: readonly Warning[] = [];
const SAMPLING_FIELDS = [
  "temperature",
  "top_p",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "seed",
  "n",
  "frequency_penalty",
  "presence_penalty",
  "logprobs",
  "top_logprobs",
];
/** Two spellings of one control: a server that refuses one of them is asked with the other. */
const SPELLINGS: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_completion_tokens: "max_tokens",
};

/**
 * The body to send. A request that came in on this wire keeps every field of its body but those that are
 * ours, were rewritten, or that the target refuses. A limit of other origin goes out as `max_completion_tokens`, which
 * OpenAI's newest models insist on, and to servers that imitate it as `max_tokens`, which all of them know and some
 * know alone: what they do not know they pass over, limit and all. Each control lost is a warning, or under `strict` a
 * fault (`invalid`, `unsupported_control`). Usage is always asked for, so that a stream can be accounted.
 */
export function lowerChat(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const limitField = target.imitates ? "max_tokens" : "max_completion_tokens";
  const isOwn = request.origin.wire === WIRE_ID;
  const imitates = target.imitates === true;
  const body = isOwn ? fromOrigin(request, limitField) : fromContract(request, limitField, imitates);
  body.model = target.modelId;
  const ids = idsFor(request, target);
  if (ids !== null && Array.isArray(body.messages)) body.messages = withFittingIds(body.messages, ids);
  body.stream = request.stream;
  if (request.stream) {
    const options = isRecord(body.stream_options) ? body.stream_options : null;
    body.stream_options = { ...options, include_usage: true };
  } else if ("stream_options" in body) {
    delete body.stream_options;
  }
  const warnings = removeUnsupported(body, request, target);
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body, warnings });
}

/** `limitField`: what a limit is called that the caller did not write, or that was rewritten. */
function fromOrigin(request: ModelRequest, limitField: string): Body {
  const { body: sent, rewritten } = request.origin;
  const body: Body = { ...sent };
  if ("metadata" in body) {
    const metadata = withoutContract(body.metadata);
    if (metadata === undefined) delete body.metadata;
    else body.metadata = metadata;
  }
  if (rewritten.size === 0) return body;
  if (rewritten.has("messages")) {
    const written: readonly JsonObject[] = Array.isArray(sent.messages) ? sent.messages : [];
    body.messages = renderMessages(request.messages, ownMessages(request, written));
  }
  if (rewritten.has("sampling")) {
    const isOlder = typeof sent.max_tokens === "number";
    for (const field of SAMPLING_FIELDS) delete body[field];
    renderSampling(body, request.sampling, isOlder ? "max_tokens" : limitField);
  }
  if (rewritten.has("responseFormat")) {
    delete body.response_format;
    renderFormat(body, request.responseFormat);
  }
  if (rewritten.has("reasoning")) renderReasoning(body, request.reasoning);
  return body;
}

function fromContract(request: ModelRequest, limitField: string, imitates: boolean): Body {
  const body: Body = { model: "", messages: renderMessages(request.messages) };
  if (request.tools.length > 0) body.tools = request.tools.map(renderTool);
  if (request.toolChoice !== undefined) body.tool_choice = renderToolChoice(request.toolChoice);
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls;
  renderSampling(body, request.sampling, limitField);
  renderFormat(body, request.responseFormat);
  renderReasoning(body, request.reasoning);
  if (request.user !== undefined) body.user = request.user;
  carryShared(body, request.origin, WIRE_ID, imitates);
  return body;
}

function renderTool(tool: Tool): JsonObject {
  const description = tool.description === undefined ? {} : { description: tool.description };
  const strict = tool.strict === undefined ? {} : { strict: tool.strict };
  return {
    type: "function",
    function: { name: tool.name, ...description, parameters: tool.parameters, ...strict },
  };
}

function renderToolChoice(choice: ToolChoice): unknown {
  return choice.type === "tool" ? { type: "function", function: { name: choice.name } } : choice.type;
}

function renderSampling(body: Body, sampling: Sampling, maxTokensField: string): void {
  if (sampling.temperature !== undefined) body.temperature = sampling.temperature;
  if (sampling.topP !== undefined) body.top_p = sampling.topP;
  if (sampling.maxTokens !== undefined) body[maxTokensField] = sampling.maxTokens;
  if (sampling.stop !== undefined) body.stop = sampling.stop;
  if (sampling.seed !== undefined) body.seed = sampling.seed;
  if (sampling.choices !== undefined) body.n = sampling.choices;
  if (sampling.frequencyPenalty !== undefined) body.frequency_penalty = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) body.presence_penalty = sampling.presencePenalty;
  if (sampling.logprobs === undefined) return;
  body.logprobs = true;
  if (sampling.logprobs > 0) body.top_logprobs = sampling.logprobs;
}

function renderFormat(body: Body, format: ResponseFormat): void {
  if (format.type === "json") body.response_format = { type: "json_object" };
  if (format.type !== "json_schema") return;
  const { name, schema, strict } = format;
  body.response_format = { type: "json_schema", json_schema: { name, schema, strict } };
}

function renderReasoning(body: Body, reasoning: ReasoningControl | undefined): void {
  if (reasoning !== undefined) body.reasoning_effort = askedEffort(reasoning);
}

/** The effort as the target takes it; the warning of one that is lost or another one. */
function fitReasoning(body: Body, request: ModelRequest, target: LowerTarget): Warning | null {
  const { reasoning, origin } = request;
  if (reasoning === undefined) return null;
  if (!target.capabilities.has("reasoning")) {
    const { reasoning_effort: effort } = body;
    delete body.reasoning_effort;
    // A model that does not think already does what `none` asks for.
    return effort === "none" ? null : notSent("reasoning_effort");
  }
  if (origin.wire === WIRE_ID) return null;
  const { effort, warning } = fitEffort(reasoning, request, target);
  if (effort === null) delete body.reasoning_effort;
  else body.reasoning_effort = effort;
  return warning;
}

function notSent(control: string): Warning {
  const message = `\`${control}\` is not supported by the model that was chosen and was not sent.`;
  return { control, message };
}

function removeUnsupported(body: Body, request: ModelRequest, target: LowerTarget): readonly Warning[] {
  const { capabilities, unsupported } = target;
  const { sampling } = request;
  let warnings: Warning[] | null = null;
  const lose = (control: string) => {
    delete body[control];
    warnings ??= [];
    warnings.push(notSent(control));
  };
  if (sampling.logprobs !== undefined && !capabilities.has("logprobs")) {
    delete body.top_logprobs;
    lose("logprobs");
  }
  if (sampling.seed !== undefined && !capabilities.has("seed")) lose("seed");
  if (request.parallelToolCalls !== undefined && !capabilities.has("parallel_tools")) {
    // A model without parallel calls already does what `false` asks for.
    if (request.parallelToolCalls) lose("parallel_tool_calls");
    else delete body.parallel_tool_calls;
  }
  const thinking = fitReasoning(body, request, target);
  if (thinking !== null) {
    warnings ??= [];
    warnings.push(thinking);
  }
  if (losesTier(request.origin, WIRE_ID, target.imitates === true)) lose("service_tier");
  if (sampling.topK !== undefined && request.origin.wire !== WIRE_ID) lose("top_k");
  if (request.origin.wire !== WIRE_ID) {
    for (const loss of contentLosses(request)) {
      warnings ??= [];
      warnings.push(loss);
    }
  }
  for (const field of unsupported) {
    if (body[field] === undefined) continue;
    const other = SPELLINGS[field];
    if (other !== undefined && !unsupported.has(other)) respell(body, field, other);
    else if (body[field] === null || isOurs(field, request)) delete body[field];
    else lose(field);
  }
  return warnings ?? NO_WARNINGS;
}

/** What only the gateway added is taken back in silence. */
function isOurs(field: string, request: ModelRequest): boolean {
  return isOurLimit(field, request) || (field === "stream_options" && !request.streamUsage);
}

function respell(body: Body, field: string, other: string): void {
  body[other] ??= body[field];
  delete body[field];
}
