/** The policy in force, how it came to be, what it would do, and the condition of what it routes to. */
import { z } from "@hono/zod-openapi";
import { ROLES } from "../../core/caller.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const question = z.object({
  request: z.record(z.string(), z.unknown()).openapi({ description: "a Chat Completions body" }),
  caller: z
    .strictObject({
      key: z.string().optional(),
      tenant: z.string().optional(),
      tier: z.string().optional(),
      role: z.enum(ROLES).optional(),
    })
    .optional()
    .openapi({ description: "who would ask" }),
});

export function policyEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/admin/policy",
      responses: { 200: jsonOf("In force.", z.looseObject({ version: z.string().nullable() })) },
      handle: () => Response.json(ports.policyStatus()),
    }),
    define({
      method: "GET",
      path: "/admin/policy/history",
      responses: { 200: jsonOf("Newest first.", z.object({ activations: z.array(z.looseObject({})) })) },
      handle: async () => Response.json({ activations: await ports.activations.list(100) }),
    }),
    define({
      method: "GET",
      path: "/admin/health",
      responses: { 200: jsonOf("By deployment.", z.object({ deployments: z.array(z.looseObject({})) })) },
      handle: () => Response.json({ deployments: ports.healthReport() }),
    }),
    define({
      method: "POST",
      path: "/admin/explain",
      body: question,
      responses: { 200: jsonOf("The ladder.", z.looseObject({})), 400: refusal },
      async handle({ body }) {
        const explained = await ports.explain({ body: body.request, caller: body.caller });
        return explained.ok ? Response.json(explained.value) : explained.fault;
      },
    }),
  ];
}
