/** The match table of a route: the simple conditions, written as a map. Owns its written form. */
import { z } from "zod";
import { ROLES } from "../../core/caller.ts";
import { LATENCY_TIERS, SAFETY_LEVELS, TASK_TYPES } from "../../core/contract.ts";
import { RESPONSE_FORMATS } from "../conditions/rule-facts.ts";
import { LANGUAGES, UNDETERMINED } from "../estimates/language.ts";

/** Alternatives that one entry may list. */
const MAX_CHOICES = 256;

/** One word or a list of them. Which words exist is checked later, where a near one can be named. */
function words(description: string, choices?: readonly string[]) {
  const text = z.string().min(1).max(128);
  const word = choices === undefined ? text : text.meta({ enum: [...choices] });
  return z
    .union([word, z.array(word).min(1).max(MAX_CHOICES)])
    .optional()
    .describe(`${description} One, or a list of which any will do.`);
}

function flag(description: string) {
  return z.boolean().optional().describe(description);
}

function range(description: string) {
  const one = z.union([z.number(), z.string().min(1).max(100)]);
  return z
    .union([one, z.array(one).min(1).max(MAX_CHOICES)])
    .optional()
    .describe(
      `${description} A number, "< 500", ">= 0.6", "9..17" (both included), ">= 9, < 18", or a list of which any will do.`,
    );
}

export const matchTable = z
  .strictObject({
    tier: words("Tier of the key."),
    tenant: words("Tenant of the key."),
    key: words("Public id of the key."),
    role: words("Role of the key.", ROLES),
    task_type: words("Kind of work, the use case's unless the caller states another.", TASK_TYPES),
    latency_tier: words("How long the caller can wait.", LATENCY_TIERS),
    safety_level: words("Safety level, the higher of the use case's and the caller's.", SAFETY_LEVELS),
    response_format: words("Form of the answer.", RESPONSE_FORMATS),
    stream: flag("Whether the answer is streamed."),
    has_tools: flag("Whether the request brings tools."),
    has_images: flag("Whether the request brings images."),
    messages: range("Number of messages."),
    max_tokens: range("Output tokens the caller asks for; 0 when it does not say."),
    input_tokens: range("Estimated tokens of the input."),
    complexity: range("Estimated difficulty, from 0 to 1."),
    language: words("Guessed language, ISO 639-1 or und.", [...LANGUAGES, UNDETERMINED]),
    hour: range("Hour, UTC, from 0 to 23."),
    minute: range("Minute of the hour, from 0 to 59."),
    weekday: range("Day of the week, UTC; 0 is Sunday."),
    spend_tenant_today: range("US dollars that the key's tenant has spent since midnight, UTC."),
    spend_tenant_month: range("US dollars that the key's tenant has spent in this calendar month, UTC."),
    spend_key_today: range("US dollars that the key has spent since midnight, UTC."),
    spend_key_month: range("US dollars that the key has spent in this calendar month, UTC."),
    spend_use_case_today: range("US dollars that the tenant has spent on the use case since midnight, UTC."),
    spend_use_case_month: range("US dollars that the tenant has spent on the use case in this month, UTC."),
  })
  .refine(
    (table) => Object.values(table).some((value) => value !== undefined),
    "must have at least one entry",
  );

export type MatchTable = z.output<typeof matchTable>;
