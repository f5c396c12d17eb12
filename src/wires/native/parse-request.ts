/** A caller's native body as the internal request. Owns what the schema cannot say: what goes with what. */

import type { Contract } from "../../core/contract.ts";
import { readContractFields } from "../../core/contract-words.ts";
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type {
  EmbeddingInput,
  Message,
  ModelRequest,
  ReasoningControl,
  ResponseFormat,
  Sampling,
  Section,
  Tool,
  ToolChoice,
} from "../../core/request.ts";
import type { Writable } from "../../core/writable.ts";
import { issueFault } from "../issues.ts";
import { plainly } from "../plain-schema.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { cacheOf, readMessages } from "./parts.ts";
import { type NativeRequest, nativeRequestSchema } from "./request-schema.ts";
import { unknownFieldFault } from "./unknown-field.ts";

const checkRequest = plainly(nativeRequestSchema);
const CONTROL_CHARACTER = /\p{Cc}/u;
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const TEXT: ResponseFormat = { type: "text" };
/** What may be asked of a model, one of them at a time. */
const QUESTIONS = ["input", "messages", "embedding"] as const;
/** What makes no sense of vectors. */
const CHAT_ONLY = ["tools", "tool_choice", "response_format", "sampling", "reasoning", "stream"] as const;

export function parseNativeRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const parsed = checkRequest(body);
  if (!parsed.success) {
    const { issues } = parsed.error;
    return { ok: false, fault: unknownFieldFault(issues) ?? issueFault(issues, body) };
  }
  const request = parsed.data;
  const conflict = findConflict(request);
  if (conflict !== null) return { ok: false, fault: conflict };
  const contract = readContract(request);
  if ("kind" in contract) return { ok: false, fault: contract };
  const messages = readQuestion(request);
  if ("kind" in messages) return { ok: false, fault: messages };
  return ok(toModelRequest(request, messages, { ...contract, ...hints.contract }, hints, body));
}

function toModelRequest(
  request: NativeRequest,
  messages: readonly Message[],
  contract: Contract,
  hints: RequestHints,
  body: JsonObject,
): ModelRequest {
  const draft: Writable<ModelRequest> = {
    operation: request.embedding ? "embed" : "chat",
    target: request.use_case,
    contract,
    messages,
    tools: (request.tools ?? []).map(readTool),
    sampling: readSampling(request.sampling ?? {}),
    responseFormat: readFormat(request.response_format),
    stream: request.stream === true,
    // Usage is part of the last event; there is none of its own to ask for.
    streamUsage: false,
    strict: hints.strict || request.strict === true,
    origin: { wire: "native", body, rewritten: NOT_REWRITTEN },
  };
  if (request.tool_choice) draft.toolChoice = readToolChoice(request.tool_choice);
  if (typeof request.parallel_tool_calls === "boolean") draft.parallelToolCalls = request.parallel_tool_calls;
  if (request.user) draft.user = request.user;
  const reasoning = readReasoning(request.reasoning ?? {});
  if (reasoning !== null) draft.reasoning = reasoning;
  if (request.embedding) draft.embedding = readEmbedding(request.embedding);
  return draft;
}

function readQuestion(request: NativeRequest): readonly Message[] | Fault {
  if (typeof request.input === "string") {
    return [{ role: "user", content: [{ type: "text", text: request.input }] }];
  }
  return request.messages ? readMessages(request.messages) : [];
}

/** The body's contract, by the same words as the headers' and the other wires' metadata. */
function readContract(request: NativeRequest): Contract | Fault {
  const fields: [string, string][] = [];
  for (const field of ["task_type", "latency_tier", "safety_level"] as const) {
    const value = request[field];
    if (typeof value === "string") fields.push([field, value]);
  }
  if (typeof request.context_window === "number") {
    fields.push(["context_window", String(request.context_window)]);
  }
  if (request.residency) fields.push(["residency", request.residency.join(",")]);
  const read = readContractFields(fields);
  if (read.ok) return read.contract;
  const wanted =
    read.field === "residency" ? 'a list of regions, for example ["eu-west-1", "eu-central-*"]' : read.wanted;
  const message = `\`${read.field}\` must be ${wanted}.`;
  return fault("invalid", "invalid_value", message, { param: read.field });
}

function findConflict(request: NativeRequest): Fault | null {
  const wrong = (code: string, param: string, message: string) => fault("invalid", code, message, { param });
  if (CONTROL_CHARACTER.test(request.use_case)) {
    return wrong("invalid_value", "use_case", "`use_case` must not contain control characters.");
  }
  const asked = QUESTIONS.filter((field) => isPresent(request[field]));
  const [first, second] = asked;
  if (first === undefined) {
    const message = "One of `input`, `messages` and `embedding` is required. Add what to ask.";
    return wrong("missing_field", "messages", message);
  }
  if (second !== undefined) {
    return wrong("invalid_value", second, `\`${second}\` cannot go with \`${first}\`. Send one of them.`);
  }
  if (request.embedding) {
    const extra = CHAT_ONLY.find((field) => isPresent(request[field]) && request[field] !== false);
    if (extra === undefined) return null;
    return wrong("invalid_value", extra, `\`${extra}\` cannot go with \`embedding\`. Remove it.`);
  }
  return request.tool_choice ? findToolConflict(request, readToolChoice(request.tool_choice)) : null;
}

function findToolConflict(request: NativeRequest, choice: ToolChoice): Fault | null {
  const tools = request.tools ?? [];
  if (choice.type === "required" && tools.length === 0) {
    const message = "`tool_choice` is `required`, but `tools` is empty. Add a tool.";
    return fault("invalid", "invalid_value", message, { param: "tool_choice" });
  }
  if (choice.type === "tool" && !tools.some((tool) => tool.name === choice.name)) {
    const message = "`tool_choice` names a tool that is not in `tools`. Add it or name another.";
    return fault("invalid", "invalid_value", message, { param: "tool_choice.name" });
  }
  return null;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readTool(tool: NonNullable<NativeRequest["tools"]>[number]): Tool {
  return {
    name: tool.name,
    parameters: tool.parameters ?? { type: "object", properties: {} },
    ...(tool.description && { description: tool.description }),
    ...(typeof tool.strict === "boolean" && { strict: tool.strict }),
    ...cacheOf(tool),
  };
}

function readToolChoice(choice: NonNullable<NativeRequest["tool_choice"]>): ToolChoice {
  return typeof choice === "string" ? { type: choice } : choice;
}

function readFormat(format: NativeRequest["response_format"]): ResponseFormat {
  if (!format || format.type === "text") return TEXT;
  if (format.type === "json") return { type: "json" };
  const { name, schema, strict } = format;
  return { type: "json_schema", name, schema, strict: strict === true };
}

function readSampling(stated: NonNullable<NativeRequest["sampling"]>): Sampling {
  const sampling: Writable<Sampling> = {};
  if (typeof stated.temperature === "number") sampling.temperature = stated.temperature;
  if (typeof stated.top_p === "number") sampling.topP = stated.top_p;
  if (typeof stated.top_k === "number") sampling.topK = stated.top_k;
  if (typeof stated.max_tokens === "number") sampling.maxTokens = stated.max_tokens;
  if (typeof stated.stop === "string") sampling.stop = [stated.stop];
  else if (stated.stop) sampling.stop = stated.stop;
  if (typeof stated.seed === "number") sampling.seed = stated.seed;
  if (typeof stated.choices === "number") sampling.choices = stated.choices;
  if (typeof stated.frequency_penalty === "number") sampling.frequencyPenalty = stated.frequency_penalty;
  if (typeof stated.presence_penalty === "number") sampling.presencePenalty = stated.presence_penalty;
  if (typeof stated.logprobs === "number") sampling.logprobs = stated.logprobs;
  return sampling;
}

function readReasoning(stated: NonNullable<NativeRequest["reasoning"]>): ReasoningControl | null {
  const { effort, budget_tokens: budgetTokens } = stated;
  if (!effort && typeof budgetTokens !== "number") return null;
  return { ...(effort && { effort }), ...(typeof budgetTokens === "number" && { budgetTokens }) };
}

function readEmbedding(stated: NonNullable<NativeRequest["embedding"]>): EmbeddingInput {
  const { inputs, dimensions, purpose } = stated;
  return { inputs, ...(dimensions && { dimensions }), ...(purpose && { purpose }) };
}
