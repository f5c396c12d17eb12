/** A caller's body as the internal request. Owns what the schema cannot say: what goes with what. */
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type {
  ModelRequest,
  ResponseFormat,
  Sampling,
  Section,
  Tool,
  ToolChoice,
} from "../../core/request.ts";
import { readContract } from "../contract-metadata.ts";
import { issueFault } from "../issues.ts";
import { plainly } from "../plain-schema.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";
import { toJsonSchema } from "./json-schema.ts";
import { readMessages, readSystem } from "./messages.ts";
import {
  type GeminiConfig,
  type GeminiRequest,
  type GeminiToolConfig,
  geminiRequestSchema,
} from "./request-schema.ts";
import { spellRequest } from "./spelling.ts";
import { readThinking } from "./thinking.ts";

export const checkRequest = plainly(geminiRequestSchema);
const CONTROL_CHARACTER = /\p{Cc}/u;
const MAX_MODEL = 256;
const MODEL_PREFIX = /^models\//;
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const NO_TOOLS: readonly Tool[] = [];
const TEXT: ResponseFormat = { type: "text" };
/** The API's schemas have no name; other wires want one. */
const SCHEMA_NAME = "response";

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

export function parseGeminiRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const spelled = spellRequest(body);
  const inner = spelled.generateContentRequest;
  const asked = hints.operation === "count_tokens" && isRecord(inner) ? inner : spelled;
  const target = readTarget(hints.target ?? asked.model);
  if (typeof target !== "string") return { ok: false, fault: target };
  const parsed = checkRequest(asked);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, asked) };
  const request = parsed.data;
  const conflict = findConflict(request);
  if (conflict !== null) return { ok: false, fault: conflict };
  const stated = readContract(request.labels, hints);
  if (!stated.ok) return { ok: false, fault: aboutLabels(stated.fault) };
  const messages = readMessages(request.contents);
  if ("kind" in messages) return { ok: false, fault: messages };
  return ok(toModelRequest(request, messages, { ...stated.value, target }, hints, asked));
}

function readTarget(stated: unknown): string | Fault {
  const wrong = (message: string) => fault("invalid", "invalid_value", message, { param: "model" });
  if (typeof stated !== "string" || stated === "") {
    const message = "The path must name a model: `/models/{model}:generateContent`.";
    return fault("invalid", "missing_field", message, { param: "model" });
  }
  const target = stated.replace(MODEL_PREFIX, "");
  if (target === "" || target.length > MAX_MODEL) {
    return wrong(`The model's name must have 1 to ${MAX_MODEL} characters.`);
  }
  return CONTROL_CHARACTER.test(target) ? wrong("The model must not contain control characters.") : target;
}

/** The contract's words are the same on every wire; this one keeps them in `labels`. */
function aboutLabels(why: Fault): Fault {
  const rename = (text: string) => text.replaceAll("metadata", "labels");
  return { ...why, message: rename(why.message), ...(why.param && { param: rename(why.param) }) };
}

function toModelRequest(
  request: GeminiRequest,
  messages: ModelRequest["messages"],
  stated: RequestHints & { readonly target: string },
  hints: RequestHints,
  body: JsonObject,
): ModelRequest {
  const config = request.generationConfig ?? {};
  const system = request.systemInstruction;
  const draft: Draft<ModelRequest> = {
    operation: hints.operation ?? "chat",
    target: stated.target,
    contract: stated.contract,
    messages: system ? [readSystem(system.parts), ...messages] : messages,
    tools: readTools(request),
    sampling: readSampling(config),
    responseFormat: readFormat(config),
    stream: hints.stream === true,
    // Every stream of this wire ends with its usage.
    streamUsage: true,
    strict: stated.strict,
    origin: { wire: WIRE_ID, body, rewritten: NOT_REWRITTEN },
  };
  const toolChoice = readToolChoice(request.toolConfig);
  if (toolChoice !== undefined) draft.toolChoice = toolChoice;
  const reasoning = config.thinkingConfig ? readThinking(config.thinkingConfig) : undefined;
  if (reasoning !== undefined) draft.reasoning = reasoning;
  return draft;
}

function findConflict(request: GeminiRequest): Fault | null {
  const wrong = (param: string, message: string) => fault("invalid", "invalid_value", message, { param });
  const config = request.generationConfig;
  if (config?.responseSchema && config.responseJsonSchema) {
    const message = "`responseSchema` and `responseJsonSchema` exclude one another. Send only the latter.";
    return wrong("generationConfig.responseSchema", message);
  }
  if (typeof config?.logprobs === "number" && config.responseLogprobs !== true) {
    return wrong("generationConfig.logprobs", "`logprobs` needs `responseLogprobs` to be true.");
  }
  const thinking = config?.thinkingConfig;
  if (thinking?.thinkingLevel && typeof thinking.thinkingBudget === "number") {
    const message = "`thinkingLevel` and `thinkingBudget` exclude one another. Send only one of them.";
    return wrong("generationConfig.thinkingConfig", message);
  }
  return request.toolConfig?.functionCallingConfig ? findToolConflict(request) : null;
}

function findToolConflict(request: GeminiRequest): Fault | null {
  const param = "toolConfig.functionCallingConfig";
  const calling = request.toolConfig?.functionCallingConfig;
  if (calling?.streamFunctionCallArguments) {
    const message = "Arguments in pieces are not supported. Leave `streamFunctionCallArguments` out.";
    return fault("invalid", "unsupported_parameter", message, { param });
  }
  const known = new Set(declarations(request).map((declared) => declared.name));
  if (calling?.mode === "ANY" && known.size === 0) {
    const message = `\`${param}.mode\` is \`ANY\`, but \`tools\` declares no function. Add one.`;
    return fault("invalid", "invalid_value", message, { param: `${param}.mode` });
  }
  if (!calling?.allowedFunctionNames?.some((name) => !known.has(name))) return null;
  const message = `\`${param}.allowedFunctionNames\` names a function that \`tools\` does not declare. Add it.`;
  return fault("invalid", "invalid_value", message, { param: `${param}.allowedFunctionNames` });
}

type Declaration = NonNullable<NonNullable<GeminiRequest["tools"]>[number]["functionDeclarations"]>[number];

function declarations(request: GeminiRequest): readonly Declaration[] {
  return (request.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []);
}

function readTools(request: GeminiRequest): readonly Tool[] {
  if (!request.tools) return NO_TOOLS;
  return declarations(request).map(({ name, description, parameters, parametersJsonSchema }) => {
    const schema = parametersJsonSchema ?? (parameters ? toJsonSchema(parameters) : null);
    const tool: Draft<Tool> = { name, parameters: schema ?? { type: "object", properties: {} } };
    if (description) tool.description = description;
    return tool;
  });
}

function readToolChoice(toolConfig: GeminiToolConfig | null | undefined): ToolChoice | undefined {
  const calling = toolConfig?.functionCallingConfig;
  const [only, another] = calling?.allowedFunctionNames ?? [];
  switch (calling?.mode) {
    case "AUTO":
    case "VALIDATED":
      return { type: "auto" };
    case "NONE":
      return { type: "none" };
    case "ANY":
      return only !== undefined && another === undefined
        ? { type: "tool", name: only }
        : { type: "required" };
    default:
      return undefined;
  }
}

function readFormat(config: GeminiConfig): ResponseFormat {
  const schema = config.responseJsonSchema ?? (config.responseSchema && toJsonSchema(config.responseSchema));
  if (config.responseMimeType && config.responseMimeType !== "application/json") return TEXT;
  if (schema) return { type: "json_schema", name: SCHEMA_NAME, schema, strict: false };
  return config.responseMimeType ? { type: "json" } : TEXT;
}

function readSampling(config: GeminiConfig): Sampling {
  const sampling: Draft<Sampling> = {};
  if (typeof config.temperature === "number") sampling.temperature = config.temperature;
  if (typeof config.topP === "number") sampling.topP = config.topP;
  if (typeof config.topK === "number") sampling.topK = config.topK;
  if (typeof config.maxOutputTokens === "number") sampling.maxTokens = config.maxOutputTokens;
  if (config.stopSequences) sampling.stop = config.stopSequences;
  if (typeof config.seed === "number") sampling.seed = config.seed;
  if (typeof config.candidateCount === "number") sampling.choices = config.candidateCount;
  if (typeof config.frequencyPenalty === "number") sampling.frequencyPenalty = config.frequencyPenalty;
  if (typeof config.presencePenalty === "number") sampling.presencePenalty = config.presencePenalty;
  if (config.responseLogprobs === true) sampling.logprobs = config.logprobs ?? 0;
  return sampling;
}
