/** A request to another gateway in native terms. Owns which fields are sent; nothing of the contract is lost. */
import type { Contract } from "../../core/contract.ts";
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, ReasoningControl, ResponseFormat, Sampling, Tool } from "../../core/request.ts";
import type { JsonObject, Lowered, LowerTarget, Warning } from "../wire.ts";
import { renderMessages } from "./parts.ts";

type Body = Record<string, unknown>;

const NO_WARNINGS: readonly Warning[] = [];

/**
 * The body to send. A native request keeps every field of its body but those that were rewritten; each
 * control that the target refuses is a warning, or under `strict` a fault (`invalid`, `unsupported_control`).
 */
export function lowerNative(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const body = request.origin.wire === "native" ? fromOrigin(request) : fromContract(request);
  body.use_case = target.modelId;
  renderContract(body, request.contract);
  if (request.stream) body.stream = true;
  else delete body.stream;
  if (request.strict) body.strict = true;
  const warnings = removeUnsupported(body, request, target);
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return ok({ body, warnings });
}

function fromOrigin(request: ModelRequest): Body {
  const { body: sent, rewritten } = request.origin;
  const body: Body = { ...sent };
  if (rewritten.has("messages")) {
    delete body.input;
    body.messages = renderMessages(request.messages);
  }
  if (rewritten.has("sampling")) {
    delete body.sampling;
    renderSampling(body, request.sampling);
  }
  if (rewritten.has("responseFormat")) body.response_format = renderFormat(request.responseFormat);
  if (rewritten.has("reasoning")) renderReasoning(body, request.reasoning);
  return body;
}

function fromContract(request: ModelRequest): Body {
  const body: Body = { use_case: "" };
  if (request.embedding !== undefined) body.embedding = request.embedding;
  else body.messages = renderMessages(request.messages);
  if (request.tools.length > 0) body.tools = request.tools.map(renderTool);
  const choice = request.toolChoice;
  if (choice !== undefined) body.tool_choice = choice.type === "tool" ? choice : choice.type;
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls;
  renderSampling(body, request.sampling);
  if (request.responseFormat.type !== "text") body.response_format = renderFormat(request.responseFormat);
  renderReasoning(body, request.reasoning);
  if (request.user !== undefined) body.user = request.user;
  return body;
}

/** What headers stated of the contract travels in the body from here on. */
function renderContract(body: Body, contract: Contract): void {
  if (contract.taskType !== undefined) body.task_type = contract.taskType;
  if (contract.latencyTier !== undefined) body.latency_tier = contract.latencyTier;
  if (contract.safetyLevel !== undefined) body.safety_level = contract.safetyLevel;
  if (contract.contextWindow !== undefined) body.context_window = contract.contextWindow;
  if (contract.residency !== undefined) body.residency = contract.residency;
}

function renderTool(tool: Tool): JsonObject {
  return { ...tool };
}

function renderSampling(body: Body, sampling: Sampling): void {
  const rendered: Body = {};
  if (sampling.temperature !== undefined) rendered.temperature = sampling.temperature;
  if (sampling.topP !== undefined) rendered.top_p = sampling.topP;
  if (sampling.topK !== undefined) rendered.top_k = sampling.topK;
  if (sampling.maxTokens !== undefined) rendered.max_tokens = sampling.maxTokens;
  if (sampling.stop !== undefined) rendered.stop = sampling.stop;
  if (sampling.seed !== undefined) rendered.seed = sampling.seed;
  if (sampling.choices !== undefined) rendered.choices = sampling.choices;
  if (sampling.frequencyPenalty !== undefined) rendered.frequency_penalty = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) rendered.presence_penalty = sampling.presencePenalty;
  if (sampling.logprobs !== undefined) rendered.logprobs = sampling.logprobs;
  if (Object.keys(rendered).length > 0) body.sampling = rendered;
}

function renderReasoning(body: Body, reasoning: ReasoningControl | undefined): void {
  if (reasoning === undefined) return;
  const { effort, budgetTokens } = reasoning;
  body.reasoning = {
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budget_tokens: budgetTokens }),
  };
}

function renderFormat(format: ResponseFormat): JsonObject {
  return { ...format };
}

function removeUnsupported(body: Body, request: ModelRequest, target: LowerTarget): readonly Warning[] {
  const { capabilities, unsupported } = target;
  let warnings: Warning[] | null = null;
  const lose = (control: string) => {
    removeField(body, control);
    const message = `\`${control}\` is not supported by the model that was chosen and was not sent.`;
    warnings ??= [];
    warnings.push({ control, message });
  };
  if (request.sampling.logprobs !== undefined && !capabilities.has("logprobs")) lose("logprobs");
  if (request.sampling.seed !== undefined && !capabilities.has("seed")) lose("seed");
  if (request.parallelToolCalls !== undefined && !capabilities.has("parallel_tools")) {
    // A model without parallel calls already does what `false` asks for.
    if (request.parallelToolCalls) lose("parallel_tool_calls");
    else removeField(body, "parallel_tool_calls");
  }
  if (request.reasoning !== undefined && !capabilities.has("reasoning")) {
    // A model that does not think already does what `none` asks for.
    if (request.reasoning.effort === "none") removeField(body, "reasoning");
    else lose("reasoning");
  }
  for (const field of unsupported) {
    const sampling = isRecord(body.sampling) ? body.sampling : null;
    const value = body[field] ?? sampling?.[field];
    if (value !== undefined && value !== null) lose(field);
  }
  return warnings ?? NO_WARNINGS;
}

/** At the top or among the sampling controls, whose record is the caller's and is copied. */
function removeField(body: Body, field: string): void {
  delete body[field];
  if (!isRecord(body.sampling) || !(field in body.sampling)) return;
  const { [field]: _removed, ...rest } = body.sampling;
  body.sampling = rest;
}
