/** The dialects of callers as the OpenAPI document tells of them. Owns their names and the shapes of their errors. */
import { z } from "@hono/zod-openapi";
import type { Fault } from "../../core/faults.ts";
import type { WireId } from "../../core/request.ts";
import { renderMessagesFault } from "../../wires/anthropic-messages/render-fault.ts";
import { awsEventStream } from "../../wires/aws-event-stream.ts";
import { renderBedrockFault } from "../../wires/bedrock-errors.ts";
import { PASSED_HEADERS as BEDROCK_HEADERS } from "../../wires/bedrock-invoke/fields.ts";
import { type Framing, sse } from "../../wires/framing.ts";
import { renderGeminiFault } from "../../wires/gemini/render-fault.ts";
import { renderNativeFault } from "../../wires/native/faults.ts";
import { renderChatFault } from "../../wires/openai-chat/render-fault.ts";
import type { RenderedFault } from "../../wires/wire.ts";

/** What the wires of one API have in common. */
export interface Dialect {
  /** Also the tag of its operations. */
  readonly name: string;
  readonly framing: Framing;
  /** Under which the document has the shape of its errors. */
  readonly errorName: string;
  readonly error: z.ZodType;
  renderFault(why: Fault, requestId: string): RenderedFault;
  /** Of every answer, beside those that all dialects have. */
  readonly responseHeaders: readonly string[];
  /** Whether its clients sign, too. */
  readonly isSigned?: true;
  /** The query parameter, and its value, without which a stream is one JSON array. */
  readonly asksForEvents?: { readonly name: string; readonly value: string };
}

const nullable = z.string().nullable();
const requestId = z.string();

export const OPENAI: Dialect = {
  name: "OpenAI",
  framing: sse,
  errorName: "OpenAIError",
  error: z.object({
    error: z.object({ message: z.string(), type: z.string(), param: nullable, code: z.string() }),
    request_id: requestId,
  }),
  renderFault: renderChatFault,
  responseHeaders: [],
};

export const ANTHROPIC: Dialect = {
  name: "Anthropic",
  framing: sse,
  errorName: "AnthropicError",
  error: z.object({
    type: z.literal("error"),
    error: z.object({
      type: z.string(),
      message: z.string(),
      code: z.string(),
      param: nullable,
      details: z.object({ error_code: z.string() }),
    }),
    request_id: requestId,
  }),
  renderFault: renderMessagesFault,
  responseHeaders: ["request-id"],
};

const BEDROCK: Dialect = {
  name: "Amazon Bedrock",
  framing: awsEventStream,
  errorName: "BedrockError",
  error: z.object({ message: z.string() }),
  renderFault: renderBedrockFault,
  responseHeaders: ["x-amzn-requestid"],
  isSigned: true,
};

const GEMINI: Dialect = {
  name: "Gemini",
  framing: sse,
  errorName: "GeminiError",
  error: z.object({
    error: z.object({
      code: z.int().openapi({ description: "the HTTP status" }),
      message: z.string(),
      status: z.string(),
      details: z.array(z.looseObject({ "@type": z.string() })),
    }),
  }),
  renderFault: renderGeminiFault,
  responseHeaders: [],
  asksForEvents: { name: "alt", value: "sse" },
};

const NATIVE: Dialect = {
  name: "native",
  framing: sse,
  errorName: "NativeError",
  error: z.object({
    error: z.object({
      kind: z.string(),
      code: z.string(),
      message: z.string(),
      param: nullable,
      retry_after_ms: z.number().nullable(),
    }),
    request_id: requestId,
  }),
  renderFault: renderNativeFault,
  responseHeaders: [],
};

export const DIALECTS: readonly Dialect[] = [OPENAI, ANTHROPIC, BEDROCK, GEMINI, NATIVE];

export interface WireDocs {
  readonly dialect: Dialect;
  /** Lower-case names of headers that belong to the request, as the wire's own clients send them. */
  readonly requestHeaders: readonly string[];
}

export const WIRE_DOCS: Readonly<Record<WireId, WireDocs>> = {
  "openai-chat": { dialect: OPENAI, requestHeaders: [] },
  "openai-responses": { dialect: OPENAI, requestHeaders: [] },
  "openai-embeddings": { dialect: OPENAI, requestHeaders: [] },
  "anthropic-messages": { dialect: ANTHROPIC, requestHeaders: ["anthropic-beta", "anthropic-version"] },
  "bedrock-converse": { dialect: BEDROCK, requestHeaders: [] },
  "bedrock-invoke": { dialect: BEDROCK, requestHeaders: BEDROCK_HEADERS },
  gemini: { dialect: GEMINI, requestHeaders: [] },
  "gemini-embeddings": { dialect: GEMINI, requestHeaders: [] },
  native: { dialect: NATIVE, requestHeaders: [] },
};
