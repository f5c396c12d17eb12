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
import { INCLUDE_LOGPROBS } from "./include.ts";
import { readInput } from "./input.ts";
import {
  functionToolSchema,
  type ResponsesFormat,
  type ResponsesRequest,
  responsesRequestSchema,
} from "./request-schema.ts";

export const checkRequest = plainly(responsesRequestSchema);
const CONTROL_CHARACTER = /\p{Cc}/u;
const NOT_REWRITTEN: ReadonlySet<Section> = new Set();
const TEXT: ResponseFormat = { type: "text" };

export function parseResponsesRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const stateful = refuseState(body);
  if (stateful !== null) return { ok: false, fault: stateful };
  const parsed = checkRequest(body);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, body) };
  const request = parsed.data;
  if (CONTROL_CHARACTER.test(request.model)) {
    const message = "`model` must not contain control characters.";
    return failed("invalid", "invalid_value", message, { param: "model" });
  }
  const stated = readContract(request.metadata, hints);
  if (!stated.ok) return stated;
  const tools = readTools(request.tools ?? [], body);
  if ("kind" in tools) return { ok: false, fault: tools };
  const choice = readToolChoice(request, tools);
  if (choice !== null && "kind" in choice) return { ok: false, fault: choice };
  const messages = readInput(request, body);
  if ("kind" in messages) return { ok: false, fault: messages };
  return ok(toModelRequest(request, { messages, tools, choice, stated: stated.value, body }));
}

interface Sections {
  readonly messages: ModelRequest["messages"];
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice | null;
  readonly stated: RequestHints;
  readonly body: JsonObject;
}

function toModelRequest(request: ResponsesRequest, sections: Sections): ModelRequest {
  const draft: { -readonly [Key in keyof ModelRequest]: ModelRequest[Key] } = {
    operation: "chat",
    target: request.model,
    contract: sections.stated.contract,
    messages: sections.messages,
    tools: sections.tools,
    sampling: readSampling(request),
    responseFormat: request.text?.format ? readFormat(request.text.format) : TEXT,
    stream: request.stream === true,
    // Usage is part of the last event; there is none of its own to ask for.
    streamUsage: false,
    strict: sections.stated.strict,
    origin: { wire: WIRE_ID, body: sections.body, rewritten: NOT_REWRITTEN },
  };
  if (sections.choice !== null) draft.toolChoice = sections.choice;
  if (typeof request.parallel_tool_calls === "boolean") draft.parallelToolCalls = request.parallel_tool_calls;
  const user = request.user || request.safety_identifier;
  if (user) draft.user = user;
  const effort = request.reasoning?.effort;
  // The contract's scale ends one step below this wire's.
  if (effort) draft.reasoning = { effort: effort === "max" ? "xhigh" : effort };
  return draft;
}

/** What a server that keeps answers could do; each is told what to send in its place. */
function refuseState(body: JsonObject): Fault | null {
  const refuse = (param: string, message: string) =>
    fault("invalid", "unsupported_parameter", message, { param });
  const resend =
    "Answers are not kept here: send the earlier items again in `input`, as with `store: false`.";
  for (const field of ["previous_response_id", "conversation"]) {
    if (present(body[field])) return refuse(field, `\`${field}\` is not supported. ${resend}`);
  }
  if (body.background === true) {
    return refuse("background", "`background` is not supported. Wait for the answer, or ask for a stream.");
  }
  if (present(body.prompt)) {
    return refuse("prompt", "`prompt` is not supported. Send its text in `instructions` and `input`.");
  }
  return null;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The functions; tools that the provider runs itself stay in the body, for a provider of this wire. */
function readTools(tools: NonNullable<ResponsesRequest["tools"]>, body: JsonObject): readonly Tool[] | Fault {
  const read: Tool[] = [];
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "function") continue;
    const parsed = functionToolSchema.safeParse(tool);
    if (!parsed.success) {
      const issues = parsed.error.issues;
      return issueFault(
        issues.map((issue) => ({ ...issue, path: ["tools", index, ...issue.path] })),
        body,
      );
    }
    const { name, description, parameters, strict } = parsed.data;
    read.push({
      name,
      parameters: parameters ?? { type: "object", properties: {} },
      ...(description && { description }),
      ...(typeof strict === "boolean" && { strict }),
    });
  }
  return read;
}

/** Null: none stated, or one that only a provider of this wire understands. */
function readToolChoice(request: ResponsesRequest, tools: readonly Tool[]): ToolChoice | Fault | null {
  const choice = request.tool_choice;
  if (choice === undefined || choice === null) return null;
  const wrong = (code: string, param: string, message: string) => fault("invalid", code, message, { param });
  if (typeof choice === "string") {
    if (choice !== "required" || request.tools?.length) return { type: choice };
    const message = "`tool_choice` is `required`, but `tools` is empty. Add a tool.";
    return wrong("invalid_value", "tool_choice", message);
  }
  if (choice.type !== "function") return null;
  const { name } = choice;
  if (typeof name !== "string" || name === "") {
    const message = "`tool_choice.name` is required. Add the name of a function in `tools`.";
    return wrong("missing_field", "tool_choice.name", message);
  }
  if (tools.some((tool) => tool.name === name)) return { type: "tool", name };
  const message = "`tool_choice` names a function that is not in `tools`. Add it or name another.";
  return wrong("invalid_value", "tool_choice.name", message);
}

function readFormat(format: ResponsesFormat): ResponseFormat {
  if (format.type === "text") return TEXT;
  if (format.type === "json_object") return { type: "json" };
  const { name, schema, strict } = format;
  return { type: "json_schema", name, schema, strict: strict === true };
}

function readSampling(request: ResponsesRequest): Sampling {
  const sampling: { -readonly [Key in keyof Sampling]: Sampling[Key] } = {};
  if (typeof request.temperature === "number") sampling.temperature = request.temperature;
  if (typeof request.top_p === "number") sampling.topP = request.top_p;
  if (typeof request.max_output_tokens === "number") sampling.maxTokens = request.max_output_tokens;
  const alternatives = request.top_logprobs ?? 0;
  if (alternatives > 0 || request.include?.includes(INCLUDE_LOGPROBS)) sampling.logprobs = alternatives;
  return sampling;
}
