/** A request in the provider's terms. Owns which fields are sent; whether the model may serve was decided before. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, Sampling, Tool, ToolChoice } from "../../core/request.ts";
import { withoutContract } from "../contract-metadata.ts";
import { modelBehind } from "../model-version.ts";
import type { OwnMessages } from "../own-messages.ts";
import type { JsonObject, Lowered, LowerTarget } from "../wire.ts";
import {
  type OwnContent,
  ownContents,
  renderConversation,
  withoutCallIds,
  withoutEmptyTexts,
} from "./contents.ts";
import { WIRE_ID } from "./fields.ts";
import { isInWords, renderFormat } from "./format.ts";
import { demandsSignatures, withSignedCalls } from "./signature.ts";
import { renderThinking, rewordThinking } from "./thinking.ts";
import { removeUnsupported } from "./unsupported.ts";

type Fields = Record<string, unknown>;

const SAMPLING_FIELDS = [
  "temperature",
  "topP",
  "topK",
  "maxOutputTokens",
  "stopSequences",
  "seed",
  "candidateCount",
  "frequencyPenalty",
  "presencePenalty",
  "responseLogprobs",
  "logprobs",
];
const FORMAT_FIELDS = ["responseMimeType", "responseSchema", "responseJsonSchema"];
/** Of a request to count tokens at a server that takes no whole request. */
const COUNTED_FIELDS = ["contents", "systemInstruction", "tools"];

/** Names in `unsupported` that stand for a shape of the body: both are Vertex AI's. */
const CALL_IDS = "functionCall.id";
const WHOLE_REQUEST = "generateContentRequest";

/**
 * `/models/{model}:{method}`, the method by what is asked. Streams come as server-sent events only if the
 * query says so.
 */
export function geminiPath(request: ModelRequest, target: LowerTarget): string {
  const model = encodeURIComponent(bareModel(target.modelId));
  if (request.operation === "count_tokens") return `/models/${model}:countTokens`;
  return request.stream
    ? `/models/${model}:streamGenerateContent?alt=sse`
    : `/models/${model}:generateContent`;
}

export function bareModel(modelId: string): string {
  return modelId.startsWith("models/") ? modelId.slice("models/".length) : modelId;
}

/**
 * The body to send. A request that came in on this wire keeps every field of its body but those that are
 * ours, were rewritten, or that the target refuses; each control lost is a warning, or under `strict` a
 * fault (`invalid`, `unsupported_control`).
 */
export function lowerGemini(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const isOwn = request.origin.wire === WIRE_ID;
  const body = isOwn ? fromOrigin(request, target) : fromContract(request, target);
  const config: Fields = isRecord(body.generationConfig) ? { ...body.generationConfig } : {};
  if (!isOwn || request.origin.rewritten.has("sampling")) renderSampling(config, request.sampling);
  if (!isOwn || reformats(request, target)) renderFormat(body, config, request, target);
  if (request.reasoning !== undefined) {
    const { reasoning } = request;
    if (!isOwn) config.thinkingConfig = renderThinking(reasoning, modelBehind(target));
    else if (request.origin.rewritten.has("reasoning")) {
      config.thinkingConfig = rewordThinking(config.thinkingConfig, reasoning, modelBehind(target));
    }
  }
  const warnings = removeUnsupported(body, config, request, target);
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  if (target.unsupported.has(CALL_IDS)) body.contents = withoutCallIds(body.contents);
  if (Object.keys(config).length > 0) body.generationConfig = config;
  else if ("generationConfig" in body) delete body.generationConfig;
  return ok({ body: request.operation === "count_tokens" ? countingBody(body, target) : body, warnings });
}

function fromOrigin(request: ModelRequest, target: LowerTarget): Fields {
  const { body: sent, rewritten } = request.origin;
  const body: Fields = { ...sent };
  if ("model" in body) delete body.model;
  if ("labels" in body) {
    const labels = withoutContract(body.labels);
    if (labels === undefined) delete body.labels;
    else body.labels = labels;
  }
  if (rewritten.has("messages")) {
    delete body.systemInstruction;
    renderMessages(body, request, target, ownContents(request));
  }
  if (body.contents !== undefined) body.contents = withoutEmptyTexts(body.contents);
  if (request.tools.length > 0 && demandsSignatures(target.modelId)) {
    body.contents = withSignedCalls(body.contents);
  }
  const reformatted = reformats(request, target);
  if (rewritten.size === 0 && !reformatted) return body;
  const cleared: Fields = isRecord(body.generationConfig) ? { ...body.generationConfig } : {};
  if (rewritten.has("sampling")) for (const field of SAMPLING_FIELDS) delete cleared[field];
  if (reformatted) for (const field of FORMAT_FIELDS) delete cleared[field];
  body.generationConfig = cleared;
  return body;
}

/** Whether the format of a caller's own body is said anew. */
function reformats(request: ModelRequest, target: LowerTarget): boolean {
  return request.origin.rewritten.has("responseFormat") || isInWords(request, target);
}

function fromContract(request: ModelRequest, target: LowerTarget): Fields {
  const body: Fields = {};
  renderMessages(body, request, target);
  if (request.tools.length > 0) body.tools = [{ functionDeclarations: request.tools.map(renderTool) }];
  if (request.toolChoice !== undefined) body.toolConfig = renderToolChoice(request.toolChoice);
  return body;
}

function renderMessages(
  body: Fields,
  request: ModelRequest,
  target: LowerTarget,
  own?: OwnMessages<OwnContent>,
): void {
  const { contents, systemInstruction } = renderConversation(request.messages, target.modelId, own);
  body.contents = contents;
  if (systemInstruction !== null) body.systemInstruction = systemInstruction;
}

function renderTool(tool: Tool): JsonObject {
  const description = tool.description === undefined ? {} : { description: tool.description };
  return { name: tool.name, ...description, parametersJsonSchema: tool.parameters };
}

const MODES = { auto: "AUTO", none: "NONE", required: "ANY" } as const;

function renderToolChoice(choice: ToolChoice): JsonObject {
  const isOne = choice.type === "tool";
  const allowed = isOne ? { allowedFunctionNames: [choice.name] } : {};
  return { functionCallingConfig: { mode: isOne ? "ANY" : MODES[choice.type], ...allowed } };
}

function renderSampling(config: Fields, sampling: Sampling): void {
  if (sampling.temperature !== undefined) config.temperature = sampling.temperature;
  if (sampling.topP !== undefined) config.topP = sampling.topP;
  if (sampling.topK !== undefined) config.topK = sampling.topK;
  if (sampling.maxTokens !== undefined) config.maxOutputTokens = sampling.maxTokens;
  if (sampling.stop !== undefined) config.stopSequences = sampling.stop;
  if (sampling.seed !== undefined) config.seed = sampling.seed;
  if (sampling.choices !== undefined) config.candidateCount = sampling.choices;
  if (sampling.frequencyPenalty !== undefined) config.frequencyPenalty = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) config.presencePenalty = sampling.presencePenalty;
  if (sampling.logprobs === undefined) return;
  config.responseLogprobs = true;
  if (sampling.logprobs > 0) config.logprobs = sampling.logprobs;
}

/** What shall be counted: the whole request where the server takes one, which it needs for more than contents. */
function countingBody(body: Fields, target: LowerTarget): JsonObject {
  if (body.systemInstruction === undefined && body.tools === undefined) return { contents: body.contents };
  if (!target.unsupported.has(WHOLE_REQUEST)) {
    return { generateContentRequest: { model: `models/${bareModel(target.modelId)}`, ...body } };
  }
  return Object.fromEntries(COUNTED_FIELDS.flatMap((field) => (field in body ? [[field, body[field]]] : [])));
}
