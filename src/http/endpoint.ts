/** One endpoint of the control interface as data, and the check of its input by its own schemas. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Caller } from "../core/caller.ts";
import { fault, ok, type Result } from "../core/faults.ts";
import type { ControlPorts } from "./control-ports.ts";
import { misfit } from "./misfit.ts";
import type { Problem } from "./problem.ts";
import { unknownParameter } from "./query-parameters.ts";
import { refuse } from "./refuse.ts";
import type { RouteRow } from "./routes.ts";

/** What is told of an endpoint in the document, and what its input is held to. */
interface Described {
  readonly method: RouteRow["method"];
  readonly path: string;
  /** Bodies by media type, for the document alone: the handler reads and checks `request` itself. */
  readonly accepts?: Accepted;
  /** For the document alone, too. */
  readonly headers?: z.ZodObject;
  readonly responses: Readonly<Record<number, ResponseDoc>>;
}

export interface Endpoint extends Described {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether it serves without a caller; the table of routes, which decides, must say the same. */
  readonly isOpen: boolean;
  handle(input: Input<unknown, unknown, unknown> & { readonly caller: Caller | null }): Answer;
}

/** Input that has passed the schemas; a field without a schema is empty. */
interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: Headers;
  /** Its body is unread where there is no `body` schema. */
  readonly request: Request;
}

type Answer = Response | Problem | Promise<Response | Problem>;

type Accepted = Readonly<Record<string, { readonly schema: z.ZodType }>>;

interface ResponseDoc {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: z.ZodType }>>;
}

/** What an endpoint is made of: the types of its schemas are those of its handler's input. */
interface Definition<P, Q, B, I> extends Described {
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  handle(input: Input<P, Q, B> & I): Answer;
}

/** An endpoint for callers whose role suffices, as the table of routes has it: it is given who asks. */
export function define<P = unknown, Q = unknown, B = unknown>(
  definition: Definition<P, Q, B, { readonly caller: Caller }>,
): Endpoint {
  return { ...definition, isOpen: false } as unknown as Endpoint;
}

/** An endpoint for whoever asks, with or without a key. */
export function defineOpen<P = unknown, Q = unknown, B = unknown>(
  definition: Definition<P, Q, B, unknown>,
): Endpoint {
  return { ...definition, isOpen: true } as unknown as Endpoint;
}

/** Whether nothing has to be said: no body at all is the same as `{}` then. */
export function takesNothing(body: z.ZodType): boolean {
  return body.safeParse({}).success;
}

/** Gives `answer` the caller, once: the guard has let the request through, but the policy may have changed since. */
export function withCaller(
  endpoint: Endpoint,
  ports: Pick<ControlPorts, "nextRequestId" | "callerOf">,
  answer: (c: Context, caller: Caller | null) => Promise<Response>,
): (c: Context) => Response | Promise<Response> {
  return (c) => {
    const { headers } = c.req.raw;
    const caller = endpoint.isOpen ? null : ports.callerOf(headers);
    if (caller || endpoint.isOpen) return answer(c, caller);
    const gone = fault("unauthenticated", "invalid_api_key", "The API key is not known here any more.");
    return refuse({ path: endpoint.path, headers }, gone, ports.nextRequestId());
  };
}

/** Runs `endpoint` on input that fits; anything else, a query parameter too many as well, is a 400 that names it. */
export async function validated(
  endpoint: Endpoint,
  c: Context,
  caller: Caller | null,
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
  const outcome = await endpoint.handle({ ...input, headers: request.headers, request, caller });
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
