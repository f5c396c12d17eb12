/** The document's tests: requests, and what must become of them. Owns their written form. */
import { z } from "zod";
import { ROLES } from "../../core/caller.ts";
import { LATENCY_TIERS, SAFETY_LEVELS, TASK_TYPES } from "../../core/contract.ts";
import type { Constraint, OverflowLabel } from "../../core/plan.ts";
import { RESPONSE_FORMATS } from "../conditions/rule-facts.ts";
import { alias, count, id, regionGlob } from "./fields.ts";

const MAX_TEXT = 20_000;
const MAX_TESTS = 2000;

/** Every constraint there is: a new one must be named here to be expected. */
const CONSTRAINTS = {
  residency: "residency",
  capability: "capability",
  context_window: "context_window",
  safety_level: "safety_level",
  approval: "approval",
  tenant: "tenant",
  credential: "credential",
  cost_ceiling: "cost_ceiling",
} as const satisfies { readonly [Name in Constraint]: Name };

/** Whatever may be done about what is too long; as with constraints. */
const OVERFLOWS = {
  truncated: "truncated",
  summarized: "summarized",
  larger_model: "larger_model",
} as const satisfies { readonly [Name in OverflowLabel]: Name };

const message = z.strictObject({
  role: z.enum(["system", "user", "assistant"]).describe("Who says it."),
  text: z.string().max(MAX_TEXT).describe("What is said."),
});

const instant = z
  .string()
  .refine(
    (text) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
      !Number.isNaN(Date.parse(text)),
    "must be a time with its zone, such as 2026-03-01T22:30:00Z",
  );

/** As many as 2^53 nano-dollars. */
const usd = z.number().min(0).max(9_000_000);

const caller = z
  .strictObject({
    tier: id.optional().describe("Tier of the key; absent: what the policy says of it, else `standard`."),
    tenant: id.optional().describe("Tenant of the key; absent: what the policy says of it, else `default`."),
    role: z
      .enum(ROLES)
      .optional()
      .describe("Role of the key; absent: what the policy says of it, else `caller`."),
    key: id
      .optional()
      .describe(
        "Public id of the key; one of the policy may ask for its own use cases. Absent: `test`, of nobody.",
      ),
  })
  .describe("Who asks.");

const request = z
  .strictObject({
    use_case: alias.describe("The use case, or one of its aliases."),
    operation: z.enum(["chat", "embed"]).prefault("chat").describe("An answer, or vectors of `text`."),
    text: z.string().max(MAX_TEXT).optional().describe('What the user says; "Hello." when absent.'),
    messages: z.array(message).min(1).max(100).optional().describe("A conversation, in place of `text`."),
    tools: z.array(id).max(100).prefault([]).describe("Names of the tools it brings."),
    images: z.int().min(0).max(20).prefault(0).describe("How many images its last message has."),
    stream: z.boolean().prefault(false).describe("Whether the answer is streamed."),
    response_format: z.enum(RESPONSE_FORMATS).prefault("text").describe("Form of the answer."),
    max_tokens: count.optional().describe("Output tokens the caller asks for."),
    input_tokens: count.optional().describe("Tokens of the input, in place of the estimate."),
    task_type: z.enum(TASK_TYPES).optional().describe("As the caller's contract states it."),
    latency_tier: z.enum(LATENCY_TIERS).optional().describe("As the caller's contract states it."),
    safety_level: z.enum(SAFETY_LEVELS).optional().describe("As the caller's contract states it."),
    context_window: count.optional().describe("As the caller's contract states it."),
    residency: z.array(regionGlob).min(1).optional().describe("As the caller's contract states it."),
    caller: caller.prefault({}),
    at: instant.prefault("2026-01-07T12:00:00Z").describe("When it arrives; absent: a Wednesday noon, UTC."),
    healthy: z.record(id, z.boolean()).prefault({}).describe("Deployments' health; absent ones are well."),
    first_token_ms: z
      .record(id, z.number().min(0))
      .prefault({})
      .describe("Deployments' milliseconds to the first token; absent ones were not measured."),
    spend_tenant_today: usd.optional().describe("US dollars that the tenant has spent since midnight."),
    spend_tenant_month: usd.optional().describe("And in the month; absent: what it has spent today."),
    spend_key_today: usd.optional().describe("US dollars that the key has spent since midnight."),
    spend_key_month: usd.optional().describe("And in the month; absent: what it has spent today."),
    spend_use_case_today: usd
      .optional()
      .describe("US dollars that the tenant has spent on the use case today."),
    spend_use_case_month: usd.optional().describe("And in the month; absent: what it has spent today."),
  })
  .refine((asked) => asked.text === undefined || asked.messages === undefined, {
    error: "can have text or messages, not both",
    path: ["messages"],
  })
  .describe("The request, as a caller would send it.");

const expectation = z
  .strictObject({
    rule: id.optional().describe("The rule that must match; `default` for the use case's own ladder."),
    ladder: z
      .array(id)
      .optional()
      .describe(
        "Everything that would be tried, in order: deployments, or a model or its alias for all of it in a row.",
      ),
    primary: id
      .optional()
      .describe("The deployment that must be tried first, its model, or an alias of that."),
    refused: z
      .record(id, z.enum(CONSTRAINTS))
      .optional()
      .describe("Deployments that must be refused, each with the constraint that refuses it."),
    overflow: z
      .strictObject({
        how: z
          .enum(OVERFLOWS)
          .describe("As the header x-pointsman-overflow would say; a summary is supposed to succeed."),
        dropped: z
          .int()
          .min(0)
          .optional()
          .describe("How many messages must be left out; absent: any number."),
      })
      .optional()
      .describe("What must be done about a request that is too long where its ladder begins."),
    error: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe("Code of the error that the caller must get at once."),
  })
  .refine((expected) => Object.values(expected).some((value) => value !== undefined), {
    error: "must expect something: rule, ladder, primary, refused, overflow or error",
  })
  .describe("What must become of it.");

const policyTest = z
  .strictObject({
    name: z.string().min(1).max(200).describe("What it promises, in a few words; unique."),
    request,
    expect: expectation,
  })
  .describe("A request, and what routing must make of it.");

export const policyTests = z.array(policyTest).max(MAX_TESTS);

export type PolicyTest = z.output<typeof policyTest>;
