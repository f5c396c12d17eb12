/** Controls that cannot be honoured, by the model or by the API. Owns what is taken out and what is said of it. */

import { isRecord } from "../../core/json.ts";
import type { ContentPart, ModelRequest } from "../../core/request.ts";
import { nameOf } from "../losses.ts";
import { modelBehind } from "../model-version.ts";
import type { LowerTarget, Warning } from "../wire.ts";
import { ownSignature } from "./signature.ts";
import { fitThinking } from "./thinking.ts";

type Fields = Record<string, unknown>;

/** Takes out of `body` and its generation config what the target refuses; a warning for each control lost. */
export function removeUnsupported(
  body: Fields,
  config: Fields,
  request: ModelRequest,
  target: LowerTarget,
): readonly Warning[] {
  const { capabilities, unsupported } = target;
  const { sampling, reasoning } = request;
  const caller = request.origin.wire;
  const warnings: Warning[] = [];
  const lose = (control: string, why = "is not supported by the model that was chosen and was not sent") => {
    warnings.push({ control, message: `\`${control}\` ${why}.` });
  };
  if (sampling.logprobs !== undefined && !capabilities.has("logprobs")) {
    delete config.responseLogprobs;
    delete config.logprobs;
    lose(nameOf("logprobs", caller));
  }
  if (sampling.seed !== undefined && !capabilities.has("seed")) {
    delete config.seed;
    lose(nameOf("seed", caller));
  }
  if (reasoning !== undefined && !capabilities.has("reasoning")) {
    delete config.thinkingConfig;
    // A model that does not think already does what `none` asks for.
    if (reasoning.effort !== "none" && reasoning.budgetTokens !== 0) lose(nameOf("reasoning", caller));
  } else if (reasoning !== undefined && isRecord(config.thinkingConfig)) {
    const limit = request.origin.rewritten.has("sampling") ? (sampling.maxTokens ?? null) : null;
    const fitted = fitThinking(config.thinkingConfig, reasoning, modelBehind(target), limit);
    config.thinkingConfig = fitted.config;
    if (fitted.why !== null) lose(nameOf("reasoning", caller), fitted.why);
  }
  for (const control of beyondWire(request)) lose(control, "has no counterpart in the Gemini API");
  for (const field of unsupported) {
    const holder = body[field] === undefined ? config : body;
    if (holder[field] === undefined) continue;
    delete holder[field];
    lose(field);
  }
  return warnings;
}

/** Controls of the contract that the API has no field for. */
function beyondWire({ messages, tools, parallelToolCalls, origin }: ModelRequest): readonly string[] {
  const beyond: string[] = [];
  const say = (said: (part: ContentPart) => boolean) => messages.some(({ content }) => content.some(said));
  const isSequential = parallelToolCalls === false && tools.length > 0;
  const isMarked = say(hasCacheMark) || tools.some((tool) => tool.cache !== undefined);
  if (isSequential) beyond.push(nameOf("parallelToolCalls", origin.wire));
  if (tools.some((tool) => tool.strict === true)) beyond.push("strict");
  if (say(hasDetail)) beyond.push("detail");
  if (say(isSignedAbroad)) beyond.push("signature");
  if (isMarked) beyond.push(nameOf("cache", origin.wire));
  return beyond;
}

function hasDetail(part: ContentPart): boolean {
  return part.type === "image" && part.detail !== undefined && part.detail !== "auto";
}

/** Reasoning that another provider signed or encrypted: the API would refuse its signature. */
function isSignedAbroad(part: ContentPart): boolean {
  if (part.type !== "reasoning") return false;
  return (
    part.redacted !== undefined || (part.signature !== undefined && ownSignature(part.signature) === null)
  );
}

function hasCacheMark(part: ContentPart): boolean {
  return "cache" in part && part.cache !== undefined;
}
