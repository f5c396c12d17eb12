/** What an answer used and cost. Owns reading usage from events and the estimate where none was reported. */
import type { Deployment } from "../core/deployment.ts";
import { NO_USAGE, type StreamEvent, type Usage } from "../core/events.ts";
import { costOf, type NanoDollars } from "../core/money.ts";
import { textTokens } from "../policy/estimate-tokens.ts";

/** Follows a stream without keeping it: the last usage that was reported, and how much text went by since. */
export interface UsageMeter {
  see(event: StreamEvent): void;
  /**
   * The provider's figures. Where it gave none, or said more after the last of them (some state a running total at the
   * beginning, which is all that a stream that breaks off has), with an estimate of the rest and without `raw`.
   */
  usage(estimatedInputTokens: number): Usage;
}

export function createUsageMeter(): UsageMeter {
  let reported: Usage | null = null;
  let tokensSince = 0;
  const report = (usage: Usage): void => {
    reported = usage;
    tokensSince = 0;
  };
  return {
    see(event) {
      switch (event.type) {
        case "usage":
          report(event.usage);
          return;
        case "finish":
          if (event.usage !== null) report(event.usage);
          return;
        case "text":
        case "reasoning":
        case "refusal":
        case "tool_arguments":
          tokensSince += textTokens(event.text);
      }
    },
    usage(estimatedInputTokens) {
      if (reported !== null && tokensSince === 0) return reported;
      const { raw: _ofLess, ...known } = reported ?? { ...NO_USAGE, inputTokens: estimatedInputTokens };
      return { ...known, outputTokens: known.outputTokens + Math.ceil(tokensSince) };
    },
  };
}

/** Null where the model has no price: unknown is not zero. */
export function priceUsage(deployment: Deployment, usage: Usage): NanoDollars | null {
  return deployment.model.prices ? costOf(usage, deployment.model.prices) : null;
}
