/** One endpoint of the control interface as data, and the check of its input by its own schemas. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Fault, ok, type Result } from "../core/faults.ts";
import type { ControlPorts } from "./control-ports.ts";
import { misfit } from "./misfit.ts";
import { unknownParameter } from "./query-parameters.ts";
import { refuse } from "./refuse.ts";
import type { RouteRow } from "./routes.ts";

export interface Endpoint {
  readonly method: RouteRow["method"];
  readonly path: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Bodies by media type, for the document alone: the handler reads and checks `request` itself. */
  readonly accepts?: Accepted;
  /** For the document alone, too. */
  readonly headers?: z.ZodObject;
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  handle(input: EndpointInput): Response | Fault | Promise<Response | Fault>;
}

/** Input that has passed the schemas; a field without a schema is empty. */
export interface EndpointInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Headers;
  /** Its body is unread where there is no `body` schema. */
  readonly request: Request;
}

type Accepted = Readonly<Record<string, { readonly schema: z.ZodType }>>;

interface ResponseDoc {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: z.ZodType }>>;
}

/** What an endpoint is given: `define` keeps the types of its schemas together with its handler. */
interface Definition<P, Q, B> {
  readonly method: Endpoint["method"];
  readonly path: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  readonly accepts?: Accepted;
  readonly headers?: z.ZodObject;
  readonly responses: Endpoint["responses"];
  handle(input: {
    readonly params: P;
    readonly query: Q;
    readonly body: B;
    readonly headers: Headers;
    readonly request: Request;
  }): Response | Fault | Promise<Response | Fault>;
}

export function define<P = unknown, Q = unknown, B = unknown>(definition: Definition<P, Q, B>): Endpoint {
  return definition as unknown as Endpoint;
}

/** Whether nothing has to be said: no body at all is the same as `{}` then. */
export function takesNothing(body: z.ZodType): boolean {
  return body.safeParse({}).success;
}

/** Runs `endpoint` on input that fits; anything else, a query parameter too many as well, is a 400 that names it. */
export async function validated(
  endpoint: Endpoint,
  c: Context,
  ports: Pick<ControlPorts, "nextRequestId" | "readBody">,
): Promise<Response> {
  const request = c.req.raw;
  const asked = { path: endpoint.path, headers: request.headers };
  const known = Object.keys(endpoint.query?.shape ?? {});
  const unknown = unknownParameter(endpoint.path, known, Object.keys(c.req.query()));
  if (unknown) return refuse(asked, unknown, ports.nextRequestId());
  const input: Record<"params" | "query" | "body", unknown> = { params: {}, query: {}, body: undefined };
  for (const part of ["params", "query", "body"] as const) {
    const schema = endpoint[part];
    if (!schema) continue;
    const raw = await readPart(part, schema, c, ports);
    if (!raw.ok) return refuse(asked, raw.fault, ports.nextRequestId());
    const parsed = schema.safeParse(raw.value);
    if (!parsed.success) return refuse(asked, misfit(schema, raw.value, parsed.error), ports.nextRequestId());
    input[part] = parsed.data;
  }
  const outcome = await endpoint.handle({ ...input, headers: request.headers, request });
  return outcome instanceof Response ? outcome : refuse(asked, outcome, ports.nextRequestId());
}

async function readPart(
  part: "params" | "query" | "body",
  schema: z.ZodType,
  c: Context,
  ports: Pick<ControlPorts, "readBody">,
): Promise<Result<unknown>> {
  if (part === "body") return ports.readBody(c.req.raw, takesNothing(schema) ? {} : undefined);
  return ok(part === "params" ? c.req.param() : c.req.query());
}
