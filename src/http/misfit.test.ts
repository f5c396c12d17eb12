import { expect, test } from "bun:test";
import { z } from "@hono/zod-openapi";
import { misfit } from "./misfit.ts";

const schema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  state: z.enum(["queued", "running"]).optional(),
  body: z.record(z.string(), z.unknown()),
  answer: z.string().min(1).max(9).optional(),
  weight: z.number().min(0).optional(),
  ids: z.array(z.string().min(1)).min(1).max(3).optional(),
  full: z.boolean().optional(),
  for: z
    .string()
    .refine(() => false, "must be a duration")
    .optional(),
  which: z
    .union([z.strictObject({ ids: z.array(z.string()).min(1) }), z.strictObject({ all: z.literal(true) })])
    .optional(),
  side: z.union([z.string().max(2), z.strictObject({ text: z.string() })]).optional(),
});

test.each<[unknown, string]>([
  [{ limit: "x" }, "limit must be a whole number from 1 to 500."],
  [{ limit: "0" }, "limit must be a whole number from 1 to 500."],
  [{ state: "done" }, "state must be one of: queued, running."],
  [{ body: undefined }, "body is missing. Send an object."],
  [{ body: [] }, "body must be an object."],
  [{ answer: "" }, "answer must be text of 1 to 9 characters."],
  [{ weight: -1 }, "weight must be a number of at least 0."],
  [{ ids: [] }, "ids must be a list of 1 to 3 entries."],
  [{ ids: ["a", ""] }, "ids.1 must be text, and not empty."],
  [{ full: "yes" }, "full must be true or false."],
  [{ for: "1" }, "for must be a duration."],
  [{ side: 1 }, "side must be text of at most 2 characters, or an object with text."],
  [{ which: {} }, "which must be an object with ids, or an object with all."],
  [{ which: { all: false } }, "which must be an object with ids, or an object with all."],
  [{ which: { ids: [] } }, "which.ids must be a list, and not empty."],
  [{ more: 1 }, 'There is no field "more" here. Leave it out.'],
])("%j is refused in words", (change, said) => {
  const given = { body: {}, ...(change as object) };
  const parsed = schema.safeParse(given);
  if (parsed.success) throw new Error("it fits");
  expect(misfit(schema, given, parsed.error).message).toBe(said);
});

test("what is no object at all is told so", () => {
  const parsed = schema.safeParse(7);
  if (parsed.success) throw new Error("it fits");
  expect(misfit(schema, 7, parsed.error)).toMatchObject({
    message: "The input must be an object.",
    param: "",
  });
});
