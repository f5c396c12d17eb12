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
import { asksForTier } from "../openai-shared.ts";
import { plainly } from "../plain-schema.ts";
import { strayFields } from "../stray-fields.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";
import { readMessages } from "./messages.ts";
import { type ChatRequest, type ChatResponseFormat, chatRequestSchema } from "./request-schema.ts";

const checkRequest = plainly(chatRequestSchema);
const CONTROL_CHARACTER = /\p{Cc}/u;
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const NO_TOOLS: readonly Tool[] = [];
const TEXT: ResponseFormat = { type: "text" };

export function parseChatRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const legacy = refuseUnsupported(body);
  if (legacy !== null) return { ok: false, fault: legacy };
  const parsed = checkRequest(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const request = parsed.data;
  const conflict = findConflict(request);
  if (conflict !== null) return { ok: false, fault: conflict };
  const stated = readContract(request.metadata, hints);
  if (!stated.ok) return stated;
  const messages = readMessages(request.messages);
  if ("kind" in messages) return { ok: false, fault: messages };
  return ok(toModelRequest(request, messages, stated.value, body));
}

function toModelRequest(
  request: ChatRequest,
  messages: ModelRequest["messages"],
  stated: RequestHints,
  body: JsonObject,
): ModelRequest {
  const draft: { -readonly [Key in keyof ModelRequest]: ModelRequest[Key] } = {
    operation: "chat",
    target: request.model,
    contract: stated.contract,
    messages,
    tools: request.tools ? readTools(request.tools) : NO_TOOLS,
    sampling: readSampling(request),
    responseFormat: request.response_format ? readFormat(request.response_format) : TEXT,
    stream: request.stream === true,
    streamUsage: request.stream_options?.include_usage === true,
    strict: stated.strict,
    origin: { wire: WIRE_ID, body, rewritten: NOT_REWRITTEN },
  };
  if (request.tool_choice) draft.toolChoice = readToolChoice(request.tool_choice);
  if (typeof request.parallel_tool_calls === "boolean") draft.parallelToolCalls = request.parallel_tool_calls;
  const user = request.user || request.safety_identifier;
  if (user) draft.user = user;
  if (request.reasoning_effort) draft.reasoning = { effort: request.reasoning_effort };
  return draft;
}

/** Fields that say nothing a model would have to honour, and what clients send back of an answer. */
const NEUTRAL: ReadonlySet<string> = new Set([
  "store",
  // Told of below where another than the usual one is asked for.
  "service_tier",
  // Which of its caches a provider looks into first is no part of an answer.
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "stream_options.include_obfuscation",
  "messages[].annotations",
  "messages[].parsed",
  "messages[].reasoning",
  "messages[].reasoning_details",
  "messages[].tool_calls[].function.parsed_arguments",
  "messages[].tool_calls[].index",
]);

/** The body's fields that the contract does not model. */
export function chatBeyondContract({ origin: { body } }: ModelRequest): readonly string[] {
  const read = checkRequest(body);
  const stray = strayFields(body, read.success ? read.data : body, NEUTRAL);
  return asksForTier(body) ? [...stray, "service_tier"] : stray;
}

/** What older clients and other modalities send; each is told what to use in its place. */
function refuseUnsupported(body: JsonObject): Fault | null {
  const refuse = (param: string, message: string) =>
    fault("invalid", "unsupported_parameter", message, { param });
  if (present(body.functions)) {
    return refuse("functions", "`functions` is not supported. Use `tools` with `type: function`.");
  }
  if (present(body.function_call)) {
    return refuse("function_call", "`function_call` is not supported. Use `tool_choice`.");
  }
  if (present(body.audio) || (Array.isArray(body.modalities) && body.modalities.includes("audio"))) {
    const param = present(body.audio) ? "audio" : "modalities";
    return refuse(param, "Audio output is not supported. Ask for text alone.");
  }
  return null;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function findConflict(request: ChatRequest): Fault | null {
  const wrong = (param: string, message: string) => fault("invalid", "invalid_value", message, { param });
  if (CONTROL_CHARACTER.test(request.model)) {
    return wrong("model", "`model` must not contain control characters.");
  }
  const { max_tokens: older, max_completion_tokens: newer } = request;
  if (present(older) && present(newer) && older !== newer) {
    return wrong("max_tokens", "`max_tokens` contradicts `max_completion_tokens`. Send only the latter.");
  }
  if (present(request.top_logprobs) && request.logprobs !== true) {
    return wrong("top_logprobs", "`top_logprobs` needs `logprobs` to be true.");
  }
  if (request.stream_options && request.stream !== true) {
    return wrong("stream_options", "`stream_options` needs `stream` to be true.");
  }
  if (request.tool_choice) return findToolConflict(request, request.tool_choice);
  return null;
}

function findToolConflict(
  request: ChatRequest,
  choice: NonNullable<ChatRequest["tool_choice"]>,
): Fault | null {
  const tools = request.tools ?? [];
  if (choice === "required" && tools.length === 0) {
    const message = "`tool_choice` is `required`, but `tools` is empty. Add a tool.";
    return fault("invalid", "invalid_value", message, { param: "tool_choice" });
  }
  if (typeof choice === "object" && !tools.some((tool) => tool.function.name === choice.function.name)) {
    const message = "`tool_choice` names a function that is not in `tools`. Add it or name another.";
    return fault("invalid", "invalid_value", message, { param: "tool_choice.function.name" });
  }
  return null;
}

function readTools(tools: NonNullable<ChatRequest["tools"]>): readonly Tool[] {
  return tools.map(({ function: declared }) => ({
    name: declared.name,
    parameters: declared.parameters ?? { type: "object", properties: {} },
    ...(declared.description && { description: declared.description }),
    ...(typeof declared.strict === "boolean" && { strict: declared.strict }),
  }));
}

function readToolChoice(choice: NonNullable<ChatRequest["tool_choice"]>): ToolChoice {
  return typeof choice === "string" ? { type: choice } : { type: "tool", name: choice.function.name };
}

function readFormat(format: ChatResponseFormat): ResponseFormat {
  if (format.type === "text") return TEXT;
  if (format.type === "json_object") return { type: "json" };
  const { name, schema, strict } = format.json_schema;
  return { type: "json_schema", name, schema: schema ?? {}, strict: strict === true };
}

function readSampling(request: ChatRequest): Sampling {
  const sampling: { -readonly [Key in keyof Sampling]: Sampling[Key] } = {};
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  if (typeof request.temperature === "number") sampling.temperature = request.temperature;
  if (typeof request.top_p === "number") sampling.topP = request.top_p;
  if (typeof maxTokens === "number") sampling.maxTokens = maxTokens;
  if (typeof request.stop === "string") sampling.stop = [request.stop];
  else if (request.stop) sampling.stop = request.stop;
  if (typeof request.seed === "number") sampling.seed = request.seed;
  if (typeof request.n === "number") sampling.choices = request.n;
  if (typeof request.frequency_penalty === "number") sampling.frequencyPenalty = request.frequency_penalty;
  if (typeof request.presence_penalty === "number") sampling.presencePenalty = request.presence_penalty;
  if (request.logprobs === true) sampling.logprobs = request.top_logprobs ?? 0;
  return sampling;
}
