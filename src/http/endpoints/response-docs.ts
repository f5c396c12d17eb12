/** How responses are described in the OpenAPI document. */
import { z } from "@hono/zod-openapi";

export function jsonOf(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

/** The body of every refusal. */
export const refusal = jsonOf(
  "Refused: what is wrong and how to fix it.",
  z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      code: z.string(),
      param: z.string().nullable(),
    }),
    request_id: z.string(),
  }),
);
