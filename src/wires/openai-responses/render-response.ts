/** The response object around an answer's items. Owns every field that clients' types promise; knows no frame. */
import type { FinishReason, Usage } from "../../core/events.ts";
import type { Fault, FaultKind } from "../../core/faults.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";
import { renderEnd } from "./status.ts";
import { renderUsage } from "./usage.ts";

/** What stands where neither the caller nor a provider of this wire said anything. */
const DEFAULTS: JsonObject = {
  access_programs: null,
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: null,
  service_tier: null,
  // Answers are not kept here.
  store: false,
  temperature: null,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_logprobs: null,
  top_p: null,
  truncation: "disabled",
};

/** What the caller stated is told back as stated; whether an input was cut, its provider alone can say. */
const ECHOED = [
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "parallel_tool_calls",
  "prompt_cache_key",
  "reasoning",
  "safety_identifier",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "user",
] as const;

/** `response.error.code` of a response that failed; the finer code goes into the `error` event beside it. */
const ERROR_CODES: Partial<Record<FaultKind, string>> = {
  throttled: "rate_limit_exceeded",
  rate_limited: "rate_limit_exceeded",
  filtered: "invalid_prompt",
  context_overflow: "context_length_exceeded",
};

/** What is known of the response beside its output. */
export interface ResponseDraft {
  readonly id: string;
  readonly createdAt: number;
  /** Fields of a provider of the same wire that the contract does not model. */
  readonly fields: JsonObject | null;
}

/** A provider's id of this dialect as it is, so that its own logs can be asked; else made into one. */
export function responseId(provided: string | undefined, context: RenderContext): string {
  const id = provided ?? context.requestId;
  return id.startsWith("resp_") ? id : `resp_${id}`;
}

export type ResponseState =
  | { readonly status: "in_progress" }
  | { readonly status: "ended"; readonly reason: FinishReason; readonly usage: Usage | null }
  | { readonly status: "failed"; readonly fault: Fault; readonly usage: Usage | null };

export function renderResponse(
  draft: ResponseDraft,
  output: readonly JsonObject[],
  state: ResponseState,
  context: RenderContext,
): JsonObject {
  // Assigned one by one: absent fields must not hide what a provider said.
  const response: Record<string, unknown> = { ...DEFAULTS, ...draft.fields };
  const origin = context.request?.origin;
  if (origin?.wire === WIRE_ID) {
    for (const field of ECHOED) {
      const stated = origin.body[field];
      if (stated !== undefined && stated !== null) response[field] = stated;
    }
  }
  const ended = state.status === "ended" ? renderEnd(state.reason) : null;
  response.id = draft.id;
  response.object = "response";
  response.created_at = draft.createdAt;
  response.status = ended?.status ?? state.status;
  response.model = context.model;
  response.output = output;
  response.error = state.status === "failed" ? errorOf(state.fault) : null;
  response.incomplete_details = ended?.incomplete_details ?? null;
  response.usage = state.status !== "in_progress" && state.usage !== null ? renderUsage(state.usage) : null;
  if (context.labels !== undefined) response.pointsman = context.labels;
  return response;
}

function errorOf({ kind, message }: Fault): JsonObject {
  return { code: ERROR_CODES[kind] ?? "server_error", message };
}
