/** The sections of a request in this wire's terms. Owns each one's rendering; which are sent is decided elsewhere. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, ResponseFormat, Tool } from "../../core/request.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import { enforcesSchemas } from "../model-version.ts";
import { enforceable, inWords } from "../output-schema.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";
import { type Block, markCached, type Rendering } from "./render-messages.ts";

export type Body = Record<string, unknown>;

const CLOSED_ONLY = "was not sent: the chosen model enforces closed schemas only.";
const NOT_ENFORCED = "was not sent: the chosen model enforces no schema.";
export const SAMPLING_FIELDS = ["max_tokens", "temperature", "top_p", "top_k", "stop_sequences"] as const;

/** A limit must be stated: without the caller's it is what the model can produce at the most. */
export function renderSampling(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  const { sampling, origin } = request;
  body.max_tokens = sampling.maxTokens ?? target.maxOutputTokens;
  renderTemperature(body, request, losses);
  if (sampling.topK !== undefined) body.top_k = sampling.topK;
  if (sampling.stop !== undefined) {
    const usable = sampling.stop.filter((sequence) => sequence.trim() !== "");
    if (usable.length < sampling.stop.length) {
      lose(losses, nameOf("stop", origin.wire), "of white space alone cannot stop the chosen model.");
    }
    if (usable.length > 0) body.stop_sequences = usable;
  }
  if (sampling.seed !== undefined) lose(losses, nameOf("seed", origin.wire));
  if ((sampling.choices ?? 1) > 1) lose(losses, nameOf("choices", origin.wire));
  if (sampling.frequencyPenalty) lose(losses, nameOf("frequencyPenalty", origin.wire));
  if (sampling.presencePenalty) lose(losses, nameOf("presencePenalty", origin.wire));
  if (sampling.logprobs !== undefined) lose(losses, nameOf("logprobs", origin.wire));
}

/** Temperatures end at 1 here, and newer models refuse one beside `top_p`: 1 is the default of either. */
function renderTemperature(body: Body, request: ModelRequest, losses: Losses): void {
  const { sampling, origin } = request;
  const { temperature, topP } = sampling;
  if (temperature !== undefined) body.temperature = Math.min(1, temperature);
  if (topP !== undefined) body.top_p = topP;
  if (temperature !== undefined && temperature > 1) {
    const why = "above 1 is beyond the scale of the chosen model, and was sent as 1.";
    lose(losses, nameOf("temperature", origin.wire), why);
  }
  if (origin.wire !== WIRE_ID) keepOneSampler(body, request, losses);
}

/** Of a temperature and a `top_p` the one that says something, the temperature where both do. */
export function keepOneSampler(body: Body, { origin }: ModelRequest, losses: Losses): void {
  const { temperature, top_p: topP } = body;
  if (typeof temperature !== "number" || typeof topP !== "number") return;
  if (topP !== 1 && temperature === 1) delete body.temperature;
  else {
    delete body.top_p;
    const why = "was not sent: the chosen model takes it or a temperature, not both.";
    if (topP !== 1) lose(losses, nameOf("topP", origin.wire), why);
  }
}

export function renderTools(body: Body, request: ModelRequest, rendering: Rendering): void {
  const { tools, toolChoice, parallelToolCalls } = request;
  if (tools.length === 0) return;
  body.tools = tools.map((tool) => renderTool(tool, rendering));
  if (toolChoice === undefined && parallelToolCalls === undefined) return;
  const choice: Record<string, unknown> = { type: toolChoice?.type ?? "auto" };
  if (toolChoice?.type === "required") choice.type = "any";
  if (toolChoice?.type === "tool") choice.name = toolChoice.name;
  if (parallelToolCalls !== undefined && choice.type !== "none") {
    choice.disable_parallel_tool_use = !parallelToolCalls;
  }
  body.tool_choice = choice;
}

function renderTool(tool: Tool, rendering: Rendering): Block {
  const { parameters } = tool;
  const block: Block = { name: tool.name };
  if (tool.description !== undefined) block.description = tool.description;
  block.input_schema = parameters.type === undefined ? { type: "object", ...parameters } : parameters;
  if (tool.strict === true) {
    const schema = rendering.enforces ? enforceable(parameters) : null;
    if (schema === null) {
      lose(rendering.losses, "strict", rendering.enforces ? CLOSED_ONLY : NOT_ENFORCED);
    } else {
      block.input_schema = schema;
      block.strict = true;
    }
  }
  if (tool.cache !== undefined) markCached(block, tool.cache.ttl, rendering);
  return block;
}

/**
 * A schema is enforced by the API where it can be; otherwise, and for JSON of any shape, the model is asked for
 * it in the system prompt: the wire has no other way, and the gateway checks the answer in any case.
 */
export function renderFormat(body: Body, format: ResponseFormat, target: LowerTarget): void {
  if (format.type === "text") return;
  const isEnforced = format.type === "json_schema" && takesFormat(target);
  const schema = isEnforced ? enforceable(format.schema) : null;
  if (schema === null) {
    addToSystem(body, inWords(format));
  } else {
    const config = isRecord(body.output_config) ? body.output_config : null;
    body.output_config = { ...config, format: { type: "json_schema", schema } };
  }
}

/** Whether the target takes an `output_config` with a schema. */
export function takesFormat(target: LowerTarget): boolean {
  return enforcesSchemas(target) && !target.unsupported.has("output_config");
}

/** A caller's own tools for a model that refuses `strict` of them. */
export function loosenTools(body: Body, { tools }: ModelRequest, losses: Losses): void {
  if (!Array.isArray(body.tools) || !tools.some((tool) => tool.strict === true)) return;
  lose(losses, "strict", NOT_ENFORCED);
  body.tools = body.tools.map((tool: JsonObject) => {
    const { strict: _strict, ...rest } = tool;
    return rest;
  });
}

/** Takes the caller's format away, and with it an `output_config` that would be empty. */
export function removeFormat(body: Body): void {
  delete body.output_format;
  if (!isRecord(body.output_config)) return;
  const { format: _format, ...rest } = body.output_config;
  if (Object.keys(rest).length > 0) body.output_config = rest;
  else delete body.output_config;
}

function addToSystem(body: Body, text: string): void {
  const { system } = body;
  const block: JsonObject = { type: "text", text };
  if (typeof system === "string" && system !== "") body.system = [{ type: "text", text: system }, block];
  else if (Array.isArray(system) && system.length > 0) body.system = [...system, block];
  else body.system = text;
}
