/** What an operator orders of a deployment's circuit. */
import { z } from "@hono/zod-openapi";
import type { CircuitDesk, OrderedReport, Orderer } from "../../control/health/circuit-desk.ts";
import { forceOpenCircuit } from "../../control/health/force-open.ts";
import { resetCircuit } from "../../control/health/reset.ts";
import { parseDuration } from "../../core/duration.ts";
import { type Fault, fault, type Result } from "../../core/faults.ts";
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

export function healthEndpoints(
  ports: Pick<ControlPorts, "callerOf">,
  desk: CircuitDesk,
): readonly Endpoint[] {
  const order = async (
    headers: Headers,
    why: string | undefined,
    act: (by: Orderer) => Promise<Result<OrderedReport>>,
  ): Promise<Response | Fault> => {
    const caller = ports.callerOf(headers);
    if (!caller) return fault("unauthenticated", "invalid_api_key", "Send a key of the policy.");
    const done = await act({ actor: caller.keyId, reason: why || null });
    return done.ok ? Response.json(done.value) : done.fault;
  };
  return [
    define({
      method: "POST",
      path: "/admin/health/{deployment}/reset",
      params,
      body: resetBody,
      responses,
      handle: ({ params: { deployment }, body, headers }) =>
        order(headers, body.reason, (by) => resetCircuit(desk, deployment, by)),
    }),
    define({
      method: "POST",
      path: "/admin/health/{deployment}/force-open",
      params,
      body: forceBody,
      responses,
      handle: ({ params: { deployment }, body, headers }) =>
        order(headers, body.reason, (by) =>
          forceOpenCircuit(desk, deployment, body.for === undefined ? null : parseDuration(body.for), by),
        ),
    }),
  ];
}

function isWithin(ms: number | null): boolean {
  return ms !== null && ms > 0 && ms <= LONGEST_MS;
}
