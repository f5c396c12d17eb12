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
import { parseInvokeCount } from "./count-invoke.ts";
import { WIRE_ID } from "./fields.ts";
import { readParallelCalls, readReasoning, readTopK } from "./model-fields.ts";
import { readOutputFormat } from "./output-format.ts";
import { readCachePoint, readConversation } from "./read-content.ts";
import {
  type ConverseRequest,
  converseSchema,
  countTokensSchema,
  type ToolConfig,
} from "./request-schema.ts";
import { readTarget } from "./target.ts";

export const checkRequest = plainly(converseSchema);
export const checkCount = plainly(countTokensSchema);
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const NO_TOOLS: readonly Tool[] = [];
const NO_FIELDS: JsonObject = {};
const TEXT: ResponseFormat = { type: "text" };

type Draft = { -readonly [Key in keyof ModelRequest]: ModelRequest[Key] };
type Conversation = Pick<
  ConverseRequest,
  "messages" | "system" | "toolConfig" | "additionalModelRequestFields"
>;

/** `hints.target` is the model of the path, without which there is no request. */
export function parseConverseRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  const target = readTarget(hints);
  if (!target.ok) return target;
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  if (hints.operation === "count_tokens") return parseCount(body, target.value, hints);
  const parsed = checkRequest(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const stated = readContract(parsed.data.requestMetadata, hints);
  if (!stated.ok) return stated;
  const draft = readDraft(parsed.data, target.value, body, stated.value, "");
  if ("kind" in draft) return { ok: false, fault: draft };
  const format = readOutputFormat(parsed.data.outputConfig);
  if ("kind" in format) return { ok: false, fault: format };
  draft.responseFormat = format;
  draft.stream = hints.stream === true;
  draft.streamUsage = draft.stream;
  draft.sampling = readSampling(parsed.data);
  const fields = parsed.data.additionalModelRequestFields ?? NO_FIELDS;
  const reasoning = readReasoning(fields, parsed.data.outputConfig?.effort);
  if (reasoning !== undefined) draft.reasoning = reasoning;
  const parallel = readParallelCalls(fields);
  if (parallel !== undefined) draft.parallelToolCalls = parallel;
  return ok(draft);
}

function parseCount(body: JsonObject, target: string, hints: RequestHints): Result<ModelRequest> {
  const invoke = isRecord(body.input) ? body.input.invokeModel : undefined;
  if (isRecord(invoke)) return parseInvokeCount(invoke, body, hints);
  const parsed = checkCount(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const draft = readDraft(parsed.data.input.converse, target, body, hints, "input.converse.");
  if ("kind" in draft) return { ok: false, fault: draft };
  draft.operation = "count_tokens";
  return ok(draft);
}

function readDraft(
  conversation: Conversation,
  target: string,
  body: JsonObject,
  stated: RequestHints,
  at: string,
): Draft | Fault {
  const { system, messages: sent, toolConfig } = conversation;
  const messages = readConversation(system, sent, at);
  if ("kind" in messages) return messages;
  const draft: Draft = {
    operation: "chat",
    target,
    contract: stated.contract,
    messages,
    tools: toolConfig ? readTools(toolConfig) : NO_TOOLS,
    sampling: {},
    responseFormat: TEXT,
    stream: false,
    streamUsage: false,
    strict: stated.strict,
    origin: { wire: WIRE_ID, body, rewritten: NOT_REWRITTEN },
  };
  const choice = toolConfig ? readToolChoice(toolConfig, draft.tools, `${at}toolConfig`) : undefined;
  if (choice === undefined) return draft;
  if ("kind" in choice) return choice;
  draft.toolChoice = choice;
  return draft;
}

/** Tools of the provider's own (`systemTool`) are no tools of the contract. */
function readTools({ tools }: ToolConfig): readonly Tool[] {
  const read: Tool[] = [];
  for (const { toolSpec, cachePoint } of tools) {
    const last = read[read.length - 1];
    if (cachePoint && last !== undefined) {
      read[read.length - 1] = { ...last, cache: readCachePoint(cachePoint) };
    }
    if (!toolSpec) continue;
    read.push({
      name: toolSpec.name,
      parameters: toolSpec.inputSchema.json,
      ...(toolSpec.description && { description: toolSpec.description }),
      ...(typeof toolSpec.strict === "boolean" && { strict: toolSpec.strict }),
    });
  }
  return read;
}

function readToolChoice(
  { toolChoice }: ToolConfig,
  tools: readonly Tool[],
  at: string,
): ToolChoice | Fault | undefined {
  if (!toolChoice) return undefined;
  if (toolChoice.tool) {
    const { name } = toolChoice.tool;
    if (tools.some((tool) => tool.name === name)) return { type: "tool", name };
    const message = "`toolChoice` names a tool that is not in `tools`. Add it or name another.";
    return fault("invalid", "invalid_value", message, { param: `${at}.toolChoice.tool.name` });
  }
  if (toolChoice.any) return { type: "required" };
  if (toolChoice.auto) return { type: "auto" };
  const message = "`toolChoice` must have one of the members `auto`, `any` and `tool`.";
  return fault("invalid", "missing_field", message, { param: `${at}.toolChoice` });
}

function readSampling({ inferenceConfig, additionalModelRequestFields }: ConverseRequest): Sampling {
  const sampling: { -readonly [Key in keyof Sampling]: Sampling[Key] } = {};
  const { maxTokens, temperature, topP, stopSequences } = inferenceConfig ?? {};
  if (typeof maxTokens === "number") sampling.maxTokens = maxTokens;
  if (typeof temperature === "number") sampling.temperature = temperature;
  if (typeof topP === "number") sampling.topP = topP;
  if (stopSequences) sampling.stop = stopSequences;
  const topK = additionalModelRequestFields ? readTopK(additionalModelRequestFields) : undefined;
  if (topK !== undefined) sampling.topK = topK;
  return sampling;
}
