/**
 * The paths of inference in the OpenAPI document: an operation for each row of the table by which they are served. What
 * a dialect's bodies hold is described by whoever owns the dialect; ours are keys, headers, statuses and errors.
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { nativeRequestSchema } from "../../wires/native/request-schema.ts";
import { INFERENCE_ROUTES, type InferenceRow } from "../inference-routes.ts";
import { DIALECTS, type Dialect, WIRE_DOCS } from "./dialects.ts";
import {
  ANSWER_HEADERS,
  anyOf,
  CONTRACT_HEADERS,
  DIALECT_HEADERS,
  KEY_SCHEMES,
  REFUSAL_HEADERS,
  SIGNATURE_SCHEME,
  TRACE_HEADERS,
} from "./headers.ts";
import { REFUSALS } from "./refusals.ts";

type Registry = OpenAPIHono["openAPIRegistry"];
type Refs = Record<string, { readonly $ref: string }>;

const REQUEST_HEADERS = { ...CONTRACT_HEADERS, ...TRACE_HEADERS };

export function describeInference(registry: Registry): void {
  const responseHeaders = { ...ANSWER_HEADERS, ...REFUSAL_HEADERS, ...DIALECT_HEADERS };
  for (const [name, doc] of Object.entries(responseHeaders)) registry.registerComponent("headers", name, doc);
  for (const [name, doc] of Object.entries(REQUEST_HEADERS)) {
    registry.registerComponent("parameters", name, { in: "header", name, ...doc });
  }
  for (const dialect of DIALECTS) describeRefusals(registry, dialect);
  for (const row of INFERENCE_ROUTES) describeRow(registry, row);
}

function describeRow(registry: Registry, row: InferenceRow): void {
  const { dialect, requestHeaders } = WIRE_DOCS[row.wire];
  const own = requestHeaders.map((name) => ({
    in: "header" as const,
    name,
    schema: { type: "string" as const },
  }));
  const shared = Object.keys(REQUEST_HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  registry.registerPath({
    method: "post",
    path: row.path,
    tags: [dialect.name],
    summary: row.purpose,
    description: "Needs the role caller.",
    ...(row.reference !== undefined && { externalDocs: { url: row.reference } }),
    security: anyOf(dialect.isSigned ? { ...KEY_SCHEMES, ...SIGNATURE_SCHEME } : KEY_SCHEMES),
    parameters: [...(namesModel(row) ? [MODEL] : []), ...queryOf(row, dialect), ...own, ...shared],
    request: { body: { required: true, content: { "application/json": { schema: bodyOf(row) } } } },
    responses: { 200: answerOf(row, dialect), ...refusalsOf(dialect) },
  });
}

const MODEL = {
  in: "path",
  name: "model",
  required: true,
  description: "a use case or an alias of one, percent-encoded",
  schema: { type: "string" },
} as const;

function queryOf({ stream }: InferenceRow, { asksForEvents }: Dialect) {
  if (stream !== true || asksForEvents === undefined) return [];
  const { name, value } = asksForEvents;
  const schema = { type: "string" as const, enum: [value] };
  return [{ in: "query" as const, name, schema, description: "absent: the stream is one JSON array" }];
}

function namesModel({ path }: InferenceRow): boolean {
  return path.includes("{model}");
}

function bodyOf(row: InferenceRow) {
  if (row.reference === undefined) {
    const { $schema: _, ...schema } = z.toJSONSchema(nativeRequestSchema, { io: "input" });
    return schema as object;
  }
  const model = { type: "string" as const, description: "a use case or an alias of one" };
  return {
    type: "object" as const,
    description: "The dialect's own: see `externalDocs` of the operation.",
    ...(!namesModel(row) && { properties: { model }, required: ["model"] }),
    additionalProperties: true,
  };
}

/** Whole, streamed, or as the body asks. */
function answerOf({ operation, stream }: InferenceRow, dialect: Dialect) {
  const canStream = operation === undefined && stream !== false;
  const whole = {
    "application/json": { schema: { type: "object" as const, additionalProperties: true } },
  };
  const mediaType = dialect.framing.contentType.replace(/;.*/, "");
  const streamed = {
    [mediaType]: {
      schema: { type: "string" as const, description: "A stream of the dialect's own events." },
    },
  };
  const array = {
    "application/json": { schema: { type: "array" as const, items: { type: "object" as const } } },
  };
  const isArray = stream === true && dialect.asksForEvents !== undefined;
  return {
    description: "The dialect's own answer; the headers say who served and how.",
    headers: headerRefs(Object.keys(ANSWER_HEADERS), dialect),
    content: { ...(stream !== true && whole), ...(canStream && streamed), ...(isArray && array) },
  };
}

function refusalsOf({ errorName }: Dialect): Refs {
  const statuses = [...REFUSALS.map(({ status }) => String(status)), "default"];
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${errorName}-${status}` }]),
  );
}

function describeRefusals(registry: Registry, dialect: Dialect): void {
  const { errorName, error } = dialect;
  registry.register(errorName, error);
  const schema = { $ref: `#/components/schemas/${errorName}` };
  for (const { status, description, example } of REFUSALS) {
    const { headers, body } = dialect.renderFault(example, "req_1m7zbb6ywefsqm4yqyj");
    const told = [...TOLD_ON_REFUSALS, ...Object.keys(REFUSAL_HEADERS), ...Object.keys(headers)];
    registry.registerComponent("responses", `${errorName}-${status}`, {
      description,
      headers: headerRefs([...new Set(told)], dialect),
      content: { "application/json": { schema, example: body } },
    });
  }
  registry.registerComponent("responses", `${errorName}-default`, {
    description: "A degraded answer, under the status that the policy gives it.",
    headers: headerRefs([...Object.keys(ANSWER_HEADERS), ...Object.keys(REFUSAL_HEADERS)], dialect),
    content: { "application/json": { schema } },
  });
}

/** What is known of a request that nobody served. */
const TOLD_ON_REFUSALS = [
  "x-request-id",
  "x-pointsman-decision",
  "x-pointsman-use-case",
  "x-pointsman-attempts",
  "x-pointsman-warnings",
  "x-pointsman-cache",
  "x-pointsman-overflow",
  "x-pointsman-arm",
];

function headerRefs(names: readonly string[], dialect: Dialect): Refs {
  const all = [...names, ...dialect.responseHeaders];
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
