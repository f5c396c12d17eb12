/** Thinking as an effort and as a budget of tokens. Owns the scale between the two, for wires that have only one. */
import type { Effort } from "../core/request.ts";

/** Tokens of thinking that each effort stands for. 1,024 is the least that Anthropic's API takes. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
};

export function budgetOf(effort: Effort): number {
  return BUDGETS[effort];
}

/** The lowest effort whose budget covers `budgetTokens`. */
export function effortOf(budgetTokens: number): Effort {
  if (budgetTokens <= 0) return "none";
  if (budgetTokens <= BUDGETS.minimal) return "minimal";
  if (budgetTokens <= BUDGETS.low) return "low";
  if (budgetTokens <= BUDGETS.medium) return "medium";
  return budgetTokens <= BUDGETS.high ? "high" : "xhigh";
}
