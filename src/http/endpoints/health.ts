/** What an operator orders of a deployment's circuit. */
import { z } from "@hono/zod-openapi";
import type { OrderedReport, Orderer } from "../../control/health/circuit-desk.ts";
import { forceOpenCircuit } from "../../control/health/force-open.ts";
import { resetCircuit } from "../../control/health/reset.ts";
import type { Caller } from "../../core/caller.ts";
import { parseDuration } from "../../core/duration.ts";
import type { Fault, Result } from "../../core/faults.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const LONGEST_MS = 86_400_000;

const params = z.object({ deployment: z.string().max(64) });
const reason = z
  .string()
  .trim()
  .max(500)
  .optional()
  .openapi({ description: "why, for the audit log; write no secrets and no prompts" });
const resetBody = z.strictObject({ reason });
const forceBody = z.strictObject({
  reason,
  for: z
    .string()
    .refine((text) => isWithin(parseDuration(text)), "must be a duration such as 10m, a day at most")
    .optional()
    .openapi({ description: "how long, such as 10m; absent: until it is reset" }),
});
const row = z.looseObject({
  deployment: z.string(),
  state: z.string(),
  nextProbeAt: z.number().nullable(),
  kept: z
    .literal(false)
    .optional()
    .openapi({ description: "the store could not be written as yet: a restart now would lose the order" }),
});
const responses = { 200: jsonOf("As it is now.", row), 400: refusal, 404: refusal };

export function healthEndpoints({ circuits: desk }: Pick<ControlPorts, "circuits">): readonly Endpoint[] {
  return [
    define({
      method: "POST",
      path: "/admin/health/{deployment}/reset",
      params,
      body: resetBody,
      responses,
      handle: async ({ params: { deployment }, body, caller }) =>
        told(await resetCircuit(desk, deployment, orderer(caller, body.reason))),
    }),
    define({
      method: "POST",
      path: "/admin/health/{deployment}/force-open",
      params,
      body: forceBody,
      responses,
      async handle({ params: { deployment }, body, caller }) {
        const time = body.for === undefined ? null : parseDuration(body.for);
        return told(await forceOpenCircuit(desk, deployment, time, orderer(caller, body.reason)));
      },
    }),
  ];
}

function orderer({ keyId }: Caller, reason: string | undefined): Orderer {
  return { actor: keyId, reason: reason || null };
}

function told(done: Result<OrderedReport>): Response | Fault {
  return done.ok ? Response.json(done.value) : done.fault;
}

function isWithin(ms: number | null): boolean {
  return ms !== null && ms > 0 && ms <= LONGEST_MS;
}
