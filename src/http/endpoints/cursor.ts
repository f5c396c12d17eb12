/** A cursor of a list: the id of a record, as the page before gave it. Owns its check. */
import { z } from "@hono/zod-openapi";
import { isId } from "../../core/ids.ts";

/** Well formed is enough: the record may be gone meanwhile. `beginning` is what stands before every id. */
export function idCursor(prefix: string, description: string, beginning: string | null = null) {
  return z
    .string()
    .max(64)
    .refine(
      (text) => text === beginning || isId(prefix, text),
      `must be the cursor of a page, such as ${prefix}_1m80yt3scrrjq2v9t0a`,
    )
    .optional()
    .openapi({ description });
}
