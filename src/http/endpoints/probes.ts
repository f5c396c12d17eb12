/** What machines ask: does it live, is it ready, how is it doing, what may I call. */
import { z } from "@hono/zod-openapi";
import type { Caller } from "../../core/caller.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { policyJsonSchema } from "../../policy/document.ts";
import { scenarioJsonSchema } from "../../providers/simulator/scenario.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf } from "./response-docs.ts";

const status = z.object({ status: z.string() });

const modelRow = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.number(),
  owned_by: z.string(),
  use_case: z.string(),
  description: z.string(),
  task_type: z.string(),
  models: z.array(z.string()),
});

export function probeEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/healthz",
      responses: { 200: jsonOf("It lives.", status) },
      handle: () => Response.json({ status: "ok" }),
    }),
    define({
      method: "GET",
      path: "/readyz",
      responses: { 200: jsonOf("Send traffic.", status), 503: jsonOf("Send none.", status) },
      handle: () =>
        ports.ready()
          ? Response.json({ status: "ready" })
          : Response.json({ status: "shutting down" }, { status: 503 }),
    }),
    define({
      method: "GET",
      path: "/metrics",
      responses: { 200: { description: "Prometheus text format 0.0.4" } },
      handle: () =>
        new Response(ports.metricsText(), {
          headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
        }),
    }),
    define({
      method: "GET",
      path: "/schema/policy.json",
      responses: { 200: { description: "JSON Schema, draft 2020-12" } },
      handle: () => Response.json(policyJsonSchema()),
    }),
    define({
      method: "GET",
      path: "/schema/scenario.json",
      responses: { 200: { description: "JSON Schema, draft 2020-12" } },
      handle: () => Response.json(scenarioJsonSchema()),
    }),
    define({
      method: "GET",
      path: "/v1/models",
      responses: {
        200: jsonOf(
          "In the shape of OpenAI's list.",
          z.object({ object: z.literal("list"), data: z.array(modelRow) }),
        ),
      },
      handle: ({ headers }) =>
        Response.json({ object: "list", data: modelList(ports.snapshot(), ports.callerOf(headers)) }),
    }),
  ];
}

/** The use cases and aliases that a key may ask for. */
function modelList(snapshot: ConfigSnapshot, caller: Caller | null): readonly z.infer<typeof modelRow>[] {
  const rows: z.infer<typeof modelRow>[] = [];
  for (const [name, useCase] of snapshot.useCases) {
    if (caller?.useCases && !caller.useCases.includes(useCase.id)) continue;
    rows.push({
      id: name,
      object: "model",
      created: 0,
      owned_by: "pointsman",
      use_case: useCase.id,
      description: useCase.description,
      task_type: useCase.taskType,
      models: [...new Set(useCase.ladder.map((rung) => rung.model))],
    });
  }
  return rows;
}
