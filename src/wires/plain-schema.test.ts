import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { messagesRequestSchema } from "./anthropic-messages/request-schema.ts";
import { converseSchema } from "./bedrock-converse/request-schema.ts";
import { geminiRequestSchema } from "./gemini/request-schema.ts";
import { nativeRequestSchema } from "./native/request-schema.ts";
import { chatRequestSchema } from "./openai-chat/request-schema.ts";
import {
  callOutputSchema,
  callSchema,
  messageSchema,
  reasoningSchema,
  responsesRequestSchema,
} from "./openai-responses/request-schema.ts";
import { plainly } from "./plain-schema.ts";

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  "openai-chat": chatRequestSchema,
  "openai-responses": responsesRequestSchema,
  "a message of openai-responses": messageSchema,
  "a call of openai-responses": callSchema,
  "a call's output of openai-responses": callOutputSchema,
  "reasoning of openai-responses": reasoningSchema,
  "anthropic-messages": messagesRequestSchema,
  "bedrock-converse": converseSchema,
  gemini: geminiRequestSchema,
  native: nativeRequestSchema,
};

/** One at a time, in an object beside a plain field. */
const FORMS: Readonly<Record<string, z.ZodType>> = {
  text: z.string().min(2).max(3),
  whole: z.int().min(-1).max(2),
  number: z.number().min(0).max(1).nullish(),
  above: z.number().gt(0).optional(),
  flag: z.boolean(),
  coerced: z.coerce.number().optional(),
  trimmed: z.string().trim().optional(),
  address: z.url().optional(),
  standing: z.string().default("there"),
  several: z.array(z.object({ a: z.literal(1) })).max(2),
  literals: z.literal(["a", 2]),
  anything: z.unknown(),
  maybe: z.unknown().optional(),
  nothing: z.null().optional(),
  either: z.union([z.string(), z.object({ a: z.string() }), z.object({ b: z.string() })]),
  strict: z.strictObject({ a: z.string().optional() }).nullish(),
  loose: z.looseObject({ a: z.string().trim().optional() }).optional(),
  mapped: z.record(z.string(), z.string().trim()).optional(),
  keyed: z.record(z.enum(["a", "b"]), z.string()).optional(),
  refined: z
    .string()
    .refine((text) => text !== "no")
    .optional(),
  "refined, or nothing": z
    .string()
    .nullish()
    .refine((text) => text !== "no" && text !== null),
  "a choice, refined": z.enum(["aa", "no"]).refine((text) => text !== "no"),
  "a number's name": z.enum({ one: 1, two: "aa" }),
  "anything, refined": z.unknown().refine((value) => value !== null),
  "an object, refined": z.object({ a: z.string() }).refine(({ a }) => a !== "no"),
  "a record, refined": z.record(z.string(), z.string()).refine((all) => all.a !== "no"),
  "a union, refined": z.union([z.string(), z.number()]).refine((value) => value !== "no" && value !== 1),
};

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, "", "a", 0, -1, 1.5, 2, 1e300),
  fc.constantFrom([], {}, [1], { a: 1 }, { b: "x" }, { type: "text" }, "aa", { a: " x " }),
);

/** What `schema` may be given: mostly of its form, with something else, or something more, here and there. */
function likely(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 50, arbitrary: fitting(schema) }, { weight: 1, arbitrary: junk });
}

function fitting(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return fc.constantFrom(
        ...accepted(schema, ["aa", "a", "text", " text ", "https://example.com/a", "no"]),
      );
    case "number":
      return fc.constantFrom(...accepted(schema, [0, 1, 2, 0.5, -1, 9, 2000]));
    case "boolean":
      return fc.boolean();
    case "literal":
      return fc.constantFrom(...def.values);
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "nullable":
    case "optional":
      return fc.oneof(likely(def.innerType), fc.constant(null));
    case "array":
      return fc.array(likely(def.element), { minLength: 1, maxLength: 2 });
    case "union":
      return fc.oneof(...def.options.map(likely));
    case "record":
      return fc.dictionary(fc.constantFrom("a", "b"), likely(def.valueType));
    case "object": {
      const all = Object.entries(def.shape);
      const needed = all.filter(([, field]) => field._zod.optin === undefined).map(([key]) => key);
      const fields = Object.fromEntries(all.map(([key, field]) => [key, likely(field)]));
      const known = fc.record(fields, { requiredKeys: needed });
      const more = fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, fc.constant({ beyond: 1 }));
      return fc.tuple(known, more).map(([some, other]) => ({ ...some, ...other }));
    }
    default:
      return junk;
  }
}

function accepted(schema: z.core.$ZodType, values: readonly unknown[]): readonly unknown[] {
  const good = values.filter((value) => (schema as z.ZodType).safeParse(value).success);
  return good.length > 0 ? good : values;
}

const all = Object.entries(SCHEMAS).concat(
  Object.entries(FORMS).map(([key, form]) => [
    `a form: ${key}`,
    z.object({ plain: z.string(), [key]: form }),
  ]),
);

describe.each(all)("%s", (_name, schema) => {
  const check = plainly(schema);

  test("what fits, and what does not, is what the library says it is", () => {
    let fits = 0;
    fc.assert(
      fc.property(likely(schema), (body) => {
        const before = JSON.stringify(body);
        const ours = check(body);
        const theirs = schema.safeParse(body);
        expect(ours.success).toBe(theirs.success);
        expect(ours.data as unknown).toEqual(theirs.data as unknown);
        expect(ours.error?.issues).toEqual(theirs.error?.issues as never);
        expect(JSON.stringify(body)).toBe(before);
        if (ours.success) fits++;
      }),
      { numRuns: 600, seed: 7 },
    );
    expect(fits).toBeGreaterThan(60);
  });
});

test.each([
  [
    "openai-chat",
    {
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
      temperature: 0.2,
      metadata: { a: "b" },
    },
  ],
  ["anthropic-messages", { model: "m", max_tokens: 9, messages: [{ role: "user", content: "hi" }] }],
  ["bedrock-converse", { messages: [{ role: "user", content: [{ text: "hi" }] }] }],
  ["gemini", { contents: [{ role: "user", parts: [{ text: "hi" }] }] }],
  ["openai-responses", { model: "m", input: "hi" }],
] as const)("%s: an ordinary body is its own result", (name, body) => {
  const schema = SCHEMAS[name] as z.ZodType;
  const result = plainly(schema)(body);
  expect(result.data).toBe(body);
});
