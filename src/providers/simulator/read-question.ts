/** A request's body as a question. Owns what the path and the headers say of it; the wire reads the rest. */
import type { IncomingHttpHeaders } from "node:http";
import { ok, type Result } from "../../core/faults.ts";
import { isRecord, parseJson } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { decodeBase64 } from "../../wires/base64.ts";
import type { RequestHints } from "../../wires/wire.ts";
import { type AnyWire, loadedWire } from "../wire-registry.ts";
import { MAX_DEPTH } from "./exchange.ts";
import type { CallTarget } from "./routes.ts";

/** A question, and the wire in which it was asked. */
export interface Asked {
  readonly wire: AnyWire;
  readonly question: ModelRequest;
}

/** `wire` is the path's own. Faults: `invalid`, of the JSON or of what the wire finds in it. */
export function readQuestion(
  wire: AnyWire,
  target: CallTarget,
  headers: IncomingHttpHeaders,
  bytes: Uint8Array,
): Result<Asked> {
  const parsed = parseJson(bytes, MAX_DEPTH);
  if (!parsed.ok) return parsed;
  const { call, model } = target;
  const body = call.impliesModel ? withModel(parsed.value, model ?? "") : parsed.value;
  const spoken = call.vectors !== null && asksForVectors(body) ? loadedWire(call.vectors) : wire;
  const hints = hintsOf(spoken, target, headers);
  const counted = call.operation === "count_tokens" ? invokeBodyOf(body) : null;
  const read = counted === null ? spoken.parseRequest(body, hints) : readInvokeBody(counted, hints);
  if (!read.ok) return read;
  const question = read.value;
  if (call.stream === null || question.stream === call.stream) return ok({ wire: spoken, question });
  return ok({ wire: spoken, question: { ...question, stream: call.stream } });
}

function withModel(body: unknown, model: string): unknown {
  return isRecord(body) && body.model === undefined ? { ...body, model } : body;
}

/** What Bedrock's CountTokens is asked to count, where that is the body of an InvokeModel: base64 of JSON. */
function invokeBodyOf(body: unknown): string | null {
  const input = isRecord(body) && isRecord(body.input) ? body.input : null;
  const invoke = input !== null && isRecord(input.invokeModel) ? input.invokeModel.body : null;
  return typeof invoke === "string" ? invoke : null;
}

function readInvokeBody(encoded: string, hints: RequestHints): Result<ModelRequest> {
  const body = parseJson(decodeBase64(encoded) ?? NOTHING, MAX_DEPTH);
  if (!body.ok) return body;
  const read = loadedWire("bedrock-invoke").parseRequest(body.value, hints);
  if (!read.ok) return read;
  return ok({ ...read.value, operation: "count_tokens" });
}

const NOTHING = new Uint8Array(0);

function asksForVectors(body: unknown): boolean {
  return isRecord(body) && body.input !== undefined && body.messages === undefined;
}

type Draft = { -readonly [Key in keyof RequestHints]: RequestHints[Key] };

function hintsOf(wire: AnyWire, { call, model }: CallTarget, headers: IncomingHttpHeaders): RequestHints {
  const hints: Draft = { contract: {}, strict: false };
  if (call.operation !== null) hints.operation = call.operation;
  if (model !== null) hints.target = model;
  if (call.stream !== null) hints.stream = call.stream;
  const passed: Record<string, string> = {};
  for (const name of wire.passedHeaders) {
    const value = headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  if (wire.passedHeaders.length > 0) hints.headers = passed;
  return hints;
}
