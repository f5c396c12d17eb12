/** Rollouts: their arms, and how each has done. */
import { z } from "@hono/zod-openapi";
import { listRollouts } from "../../control/rollout/list.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const query = z.object({
  last: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .openapi({ description: "newest decisions to look at" }),
});

export function rolloutEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/admin/rollouts",
      query,
      responses: {
        200: jsonOf(
          "Arms, weights and figures.",
          z.object({
            rollouts: z.array(z.looseObject({ rollout: z.string(), kind: z.string() })),
            decisions: z.number(),
            since: z.number().nullable(),
          }),
        ),
        400: refusal,
      },
      async handle({ query: { last } }) {
        const { decisions } = ports;
        const list = await listRollouts({ snapshot: ports.snapshot(), decisions }, last);
        const overrides = ports.policyStatus().overrides ?? [];
        const rollouts = list.rollouts.map((one) => ({
          ...one,
          override: overrides.find(({ rollout }) => rollout === one.rollout) ?? null,
        }));
        return Response.json({ ...list, rollouts });
      },
    }),
  ];
}
