/** A caller's body as the internal request. Owns what the schema cannot say: what goes with what. */
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type {
  Effort,
  ModelRequest,
  ReasoningControl,
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
import { readMessages, readSystem } from "./content.ts";
import { WIRE_ID } from "./fields.ts";
import { type MessagesRequest, messagesRequestSchema } from "./request-schema.ts";

const checkRequest = plainly(messagesRequestSchema);
const CONTROL_CHARACTER = /\p{Cc}/u;
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const TEXT: ResponseFormat = { type: "text" };
/** The wire has no name for a schema; other wires must give one. */
const SCHEMA_NAME = "response";

type CustomTool = NonNullable<NonNullable<MessagesRequest["tools"]>[number]>;

export function parseMessagesRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const foreign = refuseForeignTools(body);
  if (foreign !== null) return { ok: false, fault: foreign };
  const parsed = checkRequest(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const request = parsed.data;
  const conflict = findConflict(request, hints);
  if (conflict !== null) return { ok: false, fault: conflict };
  const metadata = contractWords(request.metadata);
  if ("kind" in metadata) return { ok: false, fault: metadata };
  const stated = readContract(metadata.words, hints);
  if (!stated.ok) return stated;
  const messages = readMessages(request.messages);
  if ("kind" in messages) return { ok: false, fault: messages };
  const system = readSystem(request.system);
  const all = system === null ? messages : [system, ...messages];
  return ok(toModelRequest(request, all, { ...hints, ...stated.value }, body));
}

function toModelRequest(
  request: MessagesRequest,
  messages: ModelRequest["messages"],
  hints: RequestHints,
  body: JsonObject,
): ModelRequest {
  const format = request.output_config?.format ?? request.output_format;
  const draft: { -readonly [Key in keyof ModelRequest]: ModelRequest[Key] } = {
    operation: hints.operation ?? "chat",
    target: request.model,
    contract: hints.contract,
    messages,
    tools: (request.tools ?? []).flatMap((tool) => (tool === null ? [] : [readTool(tool)])),
    sampling: readSampling(request),
    responseFormat: format
      ? { type: "json_schema", name: SCHEMA_NAME, schema: format.schema, strict: true }
      : TEXT,
    stream: request.stream === true,
    // A stream of this wire always tells its usage.
    streamUsage: request.stream === true,
    strict: hints.strict,
    origin: {
      wire: WIRE_ID,
      body,
      rewritten: NOT_REWRITTEN,
      ...(hints.headers && { headers: hints.headers }),
    },
  };
  const { tool_choice: choice } = request;
  if (choice) draft.toolChoice = readToolChoice(choice);
  if (choice && choice.type !== "none" && typeof choice.disable_parallel_tool_use === "boolean") {
    draft.parallelToolCalls = !choice.disable_parallel_tool_use;
  }
  const reasoning = readReasoning(request);
  if (reasoning !== null) draft.reasoning = reasoning;
  if (request.metadata?.user_id) draft.user = request.metadata.user_id;
  return draft;
}

/** OpenAI's tools, which the schema would take for one of the provider's own. */
function refuseForeignTools(body: JsonObject): Fault | null {
  if (!Array.isArray(body.tools)) return null;
  const index = body.tools.findIndex((tool) => isRecord(tool) && tool.type === "function");
  if (index === -1) return null;
  const message = `\`tools[${index}].type\` must be \`custom\` or absent, with \`name\` and \`input_schema\` beside it.`;
  return fault("invalid", "unsupported_value", message, { param: `tools[${index}].type` });
}

function findConflict(request: MessagesRequest, hints: RequestHints): Fault | null {
  const wrong = (param: string, message: string) => fault("invalid", "invalid_value", message, { param });
  if (CONTROL_CHARACTER.test(request.model)) {
    return wrong("model", "`model` must not contain control characters.");
  }
  if (typeof request.max_tokens !== "number" && hints.operation !== "count_tokens") {
    const message = "`max_tokens` is required. Add it as an integer.";
    return fault("invalid", "missing_field", message, { param: "max_tokens" });
  }
  const { tool_choice: choice } = request;
  if (!choice || choice.type === "auto" || choice.type === "none") return null;
  const tools = request.tools ?? [];
  if (tools.length === 0) {
    return wrong("tool_choice", "`tool_choice` asks for a tool, but `tools` is empty. Add a tool.");
  }
  // The names of the provider's own tools are not known here.
  if (choice.type === "any" || tools.includes(null)) return null;
  if (tools.some((tool) => tool?.name === choice.name)) return null;
  const message = "`tool_choice` names a tool that is not in `tools`. Add it or name another.";
  return wrong("tool_choice.name", message);
}

/** The `pointsman_*` keys of the metadata; the official clients' type has none, but sends them along. */
function contractWords(metadata: MessagesRequest["metadata"]): { words: Record<string, string> } | Fault {
  const words: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (!key.startsWith("pointsman_")) continue;
    if (typeof value === "string") words[key] = value;
    else {
      const message = "The keys of `metadata` that start with pointsman_ must be strings.";
      return fault("invalid", "invalid_type", message, { param: "metadata" });
    }
  }
  return { words };
}

function readTool(tool: CustomTool): Tool {
  const cache = tool.cache_control;
  return {
    name: tool.name,
    parameters: tool.input_schema,
    ...(tool.description && { description: tool.description }),
    ...(typeof tool.strict === "boolean" && { strict: tool.strict }),
    ...(cache && { cache: cache.ttl ? { ttl: cache.ttl } : {} }),
  };
}

function readToolChoice(choice: NonNullable<MessagesRequest["tool_choice"]>): ToolChoice {
  if (choice.type === "tool") return { type: "tool", name: choice.name };
  return { type: choice.type === "any" ? "required" : choice.type };
}

function readSampling(request: MessagesRequest): Sampling {
  const sampling: { -readonly [Key in keyof Sampling]: Sampling[Key] } = {};
  if (typeof request.max_tokens === "number") sampling.maxTokens = request.max_tokens;
  if (typeof request.temperature === "number") sampling.temperature = request.temperature;
  if (typeof request.top_p === "number") sampling.topP = request.top_p;
  if (typeof request.top_k === "number") sampling.topK = request.top_k;
  if (request.stop_sequences) sampling.stop = request.stop_sequences;
  return sampling;
}

/**
 * Adaptive thinking is as deep as the effort says, which is high unless stated. Thinking between tool calls
 * alone has no word in the contract: to other wires it is none.
 */
function readReasoning(request: MessagesRequest): ReasoningControl | null {
  const stated = request.output_config?.effort;
  const effort: Effort | undefined = stated === "max" ? "xhigh" : (stated ?? undefined);
  switch (request.thinking?.type) {
    case "enabled": {
      const budgetTokens = request.thinking.budget_tokens;
      return effort === undefined ? { budgetTokens } : { effort, budgetTokens };
    }
    case "adaptive":
      return { effort: effort ?? "high" };
    case "disabled":
    case "between_tools":
      return { effort: "none" };
    default:
      return effort === undefined ? null : { effort };
  }
}
