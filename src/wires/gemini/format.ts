/** The format of an answer in this wire's terms. Owns which models are asked for it in words. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { modelBehind } from "../model-version.ts";
import { inWords } from "../output-schema.ts";
import type { LowerTarget } from "../wire.ts";

type Fields = Record<string, unknown>;

/** "Function calling with a response mime type: 'application/json' is unsupported": what models before Gemini 3 answer. */
const FORMAT_OR_TOOLS = /gemini-[12](?:\.|-|$)/;

/** Whether the model is asked in words, since the API refuses such a format beside tools. */
export function isInWords({ responseFormat, tools }: ModelRequest, target: LowerTarget): boolean {
  return responseFormat.type !== "text" && tools.length > 0 && FORMAT_OR_TOOLS.test(modelBehind(target));
}

/** In the generation config where the API enforces it; beside tools that it does not go with, as an instruction. */
export function renderFormat(body: Fields, config: Fields, request: ModelRequest, target: LowerTarget): void {
  const { responseFormat: format } = request;
  if (format.type === "text") return;
  if (isInWords(request, target)) {
    instruct(body, inWords(format));
    return;
  }
  config.responseMimeType = "application/json";
  if (format.type === "json_schema") config.responseJsonSchema = format.schema;
}

function instruct(body: Fields, text: string): void {
  const system = isRecord(body.systemInstruction) ? body.systemInstruction : {};
  const parts: readonly unknown[] = Array.isArray(system.parts) ? system.parts : [];
  body.systemInstruction = { ...system, parts: [...parts, { text }] };
}
