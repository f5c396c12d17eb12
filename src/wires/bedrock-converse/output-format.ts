/** Structured output in this wire's terms, both ways. Owns that the schema travels as text, and what stands in. */
import { type Fault, fault } from "../../core/faults.ts";
import { isRecord, parseJson } from "../../core/json.ts";
import type { ResponseFormat } from "../../core/request.ts";
import { enforcesSchemas } from "../model-version.ts";
import { enforceable, inWords } from "../output-schema.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import type { OutputConfig } from "./request-schema.ts";

const utf8 = new TextEncoder();
/** Levels of a schema; deeper ones are a mistake or an attack. */
const MAX_DEPTH = 64;
const TEXT: ResponseFormat = { type: "text" };
const UNNAMED = "response";

/** The model is always held to the schema here, so that it counts as strict. */
export function readOutputFormat(config: OutputConfig | null | undefined): ResponseFormat | Fault {
  const wanted = config?.textFormat?.structure.jsonSchema;
  if (!wanted) return TEXT;
  const param = "outputConfig.textFormat.structure.jsonSchema.schema";
  // Text inside the body's text: what was checked of the body was not checked of it.
  const parsed = parseJson(utf8.encode(wanted.schema), MAX_DEPTH);
  if (parsed.ok && isRecord(parsed.value)) {
    return { type: "json_schema", name: wanted.name ?? UNNAMED, schema: parsed.value, strict: true };
  }
  const message = `\`${param}\` must be the text of a JSON Schema: an object, as JSON, of at most ${MAX_DEPTH} levels.`;
  return fault("invalid", "invalid_value", message, { param });
}

/** What asks for a format: the wire's `textFormat` where the schema can be enforced, else words to the model. */
export interface FormatRequest {
  readonly textFormat?: JsonObject;
  readonly instruction?: JsonObject;
}

export function renderOutputFormat(format: ResponseFormat, target: LowerTarget): FormatRequest {
  if (format.type === "text") return {};
  const isEnforced = format.type === "json_schema" && enforcesSchemas(target);
  const schema = isEnforced && !target.unsupported.has("outputConfig") ? enforceable(format.schema) : null;
  if (!isEnforced || schema === null) return { instruction: { text: inWords(format) } };
  const structure = { jsonSchema: { schema: JSON.stringify(schema), name: format.name } };
  return { textFormat: { type: "json_schema", structure } };
}
