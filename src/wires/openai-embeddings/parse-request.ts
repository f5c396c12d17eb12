/** A caller's body as the internal request. Owns limits and the four shapes of `input`. */
import { z } from "zod";
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { unmodelled } from "../fields.ts";
import { issueFault } from "../issues.ts";
import type { RequestHints } from "../wire.ts";
import { embeddingRequest } from "./draft.ts";

export const WIRE_ID = "openai-embeddings";

/** Characters of a model's name; longer ones are a mistake or an attack. */
const MAX_NAME = 256;
const MAX_INPUTS = 2048;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** Without `input`, which is too large to be checked value by value in a schema. */
const schema = z.object({
  model: z.string().min(1).max(MAX_NAME),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: z.string().nullish(),
  stream: z.boolean().nullish(),
});
const OURS: ReadonlySet<string> = new Set([...Object.keys(schema.shape), "input"]);

type Inputs = EmbeddingInput["inputs"];

export function parseEmbeddingsRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const { model, dimensions, user, stream } = parsed.data;
  if (CONTROL_CHARACTER.test(model)) {
    const message = "`model` must not contain control characters.";
    return failed("invalid", "invalid_value", message, { param: "model" });
  }
  if (stream === true) {
    const message = "Embeddings do not stream. Leave `stream` out.";
    return failed("invalid", "unsupported_parameter", message, { param: "stream" });
  }
  const inputs = readInputs(body.input);
  if ("kind" in inputs) return { ok: false, fault: inputs };
  const embedding: EmbeddingInput = typeof dimensions === "number" ? { inputs, dimensions } : { inputs };
  const request = embeddingRequest(model, embedding, hints, { wire: WIRE_ID, body });
  return ok(user ? { ...request, user } : request);
}

/** The body's fields that the contract does not model. */
export function embeddingsBeyondContract(request: ModelRequest): readonly string[] {
  const lost = unmodelled(request.origin.body, OURS, null);
  return lost === null ? [] : Object.keys(lost);
}

/** A text, texts, the tokens of a text, or those of several. */
function readInputs(input: unknown): Inputs | Fault {
  if (input === undefined || input === null) {
    return wrong("missing_field", "input", "is required. Add a text or an array of texts");
  }
  if (typeof input === "string") return readText(input, "input") ?? [input];
  if (!Array.isArray(input)) return wrong("invalid_type", "input", "must be a text or an array");
  if (input.length === 0) return wrong("invalid_value", "input", "must have at least 1 item");
  if (typeof input[0] === "number") return readTokens(input, "input") ?? [input];
  if (input.length > MAX_INPUTS)
    return wrong("invalid_value", "input", `must have at most ${MAX_INPUTS} items`);
  const isText = typeof input[0] === "string";
  for (let at = 0; at < input.length; at++) {
    const defect = isText ? readText(input[at], `input[${at}]`) : readTokens(input[at], `input[${at}]`);
    if (defect !== null) return defect;
  }
  return input;
}

/** What is wrong with a text, or null. */
function readText(value: unknown, param: string): Fault | null {
  if (typeof value !== "string")
    return wrong("invalid_type", param, "must be a text like the items before it");
  return value === "" ? wrong("invalid_value", param, "must not be empty") : null;
}

/** What is wrong with a list of tokens, or null. */
function readTokens(value: unknown, param: string): Fault | null {
  if (!Array.isArray(value)) return wrong("invalid_type", param, "must be a text or an array of tokens");
  if (value.length === 0) return wrong("invalid_value", param, "must have at least 1 token");
  for (let at = 0; at < value.length; at++) {
    const token: unknown = value[at];
    if (!Number.isSafeInteger(token))
      return wrong("invalid_type", `${param}[${at}]`, "must be a token's number");
    if (Number(token) < 0) return wrong("invalid_value", `${param}[${at}]`, "must be at least 0");
  }
  return null;
}

function wrong(code: string, param: string, what: string): Fault {
  return fault("invalid", code, `\`${param}\` ${what}.`, { param });
}
