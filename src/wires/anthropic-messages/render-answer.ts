/** Events as the caller's whole answer of this wire. Owns how pieces are joined into content blocks. */
import type { FinishReason, StreamEvent, Usage } from "../../core/events.ts";
import { endLabels } from "../end-labels.ts";
import { toInput } from "../tool-input.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, WIRE_ID } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { messageId, UNSAID } from "./render.ts";
import { inputTokens, renderUsage } from "./usage.ts";

type BlockDraft =
  | { readonly kind: "text"; text: string; readonly fields: JsonObject | null; citations: unknown[] | null }
  | { readonly kind: "thinking"; text: string; signature: string }
  | { readonly kind: "tool"; readonly call: JsonObject; text: string }
  | { readonly kind: "whole"; readonly block: JsonObject };

interface AnswerDraft {
  id: string | undefined;
  message: JsonObject | null;
  endDelta: JsonObject | null;
  endEvent: JsonObject | null;
  usage: Usage | null;
  estimated: boolean;
  reason: FinishReason | null;
  refused: boolean;
  readonly blocks: BlockDraft[];
  /** By the call's index in the events. */
  readonly calls: Extract<BlockDraft, { kind: "tool" }>[];
}

/**
 * A `message` of everything that `events` say of the first choice: the wire has no others. A count of tokens
 * is answered with `{input_tokens}`, cached ones among them.
 */
export function renderMessagesAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const draft: AnswerDraft = {
    id: undefined,
    message: null,
    endDelta: null,
    endEvent: null,
    usage: null,
    estimated: false,
    reason: null,
    refused: false,
    blocks: [],
    calls: [],
  };
  for (const event of events) collect(event, draft);
  if (context.request?.operation === "count_tokens") return renderCount(draft.usage, context);
  const answer: Record<string, unknown> = { ...UNSAID, ...draft.message };
  Object.assign(answer, draft.endEvent, draft.endDelta);
  answer.id = messageId(draft.id, context);
  answer.type = "message";
  answer.role = "assistant";
  answer.model = context.model;
  answer.content = draft.blocks.map(renderBlock);
  answer.stop_reason = draft.refused ? "refusal" : draft.reason === null ? null : renderFinish(draft.reason);
  answer.stop_sequence = draft.reason?.stopSequence ?? null;
  answer.usage = renderUsage(draft.usage, context.estimatedInputTokens);
  const labels = endLabels(context, draft.estimated);
  if (labels !== undefined) answer.pointsman = labels;
  return answer;
}

function renderCount(usage: Usage | null, context: RenderContext): JsonObject {
  const counted = usage === null ? context.estimatedInputTokens : inputTokens(usage);
  return context.labels === undefined
    ? { input_tokens: counted }
    : { input_tokens: counted, pointsman: context.labels };
}

function collect(event: StreamEvent, draft: AnswerDraft): void {
  switch (event.type) {
    case "start":
      draft.id = event.id;
      draft.message = fromExtra(event.extra, "message");
      return;
    case "usage":
      draft.usage = event.usage;
      return;
    case "finish":
      draft.usage = event.usage ?? draft.usage;
      draft.estimated = event.estimated === true;
      draft.reason ??= event.reason;
      return;
    case "fault":
    case "embedding":
      return;
    default:
      if (event.choice === 0) collectContent(event, draft);
  }
}

function collectContent(event: Extract<StreamEvent, { choice: number }>, draft: AnswerDraft): void {
  switch (event.type) {
    case "text":
      addText(draft, event.text, fromExtra(event.extra, "block"));
      return;
    case "refusal":
      addText(draft, event.text, null);
      draft.refused = true;
      return;
    case "reasoning":
      addReasoning(draft, event);
      return;
    case "tool_call": {
      const { id, name } = event;
      const call = { ...fromExtra(event.extra, "block"), type: "tool_use", id, name };
      const block: Extract<BlockDraft, { kind: "tool" }> = { kind: "tool", call, text: "" };
      draft.calls[event.index] = block;
      draft.blocks.push(block);
      return;
    }
    case "tool_arguments": {
      const call = draft.calls[event.index];
      if (call !== undefined) call.text += event.text;
      return;
    }
    case "opaque":
      if (event.extra.wire === WIRE_ID) addOpaque(draft, event.extra.fields);
      return;
    case "choice_end":
      draft.reason = event.reason;
      draft.endDelta = fromExtra(event.extra, "delta");
      draft.endEvent = fromExtra(event.extra, "event");
  }
}

function addText(draft: AnswerDraft, text: string, fields: JsonObject | null): void {
  const last = draft.blocks[draft.blocks.length - 1];
  if (last?.kind === "text" && fields === null) last.text += text;
  else draft.blocks.push({ kind: "text", text, fields, citations: null });
}

function addReasoning(draft: AnswerDraft, event: Extract<StreamEvent, { type: "reasoning" }>): void {
  if (event.redacted !== undefined) {
    draft.blocks.push({ kind: "whole", block: { type: "redacted_thinking", data: event.redacted } });
    return;
  }
  const last = draft.blocks[draft.blocks.length - 1];
  if (last?.kind === "thinking" && last.signature === "") {
    last.text += event.text;
    last.signature = event.signature ?? "";
  } else draft.blocks.push({ kind: "thinking", text: event.text, signature: event.signature ?? "" });
}

function addOpaque(draft: AnswerDraft, fields: JsonObject): void {
  if (fields.type !== "citations_delta") {
    draft.blocks.push({ kind: "whole", block: fields });
    return;
  }
  let last = draft.blocks[draft.blocks.length - 1];
  if (last?.kind !== "text") {
    last = { kind: "text", text: "", fields: null, citations: null };
    draft.blocks.push(last);
  }
  last.citations = [...(last.citations ?? []), fields.citation];
}

function renderBlock(draft: BlockDraft): JsonObject {
  switch (draft.kind) {
    case "text": {
      const block: Record<string, unknown> = { ...draft.fields };
      block.type = "text";
      block.text = draft.text;
      const known = Array.isArray(block.citations) ? block.citations : null;
      if (draft.citations !== null) block.citations = [...(known ?? []), ...draft.citations];
      else if (known === null) block.citations = null;
      return block;
    }
    case "thinking":
      return { type: "thinking", thinking: draft.text, signature: draft.signature };
    case "tool":
      return { ...draft.call, input: toInput(draft.text) };
    case "whole":
      return draft.block;
  }
}
