/** Structured output in this wire's terms, both ways. Owns that the schema travels as text, and what stands in. */
import { type Fault, fault } from "../../core/faults.ts";
import type { ResponseFormat } from "../../core/request.ts";
import { enforceable } from "../anthropic-messages/output-schema.ts";
import { isRecord } from "../fields.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import type { OutputConfig } from "./request-schema.ts";

const TEXT: ResponseFormat = { type: "text" };
const UNNAMED = "response";
const ANY_JSON =
  "Answer with one JSON object and nothing else: no words before or after it, no Markdown fence.";

/** The model is always held to the schema here, so that it counts as strict. */
export function readOutputFormat(config: OutputConfig | null | undefined): ResponseFormat | Fault {
  const wanted = config?.textFormat?.structure.jsonSchema;
  if (!wanted) return TEXT;
  const param = "outputConfig.textFormat.structure.jsonSchema.schema";
  let schema: unknown;
  try {
    schema = JSON.parse(wanted.schema);
  } catch {
    schema = null;
  }
  if (isRecord(schema)) return { type: "json_schema", name: wanted.name ?? UNNAMED, schema, strict: true };
  const message = `\`${param}\` must be the text of a JSON Schema: an object, as JSON.`;
  return fault("invalid", "invalid_value", message, { param });
}

/** What asks for a format: the wire's `textFormat` where the schema can be enforced, else words to the model. */
export interface FormatRequest {
  readonly textFormat?: JsonObject;
  readonly instruction?: JsonObject;
}

export function renderOutputFormat(format: ResponseFormat, target: LowerTarget): FormatRequest {
  if (format.type === "text") return {};
  if (format.type === "json") return { instruction: { text: ANY_JSON } };
  const { name } = format;
  const schema = target.unsupported.has("outputConfig") ? null : enforceable(format.schema);
  if (schema === null) {
    const text = `${ANY_JSON} It must satisfy this JSON Schema: ${JSON.stringify(format.schema)}`;
    return { instruction: { text } };
  }
  const structure = { jsonSchema: { schema: JSON.stringify(schema), name } };
  return { textFormat: { type: "json_schema", structure } };
}
