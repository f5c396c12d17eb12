/** What an answer used and cost. Owns reading usage from events and the estimate where none was reported. */
import type { Deployment } from "../core/deployment.ts";
import { NO_USAGE, type StreamEvent, type Usage } from "../core/events.ts";
import { costOf, type NanoDollars } from "../core/money.ts";
import { textTokens } from "../policy/estimates/estimate-tokens.ts";

/** Follows a stream without keeping it: the last usage that was reported, and how much text went by since. */
export interface UsageMeter {
  see(event: StreamEvent): void;
  /**
   * The provider's figures. Where it gave none, or said more after the last of them (some state a running total at the
   * beginning, which is all that a stream that breaks off has), with an estimate of the rest and without `raw`. An
   * answer for which it counted nothing at all was not counted, unless a filter wrote it: then no model did.
   */
  usage(estimatedInputTokens: number): Usage;
}

export function createUsageMeter(): UsageMeter {
  let reported: Usage | null = null;
  let tokensSince = 0;
  let tokensSaid = 0;
  let filtered = false;
  const say = (text: string): void => {
    const tokens = textTokens(text);
    tokensSince += tokens;
    tokensSaid += tokens;
  };
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
        case "choice_end":
          filtered = event.reason.unified === "content_filter";
          return;
        case "finish":
          if (event.usage !== null) report(event.usage);
          return;
        case "text":
        case "reasoning":
        case "refusal":
        case "tool_arguments":
          say(event.text);
      }
    },
    usage(estimatedInputTokens) {
      const uncounted = reported !== null && !countsOutput(reported) && !filtered ? tokensSaid : tokensSince;
      if (reported !== null && uncounted === 0) return reported;
      const estimated = { ...NO_USAGE, inputTokens: estimatedInputTokens };
      const { raw: _ofLess, ...known } = reported !== null && countsAnything(reported) ? reported : estimated;
      return { ...known, outputTokens: known.outputTokens + Math.ceil(uncounted) };
    },
  };
}

/** Whether `usage` has a count for what the model wrote. */
export function countsOutput({ outputTokens, reasoningTokens }: Usage): boolean {
  return outputTokens + reasoningTokens > 0;
}

function countsAnything(usage: Usage): boolean {
  return countsOutput(usage) || usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens > 0;
}

/** Null where the model has no price: unknown is not zero. */
export function priceUsage(deployment: Deployment, usage: Usage): NanoDollars | null {
  return deployment.model.prices ? costOf(usage, deployment.model.prices) : null;
}
