/**
 * An Anthropic Messages request as Bedrock wants it, and back: no model and no stream in the body, which the path
 * says, the version and the betas in it, which are headers elsewhere. Owns the difference; knows no field else.
 */
import type { ModelRequest, Origin } from "../core/request.ts";
import type { JsonObject } from "./wire.ts";

const INVOKE = "bedrock-invoke";
const MESSAGES = "anthropic-messages";
/** The API version that Bedrock wants in every body for Claude; there is no other. */
const ANTHROPIC_VERSION = "bedrock-2023-05-31";
const BETA_HEADER = "anthropic-beta";
/** What a model would have to honour. */
export const GUARDRAIL_HEADERS = [
  "x-amzn-bedrock-guardrailidentifier",
  "x-amzn-bedrock-guardrailversion",
] as const;
/** Asked of Bedrock alone, each with the value that asks for nothing. */
export const SERVICE_HEADERS: ReadonlyMap<string, string> = new Map([
  ["x-amzn-bedrock-performanceconfig-latency", "standard"],
  ["x-amzn-bedrock-service-tier", "default"],
]);
const NO_HEADERS: readonly string[] = [];

/** Whether `request` holds an Anthropic body, its own or Bedrock's form of it. */
function isOwn({ origin }: ModelRequest): boolean {
  return origin.wire === INVOKE;
}

/** `body` as the Messages API has it; `model` and `stream` are still to be set. */
export function toMessagesBody(body: JsonObject): Record<string, unknown> {
  const { anthropic_version: _version, anthropic_beta: _betas, ...rest } = body;
  return rest;
}

/** The betas of a body as the header that the Messages API has for them; undefined without any. */
export function betaHeaders({ anthropic_beta: betas }: JsonObject): Record<string, string> | undefined {
  if (!Array.isArray(betas) || betas.length === 0) return undefined;
  return { [BETA_HEADER]: betas.filter((beta) => typeof beta === "string").join(",") };
}

/** `request` as if it had come in on the Messages API, so that its body is the base of what is sent on. */
export function asMessagesRequest(request: ModelRequest): ModelRequest {
  if (!isOwn(request)) return request;
  const { body, rewritten, read } = request.origin;
  const headers = betaHeaders(body);
  const origin: Origin = {
    wire: MESSAGES,
    body: toMessagesBody(body),
    rewritten,
    ...(read && { read }),
    ...(headers && { headers }),
  };
  return { ...request, origin };
}

/** Names of the headers by which a caller of InvokeModel asks Bedrock for what nobody else has. */
export function headersForBedrock(request: ModelRequest): readonly string[] {
  const { headers } = request.origin;
  if (!isOwn(request) || headers === undefined) return NO_HEADERS;
  const named: string[] = GUARDRAIL_HEADERS.filter((name) => headers[name] !== undefined);
  for (const [name, usual] of SERVICE_HEADERS) {
    if (headers[name] !== undefined && headers[name] !== usual) named.push(name);
  }
  return named;
}

/** A lowered Messages request as Bedrock's body. */
export function toInvokeBody(
  body: JsonObject,
  headers: Readonly<Record<string, string>> | undefined,
): Record<string, unknown> {
  const { model: _model, stream: _stream, ...rest } = body;
  const betas = (headers?.[BETA_HEADER] ?? "").split(",").flatMap((beta) => beta.trim() || []);
  const version = { anthropic_version: ANTHROPIC_VERSION };
  return betas.length > 0 ? { ...version, anthropic_beta: betas, ...rest } : { ...version, ...rest };
}
