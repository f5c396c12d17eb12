/** Events as the caller's whole native answer. Owns how pieces are joined into outputs. */

import type { FinishReason, StreamEvent, Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { ContentPart } from "../../core/request.ts";
import type { Writable } from "../../core/writable.ts";
import { mergeRecords } from "../fields.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { renderPart } from "./parts.ts";
import { headOf } from "./render.ts";
import { renderReason, renderUsage } from "./usage.ts";

type Said = Writable<Extract<ContentPart, { type: "text" | "refusal" | "reasoning" }>>;
type Call = Writable<Extract<ContentPart, { type: "tool_call" }>>;

interface OutputDraft {
  /** In the order in which it was said, as a request's message could repeat it. */
  readonly content: (Said | Call)[];
  readonly calls: Call[];
  logprobs: JsonObject | null;
  reason: FinishReason | null;
}

interface AnswerDraft {
  start: Extract<StreamEvent, { type: "start" }> | null;
  usage: Usage | null;
  readonly outputs: Map<number, OutputDraft>;
  readonly embeddings: (readonly number[])[];
}

export function renderNativeAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const draft: AnswerDraft = { start: null, usage: null, outputs: new Map(), embeddings: [] };
  for (const event of events) collect(event, draft);
  const output = [...draft.outputs]
    .sort(([a], [b]) => a - b)
    .map(([choice, made]) => renderOutput(choice, made));
  return {
    ...headOf(draft.start, context),
    output,
    ...(draft.embeddings.length > 0 && { embeddings: draft.embeddings }),
    usage: draft.usage === null ? null : renderUsage(draft.usage),
  };
}

function collect(event: StreamEvent, draft: AnswerDraft): void {
  switch (event.type) {
    case "start":
      draft.start = event;
      return;
    case "usage":
      draft.usage = event.usage;
      return;
    case "finish":
      draft.usage = event.usage ?? draft.usage;
      return;
    case "embedding":
      draft.embeddings[event.index] = event.vector;
      return;
    case "fault":
    case "opaque":
      return;
    default:
      collectOutput(event, outputOf(draft, event.choice));
  }
}

function outputOf(draft: AnswerDraft, choice: number): OutputDraft {
  const known = draft.outputs.get(choice);
  if (known !== undefined) return known;
  const made: OutputDraft = { content: [], calls: [], logprobs: null, reason: null };
  draft.outputs.set(choice, made);
  return made;
}

type OutputEvent = Exclude<Extract<StreamEvent, { choice: number }>, { type: "opaque" }>;

function collectOutput(event: OutputEvent, output: OutputDraft): void {
  switch (event.type) {
    case "text":
    case "refusal":
      say(output, event.type, event.text);
      if (isRecord(event.logprobs)) {
        output.logprobs = output.logprobs ? mergeRecords(output.logprobs, event.logprobs) : event.logprobs;
      }
      return;
    case "reasoning":
      think(output, event);
      return;
    case "tool_call": {
      const call: Call = { type: "tool_call", id: event.id, name: event.name, arguments: "" };
      output.calls[event.index] = call;
      output.content.push(call);
      return;
    }
    case "tool_arguments": {
      const call = output.calls[event.index];
      if (call !== undefined) call.arguments += event.text;
      return;
    }
    case "choice_end":
      output.reason = event.reason;
  }
}

function say(output: OutputDraft, type: Said["type"], text: string): Said {
  const last = output.content[output.content.length - 1];
  const open = last?.type === type && !(last.type === "reasoning" && isSealed(last));
  if (open) {
    last.text += text;
    return last;
  }
  const part: Said = { type, text };
  output.content.push(part);
  return part;
}

function think(output: OutputDraft, event: Extract<StreamEvent, { type: "reasoning" }>): void {
  const part = say(output, "reasoning", event.text);
  if (part.type !== "reasoning") return;
  if (event.signature !== undefined) part.signature = event.signature;
  if (event.redacted !== undefined) part.redacted = event.redacted;
}

function isSealed(part: Extract<ContentPart, { type: "reasoning" }>): boolean {
  return part.signature !== undefined || part.redacted !== undefined;
}

function renderOutput(choice: number, { content, calls, logprobs, reason }: OutputDraft): JsonObject {
  const reasoning = joined(content, "reasoning");
  const refusal = joined(content, "refusal");
  const onlyText = content.every((part) => part.type === "text");
  return {
    choice,
    text: joined(content, "text") ?? "",
    ...(reasoning !== null && { reasoning }),
    ...(refusal !== null && { refusal }),
    ...(calls.length > 0 && { tool_calls: calls.filter((call) => call !== undefined).map(renderCall) }),
    // Text alone says it all; whatever is more must go back to the model as it came.
    ...(!onlyText && { content: content.map(renderPart) }),
    ...(logprobs && { logprobs }),
    ...(reason && { finish: renderReason(reason) }),
  };
}

/** Null where nothing of the kind was said. */
function joined(content: OutputDraft["content"], type: Said["type"]): string | null {
  let text: string | null = null;
  for (const part of content) if (part.type === type) text = (text ?? "") + part.text;
  return text;
}

function renderCall({ id, name, arguments: text }: Call): JsonObject {
  return { id, name, arguments: parsedArguments(text) };
}

/** The object that the text is, unless a number in it would be another one; the text itself otherwise. */
function parsedArguments(text: string): unknown {
  if (!text.startsWith("{")) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isExact(value) ? value : text;
  } catch {
    return text;
  }
}

function isExact(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) || !Number.isInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isExact);
}
