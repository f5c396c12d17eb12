/**
 * The families of models behind this wire, by what they call the controls that Converse itself lacks. Owns
 * recognising a family by the model's id; an ARN that hides the model, of which nobody said more, is of no family.
 */
import { isRecord } from "../../core/json.ts";
import { modelBehind } from "../model-version.ts";
import type { LowerTarget } from "../wire.ts";
import { claudeThinking } from "./claude-thinking.ts";

export type Family = "claude" | "nova" | "gpt-oss" | "openai" | "mistral" | "cohere" | "none";

const PATTERNS: readonly (readonly [Family, RegExp])[] = [
  ["claude", /anthropic|claude/i],
  ["nova", /\bamazon\.nova/i],
  ["gpt-oss", /\bopenai\.gpt-oss/i],
  ["openai", /\bopenai\./i],
  ["mistral", /\bmistral\./i],
  ["cohere", /\bcohere\./i],
];

/** ARNs that do not name the model: all but those of foundation models and of Bedrock's own inference profiles. */
const HIDING = /^arn:(?!.*:(?:foundation-model|inference-profile)\/)/;

export function familyOf(target: LowerTarget): Family {
  const modelId = modelBehind(target);
  return PATTERNS.find(([, pattern]) => pattern.test(modelId))?.[0] ?? "none";
}

/** Whether nobody knows the family, rather than that it has no words of its own. */
export function isHidden(target: LowerTarget): boolean {
  return HIDING.test(modelBehind(target)) && familyOf(target) === "none";
}

/** Whether it is Claude, or may be: what is left out for its sake alone must do others no harm. */
export function mayBeClaude(target: LowerTarget): boolean {
  return familyOf(target) === "claude" || isHidden(target);
}

/** Whether a caller of this wire, who sent `fields`, is served by Claude: also where only its own words tell. */
export function isClaudeFor(fields: unknown, target: LowerTarget): boolean {
  const family = familyOf(target);
  if (family !== "none") return family === "claude";
  return isRecord(claudeThinking(fields)) && isHidden(target);
}
