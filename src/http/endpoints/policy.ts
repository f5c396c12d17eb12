/** The policy in force, how it came to be, what it would do, and the condition of what it routes to. */
import { z } from "@hono/zod-openapi";
import { ROLES } from "../../core/caller.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { policyHistoryEndpoint } from "./policy-history.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const question = z.object({
  request: z.record(z.string(), z.unknown()).openapi({
    description: "a Chat Completions body, an Embeddings body, or `prompt` in place of what either has",
  }),
  caller: z
    .strictObject({
      key: z.string().optional(),
      tenant: z.string().optional(),
      tier: z.string().optional(),
      role: z.enum(ROLES).optional(),
    })
    .optional()
    .openapi({ description: "who would ask; what it leaves unsaid is what the policy says of the key" }),
  arm: z
    .string()
    .max(129)
    .optional()
    .openapi({ description: "rollout/arm to be in, whatever its weight and condition say" }),
});

const status = z.looseObject({
  version: z.string().nullable(),
  source: z
    .looseObject({ kind: z.string(), address: z.string(), ok: z.boolean(), lastOkAt: z.number().nullable() })
    .optional(),
  staging: z
    .looseObject({
      version: z.string(),
      previousVersion: z.string(),
      actor: z.string(),
      startsAt: z.number(),
      endsAt: z.number(),
      stage: z.looseObject({ phase: z.string(), share: z.number() }),
    })
    .nullish()
    .openapi({ description: "a version that is taking over by steps" }),
  pinned: z.looseObject({ version: z.string(), actor: z.string() }).nullish(),
});

export function policyEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/admin/policy",
      responses: { 200: jsonOf("In force.", status) },
      handle() {
        const found = ports.policyStatus();
        // What a writer states as If-Match.
        return Response.json(
          found,
          found.version === null ? {} : { headers: { etag: `"${found.version}"` } },
        );
      },
    }),
    policyHistoryEndpoint(ports),
    define({
      method: "GET",
      path: "/admin/health",
      responses: {
        200: jsonOf(
          "By deployment, and the queue of jobs.",
          z.object({
            at: z.number().openapi({
              description:
                "the gateway's time, epoch milliseconds: all its dates are by it, those of records included",
            }),
            deployments: z.array(z.looseObject({})),
            queue: z.looseObject({}),
          }),
        ),
      },
      async handle() {
        const queue = await ports.queueReport();
        return Response.json({ at: ports.circuits.clock.now(), deployments: ports.healthReport(), queue });
      },
    }),
    define({
      method: "POST",
      path: "/admin/explain",
      body: question,
      responses: { 200: jsonOf("The ladder.", z.looseObject({})), 400: refusal },
      async handle({ body }) {
        const explained = await ports.explain({ body: body.request, caller: body.caller, arm: body.arm });
        return explained.ok ? Response.json(explained.value) : explained.fault;
      },
    }),
  ];
}
