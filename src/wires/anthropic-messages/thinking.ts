/** How much a model shall think, in this wire's two ways. Owns what goes with thinking and what does not. */
import { isRecord } from "../../core/json.ts";
import type { Effort, ModelRequest } from "../../core/request.ts";
import { begunBy, CANNOT_THINK } from "../begun-answer.ts";
import { budgetOf, effortOf } from "../effort.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import { isClaude, type ModelTraits, traitsOf } from "../model-version.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";

type Body = Record<string, unknown>;

/** The least budget that the API takes. */
const MIN_BUDGET = 1024;
/** With thinking, `top_p` must not be lower. */
const MIN_TOP_P = 0.95;
const WORDS: Readonly<Record<Effort, string>> = {
  none: "low",
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
};
const EFFORTS: ReadonlyMap<string, Effort> = new Map([
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "xhigh"],
  ["max", "xhigh"],
]);

/** Says on `body` what the contract asks for: a budget as a budget, an effort as an effort. */
export function renderThinking(body: Body, request: ModelRequest, target: LowerTarget, losses: Losses): void {
  const { reasoning } = request;
  if (reasoning === undefined) return;
  const control = nameOf("reasoning", request.origin.wire);
  const { effort, budgetTokens } = reasoning;
  const off = effort === "none" || (effort === undefined && budgetTokens === 0);
  // A model that does not think already does what none asks for.
  if (!target.capabilities.has("reasoning")) {
    if (!off) lose(losses, control);
    return;
  }
  if (off) {
    body.thinking = { type: "disabled" };
    return;
  }
  if (effort !== undefined) setEffort(body, WORDS[effort]);
  if (budgetTokens === undefined || budgetTokens === 0) body.thinking = { type: "adaptive" };
  else body.thinking = { type: "enabled", budget_tokens: Math.max(MIN_BUDGET, budgetTokens) };
}

/** The same for a caller of this wire: what else it says of thinking, such as whether that is told, stays. */
export function rewriteThinking(
  body: Body,
  request: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): void {
  const { thinking } = body;
  removeThinking(body);
  renderThinking(body, request, target, losses);
  if (isRecord(thinking) && isRecord(body.thinking) && body.thinking.type !== "disabled") {
    body.thinking = reworded(thinking, body.thinking);
  }
}

function reworded(former: JsonObject, thinking: JsonObject): JsonObject {
  const { type: _type, budget_tokens: _budget, ...rest } = former;
  return { ...rest, ...thinking };
}

/**
 * Rewords thinking for the model at hand, as each generation takes another way and refuses the other one: a
 * caller that names a use case cannot know which model it will be. Leaves alone what a name does not tell.
 */
export function fitThinking(body: Body, modelId: string, losses: Losses): ModelTraits | null {
  const traits = traitsOf(modelId);
  if (traits === null) return traits;
  const { thinking } = body;
  const effort = isRecord(body.output_config) ? body.output_config.effort : undefined;
  if (isRecord(thinking)) {
    if (thinking.type === "adaptive" && !traits.adaptiveThinking) {
      const budget = budgetOf((typeof effort === "string" ? EFFORTS.get(effort) : undefined) ?? "high");
      const budget_tokens = Math.min(budget, roomFor(body.max_tokens));
      body.thinking = reworded(thinking, { type: "enabled", budget_tokens });
    } else if (thinking.type === "enabled" && !traits.thinkingBudgets) {
      const budget = typeof thinking.budget_tokens === "number" ? thinking.budget_tokens : MIN_BUDGET;
      body.thinking = reworded(thinking, { type: "adaptive" });
      if (typeof effort !== "string") setEffort(body, WORDS[effortOf(budget)]);
    }
  }
  if (typeof effort === "string" && !traits.effort) {
    setEffort(body, undefined);
    // Where it thinks, the budget says as much.
    if (!isRecord(thinking)) lose(losses, "output_config.effort");
  } else if (effort === "xhigh" && !traits.xhigh) {
    setEffort(body, "high");
    lose(losses, "output_config.effort", "has no xhigh on the model that was chosen, and was sent as high.");
  }
  return traits;
}

/**
 * What cannot go with thinking on any model of this wire: it gives way to tool calls that need its absence, to an answer
 * that was begun and to a limit without room for it, and the sampling controls of other dialects give way to it.
 */
export function reconcile(body: Body, request: ModelRequest, modelId: string, losses: Losses): void {
  const { thinking } = body;
  const { wire, body: sent, rewritten } = request.origin;
  if (!isRecord(thinking) || (thinking.type !== "adaptive" && thinking.type !== "enabled")) return;
  const begun = isClaude(modelId) ? begunBy(request, WIRE_ID) : null;
  if (begun !== null) {
    delete body.thinking;
    if (begun === "caller") lose(losses, nameOf("reasoning", wire), CANNOT_THINK);
    return;
  }
  // What the caller itself wrote is its own to keep consistent.
  const ours = wire !== WIRE_ID || rewritten.has("reasoning");
  const resampled = rewritten.has("sampling");
  const claude = isClaude(modelId);
  const why = obstacle(body, thinking, claude, ours, resampled || thinking !== sent.thinking);
  if (why !== null) {
    delete body.thinking;
    lose(losses, nameOf("reasoning", wire), `was not sent: ${why}`);
  } else if (ours || (resampled && claude)) dropSampling(body, request, losses);
}

/** `ours`: thinking was asked for in other words, or by others, than those of this wire's caller. */
function obstacle(
  body: Body,
  thinking: JsonObject,
  claude: boolean,
  ours: boolean,
  refitted: boolean,
): string | null {
  const choice = isRecord(body.tool_choice) ? body.tool_choice.type : undefined;
  if (ours && (choice === "any" || choice === "tool")) {
    return "the chosen model cannot think when it is made to call a tool.";
  }
  if (thinking.type !== "enabled") return null;
  // As after a turn that a model without thinking, or one of another provider, had answered.
  if (claude && lacksThinking(body.messages)) {
    return "the chosen model wants its own thinking back before the last tool call.";
  }
  if (!refitted || typeof body.max_tokens !== "number") return null;
  const fits = fitBudget(body, thinking, body.max_tokens);
  return fits ? null : "the chosen model needs more than 1,024 tokens of output to think.";
}

function dropSampling(body: Body, request: ModelRequest, losses: Losses): void {
  const { wire } = request.origin;
  const why = "was not sent: the chosen model takes no such control while it thinks.";
  if (body.temperature !== undefined && body.temperature !== 1) {
    lose(losses, nameOf("temperature", wire), why);
  }
  if (body.top_k !== undefined) lose(losses, nameOf("topK", wire), why);
  delete body.temperature;
  delete body.top_k;
  if (typeof body.top_p === "number" && body.top_p < MIN_TOP_P) {
    delete body.top_p;
    lose(losses, nameOf("topP", wire), why);
  }
}

/** A budget counts against `max_tokens`: one that leaves no room is cut. False: there is none to have. */
function fitBudget(body: Body, thinking: JsonObject, limit: number): boolean {
  if (Number(thinking.budget_tokens) < limit) return true;
  body.thinking = { ...thinking, budget_tokens: roomFor(limit) };
  return limit > MIN_BUDGET;
}

/** A quarter of the output is left for the answer. */
function roomFor(limit: unknown): number {
  return typeof limit === "number"
    ? Math.max(MIN_BUDGET, Math.floor((limit * 3) / 4))
    : Number.MAX_SAFE_INTEGER;
}

/** Whether the last turn of the model calls tools and does not begin with thinking. */
function lacksThinking(messages: unknown): boolean {
  const turns: readonly JsonObject[] = Array.isArray(messages) ? messages : [];
  const last = turns.findLast((turn) => turn.role === "assistant");
  if (last === undefined || !Array.isArray(last.content)) return false;
  const types = last.content.map((block: JsonObject) => block.type);
  return types.includes("tool_use") && types[0] !== "thinking" && types[0] !== "redacted_thinking";
}

/** For a model that does not think. */
export function removeThinking(body: Body): void {
  delete body.thinking;
  if (isRecord(body.output_config)) setEffort(body, undefined);
}

/** Undefined takes the effort away, and with it an `output_config` that would be empty. */
function setEffort(body: Body, effort: string | undefined): void {
  const { effort: _effort, ...rest } = isRecord(body.output_config) ? body.output_config : {};
  if (effort !== undefined) body.output_config = { ...rest, effort };
  else if (Object.keys(rest).length > 0) body.output_config = rest;
  else delete body.output_config;
}
