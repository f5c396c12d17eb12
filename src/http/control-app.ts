/**
 * Everything that is not inference, as a Hono application whose schemas are also its OpenAPI document. Who
 * may ask is decided before it (routes.ts); each endpoint parses, calls and renders. What throws, throws.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { getPath } from "hono/utils/url";
import { fault } from "../core/faults.ts";
import type { ControlPorts } from "./control-ports.ts";
import { describeInference } from "./document/describe-inference.ts";
import { anyOf, KEY_SCHEMES, SIGNATURE_SCHEME } from "./document/headers.ts";
import { type Endpoint, takesNothing, validated, withCaller } from "./endpoint.ts";
import { auditEndpoints, withAudit } from "./endpoints/audit.ts";
import { batchEndpoints } from "./endpoints/batches.ts";
import { deadJobEndpoints } from "./endpoints/dead-jobs.ts";
import { decisionEndpoints } from "./endpoints/decisions.ts";
import { fileEndpoints } from "./endpoints/files.ts";
import { healthEndpoints } from "./endpoints/health.ts";
import { jobEndpoints } from "./endpoints/jobs.ts";
import { modelAliasEndpoints } from "./endpoints/model-aliases.ts";
import { modelEndpoints } from "./endpoints/models.ts";
import { policyEndpoints } from "./endpoints/policy.ts";
import { policyActivationEndpoints } from "./endpoints/policy-activation.ts";
import { policyChangeEndpoints } from "./endpoints/policy-change.ts";
import { policyVersionEndpoints } from "./endpoints/policy-history.ts";
import { documentEndpoint, probeEndpoints } from "./endpoints/probes.ts";
import { replayEndpoint } from "./endpoints/replay.ts";
import { replicaEndpoint } from "./endpoints/replicas.ts";
import { refusal } from "./endpoints/response-docs.ts";
import { rolloutChangeEndpoints } from "./endpoints/rollout-change.ts";
import { rolloutEndpoints } from "./endpoints/rollouts.ts";
import { ticketEndpoints } from "./endpoints/tickets.ts";
import { problem } from "./problem.ts";
import { ROUTES, type RouteRow } from "./routes.ts";

export function createControlApp(ports: ControlPorts): (request: Request) => Response | Promise<Response> {
  const app = new OpenAPIHono({ getPath: pathOf });
  for (const endpoint of [
    ...probeEndpoints(ports),
    documentEndpoint(() => documentOf(app)),
    ...modelEndpoints(ports),
    ...decisionEndpoints(ports),
    ...policyEndpoints(ports),
    ...policyVersionEndpoints(ports),
    ...policyChangeEndpoints(ports),
    ...policyActivationEndpoints(ports),
    replayEndpoint(ports),
    ...rolloutEndpoints(ports),
    ...rolloutChangeEndpoints(ports),
    ...modelAliasEndpoints(ports),
    replicaEndpoint(ports),
    ...auditEndpoints(ports),
    ...healthEndpoints(ports),
    ...ticketEndpoints(ports),
    ...jobEndpoints(ports),
    ...deadJobEndpoints(ports),
    ...fileEndpoints(ports),
    ...batchEndpoints(ports),
  ]) {
    register(app, endpoint, ports);
  }
  // A segment that is empty: the table takes it for a name, and an endpoint does not.
  app.notFound(() =>
    problem(
      fault("not_found", "unknown_path", "There is nothing at this path: a name in it is empty."),
      ports.nextRequestId(),
    ),
  );
  // Whoever calls knows the request's id, and how its failure is told and logged.
  app.onError((thrown) => {
    throw thrown;
  });
  return (request) => app.fetch(request);
}

const DOCUMENT = {
  openapi: "3.1.0",
  info: {
    title: "Pointsman",
    version: "0.1.0",
    description:
      "Use cases, asked for in any dialect and answered by the model that a policy chooses; and the control interface.",
  },
};

/** Made once: it is some 300 KB, and open to everybody. */
function documentOf(app: OpenAPIHono): object {
  for (const [name, scheme] of Object.entries({ ...KEY_SCHEMES, ...SIGNATURE_SCHEME })) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  describeInference(app.openAPIRegistry);
  return app.getOpenAPI31Document(DOCUMENT);
}

/** A request without a usable Host has a URL that begins with its path: Hono would cut the first characters off. */
function pathOf(request: Request): string {
  const { url } = request;
  return getPath(url.startsWith("/") ? new Request(`http://localhost${url}`) : request);
}

const OPENAPI_METHODS = { GET: "get", POST: "post", DELETE: "delete", PUT: "put" } as const;

function withRequestId(responses: Endpoint["responses"]) {
  const headers = { "x-request-id": { $ref: "#/components/headers/x-request-id" } };
  return Object.fromEntries(Object.entries(responses).map(([status, doc]) => [status, { ...doc, headers }]));
}

/** What the guard, the check of input and a store that cannot be used answer in every endpoint's place. */
function refusalsOf({ access }: RouteRow): Endpoint["responses"] {
  if (access === "open") return {};
  return { 400: refusal, 401: refusal, ...(access !== "caller" && { 403: refusal }), 503: refusal };
}

/** Without a row in the table of routes an endpoint could never be reached: that is a bug of ours. */
function register(app: OpenAPIHono, endpoint: Endpoint, ports: ControlPorts): void {
  const rows: readonly RouteRow[] = ROUTES;
  const row = rows.find((route) => route.method === endpoint.method && route.path === endpoint.path);
  if (!row) throw new Error(`No row for ${endpoint.method} ${endpoint.path} in the table of routes.`);
  if (endpoint.isOpen !== (row.access === "open"))
    throw new Error(`${endpoint.method} ${endpoint.path} and its row differ in who may ask.`);
  app.openAPIRegistry.registerPath({
    method: OPENAPI_METHODS[endpoint.method],
    path: endpoint.path,
    summary: row.purpose,
    ...(row.access !== "open" && {
      security: anyOf(KEY_SCHEMES),
      description: `Needs the role ${row.access}.`,
    }),
    request: {
      ...(endpoint.params && { params: endpoint.params }),
      ...(endpoint.query && { query: endpoint.query }),
      ...(endpoint.body && {
        body: {
          required: !takesNothing(endpoint.body),
          content: { "application/json": { schema: endpoint.body } },
        },
      }),
      ...(endpoint.accepts && { body: { required: true, content: endpoint.accepts } }),
      ...(endpoint.headers && { headers: endpoint.headers }),
    },
    responses: withRequestId({ ...refusalsOf(row), ...endpoint.responses }),
  });
  const path = endpoint.path.replace(/\{(\w+)\}/g, ":$1");
  const answer = withAudit(row, ports.audit, (c, caller) => validated(endpoint, c, caller, ports));
  app.on(endpoint.method, path, withCaller(endpoint, ports, answer));
}
