/** What machines ask: does it live, is it ready, how is it doing. */
import { z } from "@hono/zod-openapi";
import { policyJsonSchema } from "../../policy/document/document.ts";
import { scenarioJsonSchema } from "../../providers/simulator/scenario.ts";
import type { ControlPorts } from "../control-ports.ts";
import { defineOpen, type Endpoint } from "../endpoint.ts";
import { jsonOf } from "./response-docs.ts";

const status = z.object({ status: z.string() });

/** `document`: of all paths, those of inference included; asked for once. */
export function documentEndpoint(document: () => object): Endpoint {
  let text: string | null = null;
  return defineOpen({
    method: "GET",
    path: "/openapi.json",
    responses: { 200: { description: "This document, OpenAPI 3.1." } },
    handle() {
      text ??= JSON.stringify(document());
      return new Response(text, { headers: { "content-type": "application/json" } });
    },
  });
}

export function probeEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    defineOpen({
      method: "GET",
      path: "/healthz",
      responses: { 200: jsonOf("It lives.", status) },
      handle: () => Response.json({ status: "ok" }),
    }),
    defineOpen({
      method: "GET",
      path: "/readyz",
      responses: { 200: jsonOf("Send traffic.", status), 503: jsonOf("Send none.", status) },
      handle: () =>
        ports.ready()
          ? Response.json({ status: "ready" })
          : Response.json({ status: "shutting down" }, { status: 503 }),
    }),
    defineOpen({
      method: "GET",
      path: "/metrics",
      responses: { 200: { description: "Prometheus text format 0.0.4" } },
      handle: () =>
        new Response(ports.metricsText(), {
          headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
        }),
    }),
    defineOpen({
      method: "GET",
      path: "/schema/policy.json",
      responses: { 200: { description: "JSON Schema, draft 2020-12" } },
      handle: () => Response.json(policyJsonSchema()),
    }),
    defineOpen({
      method: "GET",
      path: "/schema/scenario.json",
      responses: { 200: { description: "JSON Schema, draft 2020-12" } },
      handle: () => Response.json(scenarioJsonSchema()),
    }),
  ];
}
