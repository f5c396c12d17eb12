/** Past requests under another policy. Parses, replays the gateway's own records and renders. */
import { z } from "@hono/zod-openapi";
import { MAX_REPLAYED, replayStore, type StoreReplay } from "../../control/replay/replay-store.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import type { Problem } from "../problem.ts";
import { momentOf } from "./decisions.ts";
import { invalidPolicy, refusedDoc } from "./policy-answers.ts";
import { jsonOf } from "./response-docs.ts";

const moment = z
  .string()
  .max(40)
  .refine((text) => momentOf(text) !== null, "must be a time such as 2026-03-01T12:00:00Z");

const question = z.strictObject({
  policy: z.string().min(1).openapi({ description: "the candidate, YAML" }),
  overlay: z.string().optional().openapi({ description: "its overlay for this gateway's environment" }),
  since: moment.openapi({ description: "requests that arrived from then on" }),
  until: moment.optional().openapi({ description: "and before then" }),
  use_case: z.string().max(128).optional(),
  tenant: z.string().max(128).optional(),
  limit: z.int().min(1).max(MAX_REPLAYED).default(10_000).openapi({ description: "records at the most" }),
});

const report = z.looseObject({
  policyVersion: z.string(),
  records: z.number(),
  replayed: z.number(),
  unchanged: z.number(),
  changed: z.number(),
  cursor: z.string().nullable().openapi({ description: "not null: there were more records than the limit" }),
});

export function replayEndpoint({ replay }: ControlPorts): Endpoint {
  return define({
    method: "POST",
    path: "/admin/explain/replay",
    body: question,
    responses: { 200: jsonOf("What would change.", report), 400: refusedDoc },
    async handle({ body }) {
      const { policy, overlay, since, until, use_case: useCase, tenant, limit } = body;
      const texts = overlay === undefined ? [policy] : [policy, overlay];
      const outcome = await replayStore(
        {
          sources: texts.map((text, i) => ({ file: i === 0 ? "policy" : "overlay", text })),
          since: momentOf(since) ?? 0,
          until: until === undefined ? undefined : (momentOf(until) ?? undefined),
          useCase,
          tenant,
          limit,
        },
        replay,
      );
      return render(outcome);
    },
  });
}

function render(outcome: StoreReplay): Response | Problem {
  if (outcome.result === "invalid") return invalidPolicy(outcome.findings, "invalid_policy");
  return Response.json({ ...outcome.report, cursor: outcome.cursor });
}
