/** Decision records: a page, or one. */
import { z } from "@hono/zod-openapi";
import { fault } from "../../core/faults.ts";
import { parseInstant } from "../../core/instant.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { idCursor } from "./cursor.ts";
import { jsonOf, refusal } from "./response-docs.ts";

/** Epoch milliseconds, or ISO with its zone. */
const moment = z
  .string()
  .max(40)
  .refine((text) => momentOf(text) !== null, "must be a time such as 2026-03-01T12:00:00Z")
  .optional();

/** Epoch milliseconds; null for what is no moment. How long ago is for people: a program says when. */
export function momentOf(text: string): number | null {
  if (/^\d{12,15}$/.test(text)) return Number(text);
  const moment = parseInstant(text, Number.NaN);
  return Number.isNaN(moment) ? null : moment;
}

const pageQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(500).default(50).openapi({ description: "records a page" }),
    before: idCursor("dec", "cursor: older than this id, newest first"),
    after: idCursor("dec", "cursor: newer than this id, oldest first; `dec_`: from the first on", "dec_"),
    use_case: z.string().max(128).optional(),
    outcome: z.enum(["answered", "degraded", "failed", "cancelled"]).optional(),
    tenant: z.string().max(128).optional(),
    since: moment.openapi({ description: "arrived from then on; the page is then oldest first" }),
    until: moment.openapi({ description: "arrived before then; the page is then oldest first" }),
  })
  .refine((query) => query.before === undefined || (query.since ?? query.until) === undefined, {
    message: "'before' does not go with 'since' and 'until': go on with 'after'",
  })
  .refine((query) => query.before === undefined || query.after === undefined, {
    message: "give 'before' or 'after', not both",
  });

const record = z.looseObject({ id: z.string(), requestId: z.string(), outcome: z.string() });

export function decisionEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/admin/decisions",
      query: pageQuery,
      responses: {
        200: jsonOf("A page.", z.object({ decisions: z.array(record), cursor: z.string().nullable() })),
        400: refusal,
      },
      async handle({ query }) {
        const { limit, before, after, use_case: useCase, outcome, tenant, since, until } = query;
        const page = await ports.decisions.list({
          limit,
          ...(before !== undefined && { before }),
          ...(after !== undefined && { after }),
          ...(useCase !== undefined && { useCase }),
          ...(outcome !== undefined && { outcome }),
          ...(tenant !== undefined && { tenant }),
          ...(since !== undefined && { since: momentOf(since) ?? 0 }),
          ...(until !== undefined && { until: momentOf(until) ?? 0 }),
        });
        return Response.json(page);
      },
    }),
    define({
      method: "GET",
      path: "/admin/decisions/{id}",
      params: z.object({ id: z.string().max(64) }),
      responses: { 200: jsonOf("The record.", record), 404: refusal },
      async handle({ params }) {
        const decision = await ports.decisions.get(params.id);
        if (decision) return Response.json(decision);
        return fault(
          "not_found",
          "unknown_decision",
          "No record has this id; a new one is readable within a second.",
        );
      },
    }),
  ];
}
