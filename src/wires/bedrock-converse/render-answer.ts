/** Events as the caller's whole answer of this wire. Owns how pieces are joined into blocks. */
import { type Extra, type FinishReason, NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { endLabels } from "../end-labels.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { asBlob } from "./blob.ts";
import { fromExtra } from "./fields.ts";
import { metadataFields, stopFields } from "./render.ts";

type BlockDraft =
  | { readonly kind: "text"; text: string; readonly citations: unknown[] }
  | { readonly kind: "reasoning"; text: string; signature: string | undefined }
  | { readonly kind: "call"; readonly id: string; readonly name: string; text: string }
  | { readonly kind: "whole"; readonly block: JsonObject };

interface AnswerDraft {
  readonly blocks: BlockDraft[];
  /** Tool calls by their index. */
  readonly calls: Extract<BlockDraft, { kind: "call" }>[];
  end: { readonly reason: FinishReason; readonly extra?: Extra };
  usage: Usage | null;
  estimated: boolean;
  usageExtra: Extra | undefined;
}

/** A Converse answer of everything that `events` say, or the count of tokens where that was asked for. */
export function renderConverseAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const draft: AnswerDraft = {
    blocks: [],
    calls: [],
    end: { reason: { unified: "stop", raw: null } },
    usage: null,
    estimated: false,
    usageExtra: undefined,
  };
  for (const event of events) collect(event, draft);
  const usage = draft.usage ?? NO_USAGE;
  if (context.request?.operation === "count_tokens") {
    return { inputTokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens };
  }
  return {
    output: { message: { role: "assistant", content: draft.blocks.map(renderBlock) } },
    ...stopFields(draft.end),
    ...metadataFields(usage, draft.usageExtra, endLabels(context, draft.estimated)),
  };
}

function collect(event: StreamEvent, draft: AnswerDraft): void {
  switch (event.type) {
    case "usage":
      draft.usage = event.usage;
      draft.usageExtra = event.extra;
      return;
    case "finish":
      draft.usage = event.usage ?? draft.usage;
      draft.estimated = event.estimated === true;
      return;
    case "start":
    case "fault":
    case "embedding":
      return;
    default:
      // The wire has room for one choice.
      if (event.choice === 0) collectContent(event, draft);
  }
}

function collectContent(event: Extract<StreamEvent, { choice: number }>, draft: AnswerDraft): void {
  switch (event.type) {
    case "text":
    case "refusal":
      textBlock(draft).text += event.text;
      return;
    case "reasoning":
      collectReasoning(event, draft);
      return;
    case "tool_call": {
      const call = { kind: "call" as const, id: event.id, name: event.name, text: "" };
      draft.blocks.push(call);
      draft.calls[event.index] = call;
      return;
    }
    case "tool_arguments": {
      const call = draft.calls[event.index];
      if (call !== undefined) call.text += event.text;
      return;
    }
    case "opaque":
      collectOpaque(fromExtra(event.extra), draft);
      return;
    case "choice_end":
      draft.end = event;
  }
}

function collectReasoning(
  { text, signature, redacted }: Extract<StreamEvent, { type: "reasoning" }>,
  draft: AnswerDraft,
): void {
  if (redacted !== undefined) {
    const block = { reasoningContent: { redactedContent: asBlob(redacted) } };
    draft.blocks.push({ kind: "whole", block });
    return;
  }
  const last = draft.blocks[draft.blocks.length - 1];
  // A signature ends its block.
  if (last?.kind !== "reasoning" || last.signature !== undefined) {
    draft.blocks.push({ kind: "reasoning", text, signature });
    return;
  }
  last.text += text;
  last.signature = signature;
}

/** Pieces of streamed blocks that the contract does not model have no place in a whole answer, but citations have. */
function collectOpaque(piece: JsonObject | null, draft: AnswerDraft): void {
  if (piece === null) return;
  if (isRecord(piece.block)) draft.blocks.push({ kind: "whole", block: piece.block });
  else if (isRecord(piece.delta) && isRecord(piece.delta.citation)) {
    textBlock(draft).citations.push(piece.delta.citation);
  }
}

function textBlock(draft: AnswerDraft): Extract<BlockDraft, { kind: "text" }> {
  const last = draft.blocks[draft.blocks.length - 1];
  if (last?.kind === "text") return last;
  const block = { kind: "text" as const, text: "", citations: [] };
  draft.blocks.push(block);
  return block;
}

function renderBlock(block: BlockDraft): JsonObject {
  switch (block.kind) {
    case "text":
      if (block.citations.length === 0) return { text: block.text };
      return { citationsContent: { content: [{ text: block.text }], citations: block.citations } };
    case "reasoning": {
      const { text, signature } = block;
      return {
        reasoningContent: { reasoningText: signature === undefined ? { text } : { text, signature } },
      };
    }
    case "call":
      return { toolUse: { toolUseId: block.id, name: block.name, input: inputOf(block.text) } };
    case "whole":
      return block.block;
  }
}

/** The arguments as JSON; text that is none stays text, which the wire's `input` can be as well. */
function inputOf(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
