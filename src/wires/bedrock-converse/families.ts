/**
 * The families of models behind this wire, by what they call the controls that Converse itself lacks. Owns
 * recognising a family by the model's id; an ARN that hides the model is of no family.
 */

export type Family = "claude" | "nova" | "gpt-oss" | "openai" | "mistral" | "cohere" | "none";

const PATTERNS: readonly (readonly [Family, RegExp])[] = [
  ["claude", /anthropic|claude/i],
  ["nova", /\bamazon\.nova/i],
  ["gpt-oss", /\bopenai\.gpt-oss/i],
  ["openai", /\bopenai\./i],
  ["mistral", /\bmistral\./i],
  ["cohere", /\bcohere\./i],
];

export function familyOf(modelId: string): Family {
  return PATTERNS.find(([, pattern]) => pattern.test(modelId))?.[0] ?? "none";
}
