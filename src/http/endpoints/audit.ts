/** The audit log: a page of it, whether it is whole, and what the control interface itself writes into it. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Caller } from "../../core/caller.ts";
import type { AuditRow } from "../../store/audit-store.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import type { RouteRow } from "../routes.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const seq = z.coerce.number().int().min(0);

const pageQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(499).default(50).openapi({ description: "entries a page" }),
    before: seq.optional().openapi({ description: "cursor: older than this seq, newest first" }),
    after: seq.optional().openapi({ description: "cursor: newer than this seq, oldest first" }),
  })
  .refine((query) => query.before === undefined || query.after === undefined, {
    message: "give 'before' or 'after', not both",
  });

const entry = z.looseObject({
  seq: z.number(),
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  prevHash: z.string(),
  hash: z.string(),
});

const verification = z.looseObject({
  ok: z.boolean(),
  entries: z.number().openapi({ description: "links that are whole" }),
  brokenAt: z.number().optional(),
  reason: z.string().optional(),
});

export function auditEndpoints({ audit }: Pick<ControlPorts, "audit">): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/admin/audit",
      query: pageQuery,
      responses: {
        200: jsonOf("A page.", z.object({ entries: z.array(entry), cursor: z.number().nullable() })),
        400: refusal,
      },
      async handle({ query: { limit, before, after } }) {
        const rows =
          after === undefined ? await audit.list(limit + 1, before) : await audit.range(after, limit + 1);
        const shown = rows.slice(0, limit);
        const cursor = rows.length > limit ? (shown.at(-1)?.seq ?? null) : null;
        return Response.json({ entries: shown.map(asKept), cursor });
      },
    }),
    define({
      method: "GET",
      path: "/admin/audit/verify",
      responses: { 200: jsonOf("Whether every link holds; else the first that does not.", verification) },
      handle: async () => Response.json(await audit.verify()),
    }),
  ];
}

/** As it is kept, also where somebody has made something else of it: `verify` says so. */
function asKept({ seq, entry }: AuditRow): unknown {
  try {
    return JSON.parse(entry);
  } catch {
    return { seq, unreadable: true };
  }
}

/**
 * Writes an entry for every act of an operator or an admin that does not write one itself, before its answer
 * leaves. Reading is no act.
 */
export function withAudit(
  row: RouteRow,
  audit: ControlPorts["audit"],
  answer: (c: Context, caller: Caller | null) => Promise<Response>,
): (c: Context, caller: Caller | null) => Promise<Response> {
  const isAct = (row.access === "operator" || row.access === "admin") && row.method !== "GET";
  if (!isAct || row.auditsItself) return answer;
  return async (c, caller) => {
    const response = await answer(c, caller);
    const action = `${row.method} ${row.path}`;
    const actor = caller?.keyId ?? "unknown";
    await audit.note({ actor, action, subject: c.req.path, details: { status: response.status } });
    return response;
  };
}
