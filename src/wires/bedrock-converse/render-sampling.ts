/** Sampling controls in this wire's terms. Owns `inferenceConfig`, its ranges, and what has no place in it. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import { modelBehind, traitsOf } from "../model-version.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { claudeThinking } from "./claude-thinking.ts";
import { familyOf, isClaudeFor } from "./families.ts";
import { reconcileNova } from "./nova-effort.ts";

type Body = Record<string, unknown>;

const FIELDS = ["maxTokens", "temperature", "topP", "stopSequences"];
/** While Claude thinks, `topP` must not be lower. */
const MIN_TOP_P = 0.95;

/** Sets `inferenceConfig`; `additionalModelRequestFields` are to be there already, as thinking outranks sampling. */
export function renderSampling(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  const config: Body = { ...(isRecord(body.inferenceConfig) && body.inferenceConfig) };
  for (const field of FIELDS) delete config[field];
  const { maxTokens, temperature, topP, stop } = request.sampling;
  if (maxTokens !== undefined) config.maxTokens = maxTokens;
  if (temperature !== undefined) config.temperature = Math.min(temperature, 1);
  if (topP !== undefined) config.topP = topP;
  if (temperature !== undefined && temperature > 1) {
    const why = "above 1 is beyond the scale of the chosen model, and was sent as 1.";
    lose(losses, nameOf("temperature", request.origin.wire), why);
  }
  const usable = stop?.filter((sequence) => sequence.trim() !== "") ?? [];
  if (usable.length < (stop?.length ?? 0)) {
    lose(losses, nameOf("stop", request.origin.wire), "of white space alone cannot stop the chosen model.");
  }
  if (usable.length > 0) config.stopSequences = usable;
  if (isClaudeFor(request.origin.body.additionalModelRequestFields, target)) {
    reconcile(config, body, request, target, losses);
  } else if (familyOf(target) === "nova") reconcileNova(config, body, request, losses);
  setConfig(body, config);
}

/**
 * For a body of this wire's own whose sampling nobody rewrote: what the caller wrote for another model goes with neither
 * a Claude that takes no such controls, or one of them, nor thinking that the gateway worded for Claude or Nova. Its own thinking is its
 * own to keep consistent.
 */
export function refitSampling(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  if (familyOf(target) === "nova") refitNova(body, request, losses);
  if (!isClaudeFor(request.origin.body.additionalModelRequestFields, target)) return;
  const worded = thinkingOf(body) !== thinkingOf(request.origin.body);
  const traits = traitsOf(modelBehind(target));
  const fits = !worded && traits?.sampling !== false;
  if (fits && traits?.bothSamplers !== false) return;
  const config: Body = { ...(isRecord(body.inferenceConfig) && body.inferenceConfig) };
  if (fits) keepOne(config, request, losses);
  else reconcile(config, body, request, target, losses);
  setConfig(body, config);
}

function refitNova(body: Body, request: ModelRequest, losses: Losses): void {
  if (effortOf(body) === effortOf(request.origin.body)) return;
  const config: Body = { ...(isRecord(body.inferenceConfig) && body.inferenceConfig) };
  reconcileNova(config, body, request, losses);
  setConfig(body, config);
}

function effortOf({ additionalModelRequestFields: fields }: JsonObject): unknown {
  return isRecord(fields) ? fields.reasoningConfig : undefined;
}

function setConfig(body: Body, config: Body): void {
  if (Object.keys(config).length > 0) body.inferenceConfig = config;
  else delete body.inferenceConfig;
}

function thinkingOf(body: JsonObject): unknown {
  return claudeThinking(body.additionalModelRequestFields);
}

/** Claude takes no sampling controls while it thinks, one from 4.1 on, and from 4.7 on none at all. */
function reconcile(
  config: Body,
  body: Body,
  request: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): void {
  const { wire } = request.origin;
  const fields = isRecord(body.additionalModelRequestFields) ? body.additionalModelRequestFields : {};
  const thinking = thinkingOf(body);
  const thinks = isRecord(thinking) && thinking.type !== "disabled";
  const traits = traitsOf(modelBehind(target));
  const sampled = traits?.sampling !== false;
  if (sampled && !thinks) {
    if (traits?.bothSamplers === false) keepOne(config, request, losses);
    return;
  }
  const why = sampled ? "was not sent: the chosen model takes no such control while it thinks." : undefined;
  if (config.temperature !== undefined && config.temperature !== 1) {
    lose(losses, nameOf("temperature", wire), why);
  }
  delete config.temperature;
  if (fields.top_k !== undefined) {
    const { top_k: _topK, ...rest } = fields;
    if (Object.keys(rest).length > 0) body.additionalModelRequestFields = rest;
    else delete body.additionalModelRequestFields;
    lose(losses, nameOf("topK", wire), why);
  }
  const { topP } = config;
  if (typeof topP !== "number" || (sampled && topP >= MIN_TOP_P)) return;
  delete config.topP;
  if (topP !== 1) lose(losses, nameOf("topP", wire), why);
}

/** A temperature, unless it is the default and `topP` is not: 1 is the default of either. */
function keepOne(config: Body, { origin }: ModelRequest, losses: Losses): void {
  const { temperature, topP } = config;
  if (typeof temperature !== "number" || typeof topP !== "number") return;
  if (temperature === 1 && topP !== 1) {
    delete config.temperature;
    return;
  }
  delete config.topP;
  const why = "was not sent: the chosen model takes it or a temperature, not both.";
  if (topP !== 1) lose(losses, nameOf("topP", origin.wire), why);
}

/** Controls of other wires for which this one has no field at all. */
export function loseForeign({ sampling, origin }: ModelRequest, losses: Losses): void {
  const why = "does not exist on Amazon Bedrock and was not sent.";
  if (sampling.seed !== undefined) lose(losses, nameOf("seed", origin.wire), why);
  if ((sampling.choices ?? 1) > 1) lose(losses, nameOf("choices", origin.wire), why);
  if (sampling.frequencyPenalty) lose(losses, nameOf("frequencyPenalty", origin.wire), why);
  if (sampling.presencePenalty) lose(losses, nameOf("presencePenalty", origin.wire), why);
  if (sampling.logprobs !== undefined) lose(losses, nameOf("logprobs", origin.wire), why);
}
