/** What an answer used and cost. Owns reading usage from events and the estimate where none was reported. */
import type { Deployment } from "../core/deployment.ts";
import { NO_USAGE, type StreamEvent, type Usage } from "../core/events.ts";
import { costOf, type NanoDollars } from "../core/money.ts";
import { textTokens } from "../policy/estimate-tokens.ts";

/** Follows a stream without keeping it: the last usage that was reported, and how much text went by. */
export interface UsageMeter {
  see(event: StreamEvent): void;
  /** The provider's figures, or an estimate (without `raw`) where it gave none. */
  usage(estimatedInputTokens: number): Usage;
}

export function createUsageMeter(): UsageMeter {
  let reported: Usage | null = null;
  let outputTokens = 0;
  return {
    see(event) {
      if (event.type === "usage") reported = event.usage;
      else if (event.type === "finish") reported = event.usage ?? reported;
      else if (event.type === "text" || event.type === "reasoning" || event.type === "refusal") {
        outputTokens += textTokens(event.text);
      } else if (event.type === "tool_arguments") outputTokens += textTokens(event.text);
    },
    usage(estimatedInputTokens) {
      if (reported) return reported;
      return { ...NO_USAGE, inputTokens: estimatedInputTokens, outputTokens: Math.ceil(outputTokens) };
    },
  };
}

/** Null where the model has no price: unknown is not zero. */
export function priceUsage(deployment: Deployment, usage: Usage): NanoDollars | null {
  return deployment.model.prices ? costOf(usage, deployment.model.prices) : null;
}
