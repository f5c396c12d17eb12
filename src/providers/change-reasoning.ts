/**
 * How much a model shall think, said anew on a request that has said it already. Owns where each dialect's body
 * says it: a provider of the caller's own wire is sent that body, and not the contract.
 */
import { isRecord } from "../core/json.ts";
import type { ModelRequest, ReasoningControl, WireId } from "../core/request.ts";
import { budgetOf, effortOf } from "../wires/effort.ts";

type Body = Readonly<Record<string, unknown>>;

/** The request with `reasoning` in its contract and in its body. */
export function withReasoning(request: ModelRequest, reasoning: ReasoningControl): ModelRequest {
  const { origin } = request;
  const say = WORDS[origin.wire];
  const body = say ? say(origin.body, reasoning) : origin.body;
  return { ...request, reasoning, origin: { ...origin, body } };
}

const WORDS: Readonly<Partial<Record<WireId, (body: Body, reasoning: ReasoningControl) => Body>>> = {
  "openai-chat": (body, reasoning) => ({ ...body, reasoning_effort: wordOf(reasoning) }),
  "openai-responses": (body, reasoning) => ({
    ...body,
    reasoning: { ...recordOf(body.reasoning), effort: wordOf(reasoning) },
  }),
  native: (body, reasoning) => ({ ...body, reasoning: { effort: wordOf(reasoning) } }),
  "anthropic-messages": inClaudesWords,
  "bedrock-invoke": inClaudesWords,
  "bedrock-converse": (body, reasoning) => {
    const {
      reasoning_config: _,
      reasoningConfig: __,
      reasoning_effort: ___,
      ...fields
    } = recordOf(body.additionalModelRequestFields);
    // The wire rewords it for the model that is chosen.
    return { ...body, additionalModelRequestFields: inClaudesWords(fields, reasoning) };
  },
  gemini: (body, reasoning) => {
    const config = {
      ...recordOf(body.generationConfig),
      thinkingConfig: { thinkingBudget: tokensOf(reasoning) },
    };
    return { ...body, generationConfig: config };
  },
};

/** A budget: the wire turns it into an effort for models that take no budgets. */
function inClaudesWords(body: Body, reasoning: ReasoningControl): Body {
  const { output_config: config, ...rest } = body;
  const { effort: _former, ...format } = recordOf(config);
  const tokens = tokensOf(reasoning);
  const thinking = tokens === 0 ? { type: "disabled" } : { type: "enabled", budget_tokens: tokens };
  return { ...rest, ...(Object.keys(format).length > 0 && { output_config: format }), thinking };
}

function wordOf({ effort, budgetTokens = 0 }: ReasoningControl): string {
  return effort ?? effortOf(budgetTokens);
}

function tokensOf({ effort, budgetTokens = 0 }: ReasoningControl): number {
  return effort === undefined ? budgetTokens : budgetOf(effort);
}

function recordOf(value: unknown): Body {
  return isRecord(value) ? value : {};
}
