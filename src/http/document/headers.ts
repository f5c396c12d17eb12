/** Headers of requests and responses in the OpenAPI document, and the ways to send a key. Owns what is told of each. */
import { LATENCY_TIERS, SAFETY_LEVELS, TASK_TYPES } from "../../core/contract.ts";

/** A JSON Schema with what it means. */
type HeaderDoc = {
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
};

const text = { type: "string" };
const count = { type: "integer" };
const flag = { type: "string", enum: ["true"] };

/** By which a caller says what it needs, on every path of inference. */
export const CONTRACT_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  "x-pointsman-task-type": { description: "what the task is", schema: { ...text, enum: TASK_TYPES } },
  "x-pointsman-latency-tier": {
    description: "which set of timeouts applies",
    schema: { ...text, enum: LATENCY_TIERS },
  },
  "x-pointsman-safety-level": {
    description: "raises the policy's level, never lowers it",
    schema: { ...text, enum: SAFETY_LEVELS },
  },
  "x-pointsman-context-window": {
    description: "tokens it needs, input and output together; absent: they are estimated",
    schema: { ...count, minimum: 1 },
  },
  "x-pointsman-residency": {
    description:
      "only these regions, such as `eu-west-1,eu-central-*`: narrows the policy's, never widens it",
    schema: text,
  },
  "x-pointsman-strict": {
    description: "true: a control that the model cannot honour is an error instead of a warning",
    schema: { ...text, enum: ["true", "false"] },
  },
};

/** What every request may have. */
export const TRACE_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  "x-request-id": {
    description: "the caller's own id, kept where it is well formed",
    schema: { ...text, pattern: "^[A-Za-z0-9._:-]{1,128}$" },
  },
  traceparent: { description: "W3C trace context, passed on", schema: text },
  tracestate: { description: "W3C trace context, passed on", schema: text },
};

export const REQUEST_ID: HeaderDoc = {
  description: "of this request, to quote to the platform owner",
  schema: text,
};

/** What every answer of inference may say: who served it, and how. */
export const ANSWER_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  "x-request-id": REQUEST_ID,
  "x-pointsman-decision": { description: "id of the decision record", schema: text },
  "x-pointsman-use-case": { description: "the use case", schema: text },
  "x-pointsman-model": { description: "the model that answered, by the policy's name", schema: text },
  "x-pointsman-provider": { description: "its provider", schema: text },
  "x-pointsman-region": { description: "its region", schema: text },
  "x-pointsman-rung": {
    description: "the rung of the ladder that served",
    schema: { ...text, enum: ["primary", "cross-region", "fallback", "degraded"] },
  },
  "x-pointsman-attempts": { description: "calls to providers", schema: count },
  "x-pointsman-cost-usd": {
    description: "what it cost; absent on streams, whose cost is in the decision record",
    schema: text,
  },
  "x-pointsman-degraded": { description: "the mode that answered in a model's place", schema: text },
  "x-pointsman-partial": { description: "a part of an answer that broke off", schema: flag },
  "x-pointsman-warnings": {
    description: "controls that could not be honoured, separated by commas",
    schema: text,
  },
  "x-pointsman-cache": {
    description: "of use cases with a cache",
    schema: { ...text, enum: ["hit", "stale", "miss", "refresh"] },
  },
  "x-pointsman-overflow": { description: "what was done about a request that is too long", schema: text },
  "x-pointsman-arm": { description: "arm of a rollout", schema: text },
  "x-pointsman-simulated": { description: "a simulated provider answered", schema: flag },
  age: { description: "seconds since a cached answer was given first", schema: count },
};

/** Beside them on refusals. */
export const REFUSAL_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  "retry-after": {
    description: "seconds until it is worth trying again, where that is known",
    schema: count,
  },
  "retry-after-ms": { description: "the same in milliseconds", schema: count },
  "x-should-retry": {
    description: "false: every rung has been tried already",
    schema: { ...text, enum: ["false"] },
  },
  "www-authenticate": { description: "with 401", schema: text },
};

/** Of one dialect alone, under the name that its clients look for. */
export const DIALECT_HEADERS: Readonly<Record<string, HeaderDoc>> = {
  "request-id": REQUEST_ID,
  "x-amzn-requestid": REQUEST_ID,
  "x-amzn-errortype": { description: "the exception's name, with errors", schema: text },
};

/** The ways to send a key, one of which is enough. */
export const KEY_SCHEMES = {
  key: { type: "http", scheme: "bearer" },
  "x-api-key": { type: "apiKey", in: "header", name: "x-api-key" },
  "api-key": { type: "apiKey", in: "header", name: "api-key" },
  "x-goog-api-key": { type: "apiKey", in: "header", name: "x-goog-api-key" },
} as const;

export const SIGNATURE_SCHEME = {
  "aws-signature": {
    type: "apiKey",
    in: "header",
    name: "authorization",
    description: "AWS Signature Version 4 for the service bedrock, by the access key that the policy names.",
    "x-amazon-apigateway-authtype": "awsSigv4",
  },
} as const;

/** Any one of `schemes`. */
export function anyOf(schemes: object): Record<string, string[]>[] {
  return Object.keys(schemes).map((name) => ({ [name]: [] }));
}
