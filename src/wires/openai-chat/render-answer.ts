/** Events as the caller's whole answer of this wire. Owns how pieces are joined into messages. */
import type { FinishReason, StreamEvent, Usage } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { mergeRecords } from "../fields.ts";
import type { JsonObject, RenderContext } from "../wire.ts";
import { fromExtra, type LevelFields, mergeLevels } from "./fields.ts";
import { renderFinish } from "./finish-reason.ts";
import { answerId } from "./render.ts";
import { renderUsage } from "./usage.ts";

interface CallDraft {
  readonly id: string;
  readonly name: string;
  readonly fields: JsonObject | null;
  text: string;
}

interface ChoiceDraft {
  content: string | null;
  refusal: string | null;
  reasoning: string | null;
  logprobs: JsonObject | null;
  reason: FinishReason | null;
  fields: LevelFields | null;
  readonly calls: CallDraft[];
}

interface AnswerDraft {
  id: string | undefined;
  created: number | undefined;
  fields: JsonObject | null;
  usage: Usage | null;
  readonly choices: Map<number, ChoiceDraft>;
}

/** A `chat.completion` of everything that `events` say, choices in the order of their index. */
export function renderChatAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject {
  const draft: AnswerDraft = {
    id: undefined,
    created: undefined,
    fields: null,
    usage: null,
    choices: new Map(),
  };
  for (const event of events) collect(event, draft);
  // Assigned one by one: a spread for every absent field is a call into the runtime on every answer.
  const answer: Record<string, unknown> = draft.fields === null ? {} : { ...draft.fields };
  answer.id = answerId(draft.id, context);
  answer.object = "chat.completion";
  answer.created = draft.created ?? context.createdAt;
  answer.model = context.model;
  answer.choices = renderChoices(draft.choices);
  if (draft.usage !== null) answer.usage = renderUsage(draft.usage);
  if (context.labels !== undefined) answer.pointsman = context.labels;
  return answer;
}

function renderChoices(drafts: ReadonlyMap<number, ChoiceDraft>): readonly JsonObject[] {
  const choices: JsonObject[] = [];
  for (const [index, draft] of drafts) choices.push(renderChoice(index, draft));
  return choices.length > 1 ? choices.sort((a, b) => Number(a.index) - Number(b.index)) : choices;
}

function collect(event: StreamEvent, draft: AnswerDraft): void {
  switch (event.type) {
    case "start":
      draft.id = event.id;
      draft.created = event.created;
      draft.fields = merged(draft.fields, fromExtra(event.extra, "chunk"));
      return;
    case "usage":
      draft.usage = event.usage;
      draft.fields = merged(draft.fields, fromExtra(event.extra, "chunk"));
      return;
    case "finish":
      draft.usage = event.usage ?? draft.usage;
      return;
    case "fault":
    case "embedding":
      return;
    default:
      collectChoice(event, draft);
  }
}

function collectChoice(event: Extract<StreamEvent, { choice: number }>, draft: AnswerDraft): void {
  let choice = draft.choices.get(event.choice);
  if (choice === undefined) {
    choice = newDraft();
    draft.choices.set(event.choice, choice);
  }
  switch (event.type) {
    case "text":
      choice.content = (choice.content ?? "") + event.text;
      choice.logprobs = addLogprobs(choice.logprobs, event.logprobs);
      keepFields(event, choice, draft);
      return;
    case "refusal":
      choice.refusal = (choice.refusal ?? "") + event.text;
      choice.logprobs = addLogprobs(choice.logprobs, event.logprobs);
      return;
    case "reasoning":
      if (event.text !== "") choice.reasoning = (choice.reasoning ?? "") + event.text;
      return;
    case "tool_call": {
      const { id, name } = event;
      choice.calls[event.index] = { id, name, fields: fromExtra(event.extra, "delta"), text: "" };
      return;
    }
    case "tool_arguments": {
      const call = choice.calls[event.index];
      if (call !== undefined) call.text += event.text;
      return;
    }
    case "opaque":
      keepFields(event, choice, draft);
      return;
    case "choice_end":
      choice.reason = event.reason;
      keepFields(event, choice, draft);
  }
}

function keepFields(
  event: Extract<StreamEvent, { type: "text" | "choice_end" | "opaque" }>,
  choice: ChoiceDraft,
  draft: AnswerDraft,
): void {
  if (event.extra === undefined) return;
  const own = fromExtra(event.extra, "choice");
  const delta = fromExtra(event.extra, "delta");
  draft.fields = merged(draft.fields, fromExtra(event.extra, "chunk"));
  choice.fields = mergeLevels(choice.fields, { ...(own && { choice: own }), ...(delta && { delta }) });
}

function renderChoice(index: number, draft: ChoiceDraft): JsonObject {
  const held = draft.fields?.choice;
  const choice: Record<string, unknown> = held === undefined ? {} : { ...held };
  choice.index = index;
  choice.message = renderMessage(draft);
  choice.logprobs = addLogprobs(draft.logprobs, held?.logprobs);
  if (draft.reason !== null) choice.finish_reason = renderFinish(draft.reason);
  return choice;
}

function renderMessage(draft: ChoiceDraft): JsonObject {
  const held = draft.fields?.delta;
  const message: Record<string, unknown> = held === undefined ? {} : { ...held };
  message.role = "assistant";
  message.content = draft.content;
  message.refusal = draft.refusal;
  if (draft.reasoning !== null) message.reasoning_content = draft.reasoning;
  if (draft.calls.length > 0) message.tool_calls = draft.calls.map(renderCall);
  return message;
}

function renderCall({ fields, id, name, text }: CallDraft): JsonObject {
  return { ...fields, id, type: "function", function: { name, arguments: text } };
}

function addLogprobs(known: JsonObject | null, more: unknown): JsonObject | null {
  return isRecord(more) ? merged(known, more) : known;
}

function merged(known: JsonObject | null, more: JsonObject | null): JsonObject | null {
  if (known === null || more === null) return known ?? more;
  return mergeRecords(known, more);
}

function newDraft(): ChoiceDraft {
  return {
    content: null,
    refusal: null,
    reasoning: null,
    logprobs: null,
    reason: null,
    fields: null,
    calls: [],
  };
}
