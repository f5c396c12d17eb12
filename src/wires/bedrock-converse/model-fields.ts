/**
 * Controls that Converse leaves to each model: `top_k`, thinking and single tool calls, which stand in
 * `additionalModelRequestFields`, and `outputConfig.effort`. Owns their spellings, both ways; what else stands
 * there belongs to the caller.
 */
import { isRecord } from "../../core/json.ts";
import { EFFORTS, type Effort, type ModelRequest, type ReasoningControl } from "../../core/request.ts";
import { effortOf } from "../effort.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import { modelBehind, traitsOf } from "../model-version.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { atLeastLow, claudeThinking, misfitsClaude, renderClaudeThinking } from "./claude-thinking.ts";
import { type Family, familyOf, isClaudeFor, isHidden } from "./families.ts";

type Fields = Record<string, unknown>;

const SPELLINGS_OF_TOP_K = ["top_k", "k", "inferenceConfig"];
const SPELLINGS_OF_REASONING = [
  "thinking",
  "reasoning_config",
  "output_config",
  "reasoningConfig",
  "reasoning_effort",
  "reasoning",
];

const TOOL_CHOICE = "tool_choice";

const BUDGET_AS_EFFORT =
  "has a budget of tokens, and was sent as an effort: which family the chosen model is of is not known. " +
  "The gateway's operators can say so with `base_model`.";

/** The members of `additionalModelRequestFields` that the contract models. */
export const MODELLED_FIELDS: ReadonlySet<string> = new Set([
  ...SPELLINGS_OF_TOP_K,
  ...SPELLINGS_OF_REASONING,
  TOOL_CHOICE,
]);

/** What belongs to a family's own spelling; null: all of it may. */
const OWN: Readonly<Record<Family, readonly string[] | null>> = {
  claude: ["top_k", "thinking", "reasoning_config", "output_config", TOOL_CHOICE],
  nova: ["reasoningConfig", "inferenceConfig"],
  "gpt-oss": ["reasoning_effort"],
  openai: ["reasoning"],
  mistral: ["top_k"],
  cohere: ["k"],
  none: null,
};

export function readTopK(fields: JsonObject): number | undefined {
  return [fields.top_k, fields.k, memberOf(fields.inferenceConfig, "topK")].find(
    (value): value is number => typeof value === "number" && Number.isInteger(value) && value > 0,
  );
}

/** Claude's own word, which Converse passes on. */
export function readParallelCalls(fields: JsonObject): boolean | undefined {
  const disabled = memberOf(fields[TOOL_CHOICE], "disable_parallel_tool_use");
  return typeof disabled === "boolean" ? !disabled : undefined;
}

/** `stated` is the wire's own `outputConfig.effort`. */
export function readReasoning(fields: JsonObject, stated: unknown): ReasoningControl | undefined {
  const thinking = [fields.thinking, fields.reasoning_config, fields.reasoningConfig].find(isRecord);
  const efforts = [
    stated,
    memberOf(fields.output_config, "effort"),
    fields.reasoning_effort,
    memberOf(fields.reasoning, "effort"),
    thinking?.maxReasoningEffort,
  ];
  const effort = efforts.map(toEffort).find((found) => found !== undefined);
  if (thinking?.type === "disabled") return { budgetTokens: 0 };
  // Left to itself, a model that thinks adaptively does so with a high effort.
  if (thinking?.type === "adaptive") return { effort: effort ?? "high" };
  const budget = thinking?.budget_tokens;
  const budgetTokens =
    typeof budget === "number" && Number.isInteger(budget) && budget > 0 ? budget : undefined;
  if (effort === undefined && budgetTokens === undefined) return undefined;
  return { ...(effort && { effort }), ...(budgetTokens !== undefined && { budgetTokens }) };
}

/**
 * Whether `renderModelFields` says for Claude that it shall call one tool at a time. The word goes with a free
 * choice of tools only, which is then stated beside it and nowhere else.
 */
export function singleCalls(
  { parallelToolCalls, toolChoice, tools }: ModelRequest,
  target: LowerTarget,
): boolean {
  const free = toolChoice === undefined || toolChoice.type === "auto";
  return parallelToolCalls === false && free && tools.length > 0 && familyOf(target) === "claude";
}

/**
 * Writes `top_k` and thinking as the model behind `target` spells them: into `fields`, which become
 * `additionalModelRequestFields`, or as an effort of the wire's own, which is returned. `messages`: as they are sent.
 */
export function renderModelFields(
  fields: Fields,
  messages: unknown,
  request: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): Effort | null {
  const family = familyOf(target);
  const effort = renderReasoning(fields, messages, request, target, family, losses);
  renderTopK(fields, request, family, losses);
  renderParallelCalls(fields, request, target, losses);
  return effort;
}

export interface Refitted {
  readonly fields: Fields;
  /** What is said beside them in the wire's own words; null: nothing, undefined: what the caller says there. */
  readonly effort: Effort | null | undefined;
}

/**
 * `fields` of a caller of this wire, for the model that was chosen: spellings of another family are replaced by
 * this one's, as when one model of Bedrock stands in for another, and thinking by what an arm asks for, or by nothing
 * where the model does not think. Null where everything fits. `messages`: as they are sent.
 */
export function refitModelFields(
  fields: JsonObject,
  messages: unknown,
  request: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): Refitted | null {
  const stated = familyOf(target);
  const anew = isAskedAnew(request);
  const family = !anew && isClaudeFor(fields, target) ? "claude" : stated;
  const replaced = anew || (asksToThink(fields, request) && !target.capabilities.has("reasoning"));
  if (family === "none" && !replaced) return null;
  const own = OWN[stated];
  const isMisfit = (name: string) => own !== null && fields[name] !== undefined && !own.includes(name);
  const topKs = SPELLINGS_OF_TOP_K.filter(isMisfit);
  const refitsThinking =
    replaced ||
    SPELLINGS_OF_REASONING.some(isMisfit) ||
    (family === "claude" && misfitsClaude(fields, messages, modelBehind(target), request));
  if (topKs.length === 0 && !refitsThinking && !isMisfit(TOOL_CHOICE)) return null;
  const fitted: Fields = { ...fields };
  if (isMisfit(TOOL_CHOICE)) {
    delete fitted[TOOL_CHOICE];
    renderParallelCalls(fitted, request, target, losses);
  }
  for (const name of topKs) delete fitted[name];
  if (topKs.length > 0) renderTopK(fitted, request, family, losses);
  if (!refitsThinking) return { fields: fitted, effort: undefined };
  for (const name of SPELLINGS_OF_REASONING) delete fitted[name];
  const effort = renderReasoning(fitted, messages, request, target, family, losses);
  keepBeside(fitted, fields, {
    config: !isMisfit("output_config"),
    effort: effort === null && !replaced && takesEffort(family, target),
  });
  return { fields: fitted, effort: effort ?? (replaced ? null : undefined) };
}

/**
 * Keeps what else the caller says in `fields`: of Claude's thinking, such as whether it is told, and in its
 * `output_config`. `kept`: whether the model knows that member, and whether its effort is still the one asked for.
 */
function keepBeside(
  fitted: Fields,
  fields: JsonObject,
  kept: { readonly config: boolean; readonly effort: boolean },
): void {
  const former = claudeThinking(fields);
  if (isRecord(former) && isRecord(fitted.thinking)) {
    const { type: _type, budget_tokens: _budget, ...rest } = former;
    fitted.thinking = { ...rest, ...fitted.thinking };
  }
  if (!kept.config || !isRecord(fields.output_config)) return;
  const { effort, ...rest } = fields.output_config;
  const config = kept.effort && effort !== undefined ? { ...rest, effort } : rest;
  if (Object.keys(config).length > 0) fitted.output_config = config;
}

/** A name that tells no generation refuses nothing. */
function takesEffort(family: Family, target: LowerTarget): boolean {
  return family === "claude" && traitsOf(modelBehind(target))?.effort !== false;
}

/** Whether anything is said of thinking, be it that there shall be none. A request to count has it in `fields` alone. */
function asksToThink(fields: JsonObject, { reasoning }: ModelRequest): boolean {
  return reasoning !== undefined || SPELLINGS_OF_REASONING.some((name) => fields[name] !== undefined);
}

/** Whether an arm says in the caller's place how much to think. A count has no use for it. */
function isAskedAnew({ operation, origin }: ModelRequest): boolean {
  return origin.rewritten.has("reasoning") && operation !== "count_tokens";
}

function renderTopK(fields: Fields, request: ModelRequest, family: Family, losses: Losses): void {
  const { topK } = request.sampling;
  if (topK === undefined) return;
  if (family === "nova") {
    fields.inferenceConfig = { ...(isRecord(fields.inferenceConfig) && fields.inferenceConfig), topK };
  } else if (family === "cohere") fields.k = topK;
  else if (family === "mistral" || family === "claude") fields.top_k = topK;
  else lose(losses, nameOf("topK", request.origin.wire));
}

function renderParallelCalls(
  fields: Fields,
  request: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): void {
  const { parallelToolCalls: wanted, origin } = request;
  // Parallel calls are what every model does that can.
  if (wanted === undefined || wanted === target.capabilities.has("parallel_tools")) return;
  if (request.tools.length === 0) return;
  if (singleCalls(request, target)) fields[TOOL_CHOICE] = { type: "auto", disable_parallel_tool_use: true };
  else lose(losses, nameOf("parallelToolCalls", origin.wire));
}

function renderReasoning(
  fields: Fields,
  messages: unknown,
  request: ModelRequest,
  target: LowerTarget,
  family: Family,
  losses: Losses,
): Effort | null {
  if (request.reasoning === undefined) return null;
  const { effort: stated, budgetTokens } = request.reasoning;
  const effort = stated ?? effortOf(budgetTokens ?? 0);
  if (!target.capabilities.has("reasoning")) {
    // A model that does not think already does what `none` asks for.
    if (effort !== "none") lose(losses, nameOf("reasoning", request.origin.wire));
    return null;
  }
  // It always thinks: the least is what comes closest to none.
  if (family === "gpt-oss") fields.reasoning_effort = atMostHigh(effort);
  else if (family === "openai") fields.reasoning = { effort };
  else if (effort === "none") return null;
  else if (family === "claude")
    return renderClaudeThinking(fields, messages, effort, request, modelBehind(target), losses);
  else if (family === "nova") {
    fields.reasoningConfig = { type: "enabled", maxReasoningEffort: atMostHigh(effort) };
  } else {
    // Claude would not think at all by it, and others may think more or less.
    if (stated === undefined && isHidden(target)) {
      lose(losses, nameOf("reasoning", request.origin.wire), BUDGET_AS_EFFORT);
    }
    return atLeastLow(effort);
  }
  return null;
}

function atMostHigh(effort: Effort): Effort {
  return effort === "xhigh" ? "high" : atLeastLow(effort);
}

function toEffort(value: unknown): Effort | undefined {
  return value === "max" ? "xhigh" : EFFORTS.find((effort) => effort === value);
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
