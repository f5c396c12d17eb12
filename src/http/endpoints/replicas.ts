/** Which gateways there are, and which version of the policy each serves. */
import { z } from "@hono/zod-openapi";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf } from "./response-docs.ts";

export function replicaEndpoint({ replicas }: Pick<ControlPorts, "replicas">): Endpoint {
  return define({
    method: "GET",
    path: "/admin/policy/replicas",
    responses: {
      200: jsonOf(
        "This gateway and, where they share a Redis, the others.",
        z.object({
          knows: z.enum(["shared", "alone", "unreachable"]),
          converged: z.boolean().nullable().openapi({ description: "null: others may be there unseen" }),
          versions: z.array(z.string()),
          replicas: z.array(
            z.looseObject({ id: z.string(), self: z.boolean(), version: z.string().nullable() }),
          ),
        }),
      ),
    },
    handle: async () => Response.json(await replicas()),
  });
}
