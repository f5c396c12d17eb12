/**
 * What a simulated model says: an answer that shows what was asked, fills the form it was given, or calls
 * the tool that fits. Owns content and its tokens; knows no wire, no pace and no clock.
 */
import type { FinishReason, StreamEvent, UnifiedFinish, Usage } from "../../core/events.ts";
import type { Tool } from "../../core/request.ts";
import { createFreshAligner } from "../../resilience/alignment.ts";
import { chooseTools } from "./choose-tools.ts";
import { fillSchema, violateSchema } from "./fill-schema.ts";
import type { FillHints } from "./fill-value.ts";
import { tokenLogprob } from "./logprobs.ts";
import { countInput, cutAtWord, type Question, readUtterance, type Utterance } from "./question.ts";
import { reasoningEvents, signatureOf } from "./reasoning.ts";
import { hash } from "./schedule.ts";
import type { JsonSchema } from "./schema-parts.ts";
import { countTokens, splitTokens } from "./tokens.ts";

/** What an answer gets wrong on purpose. */
export type Flaw = "empty" | "not_json" | "schema_violation" | "filtered";

export interface AnswerSettings {
  readonly seed: number;
  readonly model: string;
  readonly flaw: Flaw | null;
  /** What a signature of reasoning begins with; null: the wire has no room for one. */
  readonly signature: string | null;
}

/** `events` has every choice's content and end; one event with content is one token. */
export interface SimulatedAnswer {
  readonly events: readonly StreamEvent[];
  readonly finish: FinishReason;
  readonly usage: Usage;
}

/** The same question with the same settings has the same answer. Choices are interleaved, as streams are. */
export function composeAnswer(question: Question, settings: AnswerSettings): SimulatedAnswer {
  const said = readUtterance(question.messages);
  const count = question.sampling.choices ?? 1;
  const choices: (readonly StreamEvent[])[] = [];
  for (let choice = 0; choice < count; choice++) {
    choices.push(composeChoice(question, said, settings, choice));
  }
  const events = count === 1 ? (choices[0] ?? []) : interleave(choices);
  return { events, finish: finishOf(choices[0] ?? []), usage: usageOf(question, events) };
}

/** Whether an event counts as a token: of the limit, of the pace, of usage. */
export function isToken(event: StreamEvent): boolean {
  if (event.type === "reasoning") return event.text !== "";
  return event.type === "text" || event.type === "tool_call" || event.type === "tool_arguments";
}

function composeChoice(
  question: Question,
  said: Utterance,
  settings: AnswerSettings,
  choice: number,
): readonly StreamEvent[] {
  const { sampling } = question;
  const seed = hash(`${settings.seed}|${settings.model}|${sampling.seed ?? ""}|${said.text}|${choice}`);
  if (settings.flaw === "empty") return [ended(choice, "stop")];
  const limit = sampling.maxTokens ?? Number.POSITIVE_INFINITY;
  const thoughts = reasoningEvents(question.reasoning, said, choice).slice(0, limit);
  const tools = chooseTools(question, said);
  const spoken = tools.length > 0 ? null : textOf(question, said, seed, settings);
  const content =
    spoken === null
      ? callEvents(tools, said, seed, choice, settings.flaw)
      : textEvents(spoken.text, question, seed, choice);
  const { signature } = settings;
  const signed =
    signature === null || thoughts.length === 0 ? [] : [signatureOf(thoughts, choice, signature)];
  const end = endOf(content.length, limit - thoughts.length, settings.flaw, tools.length > 0);
  const stop = end.why === "stop" ? spoken?.stop : undefined;
  return [...thoughts, ...signed, ...content.slice(0, end.at), ended(choice, end.why, stop)];
}

/** How much of the content is said, and why no more. */
function endOf(
  length: number,
  limit: number,
  flaw: Flaw | null,
  calls: boolean,
): { readonly at: number; readonly why: UnifiedFinish } {
  if (flaw === "filtered") return { at: Math.min(limit, Math.ceil(length / 2)), why: "content_filter" };
  if (length > limit) return { at: limit, why: "length" };
  return { at: length, why: calls ? "tool_calls" : "stop" };
}

function ended(choice: number, unified: UnifiedFinish, stopSequence?: string): StreamEvent {
  const reason = { unified, raw: unified, ...(stopSequence !== undefined && { stopSequence }) };
  return { type: "choice_end", choice, reason };
}

/** What is said, and the stop sequence that ended it. */
interface Spoken {
  readonly text: string;
  readonly stop?: string;
}

function textOf(question: Question, said: Utterance, seed: number, settings: AnswerSettings): Spoken {
  const format = question.responseFormat;
  const text =
    format.type === "text"
      ? prose(said, seed, settings.model)
      : jsonText(format.type === "json_schema" ? format.schema : null, said, seed, settings);
  return cutAtStop(afterBeginning(text, beginningOf(question)), question.sampling.stop ?? []);
}

/** Text of the assistant's own turn at the end of the question: a model goes on from it. */
function beginningOf({ messages }: Question): string {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return "";
  return last.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** What of `text` a model says that has said `begun` already; all of it where the two have nothing in common. */
function afterBeginning(text: string, begun: string): string {
  if (begun === "") return text;
  const aligner = createFreshAligner(begun);
  const first = aligner.push(text);
  const found = first.state === "seeking" ? aligner.end() : first;
  return found.state === "aligned" ? found.text : ` ${text}`;
}

/** Without the stop sequence, as every wire has it. */
function cutAtStop(text: string, stops: readonly string[]): Spoken {
  let spoken: Spoken = { text };
  for (const stop of stops) {
    const at = stop === "" ? -1 : text.indexOf(stop);
    if (at >= 0 && at < spoken.text.length) spoken = { text: text.slice(0, at), stop };
  }
  return spoken;
}

const CLOSINGS = [
  "No model was asked: this text stands in for its answer, so that routing, limits and fallbacks can be seen at work.",
  "A real deployment would answer here; the simulator only shows that the question arrived and came back.",
  "Point this deployment at a provider to hear what a model thinks of it.",
  "The words are made up, the way here is real: policy, ladder, provider, wire.",
] as const;

function prose(said: Utterance, seed: number, model: string): string {
  const sentences = [`[simulated by ${model}]`];
  sentences.push(said.topic === "" ? "You sent no text." : `You asked about “${said.topic}”.`);
  if (said.images > 0 || said.documents.length > 0) sentences.push(mediaSentence(said));
  for (const result of said.toolResults.slice(0, 4)) {
    sentences.push(`A tool returned ${cutAtWord(result, 200)}, and that is what this answer rests on.`);
  }
  sentences.push(CLOSINGS[seed % CLOSINGS.length] ?? CLOSINGS[0]);
  return sentences.join(" ");
}

function mediaSentence(said: Utterance): string {
  const seen: string[] = [];
  if (said.images > 0) seen.push(said.images === 1 ? "one image" : `${said.images} images`);
  const named = said.documents.slice(0, 4).map((name) => cutAtWord(name, 60));
  if (named.length === 1) seen.push(`the document ${named[0]}`);
  if (named.length > 1) seen.push(`${said.documents.length} documents (${named.join(", ")})`);
  return `You also gave me ${seen.join(" and ")}, which a simulator cannot look into.`;
}

function jsonText(
  schema: JsonSchema | null,
  said: Utterance,
  seed: number,
  settings: AnswerSettings,
): string {
  if (settings.flaw === "not_json") return `Sure! Here is the JSON you asked for: {"topic": ${said.topic}`;
  if (schema === null) {
    const answer = "This object stands in for a model's answer.";
    return JSON.stringify({ topic: said.topic, answer, model: settings.model, simulated: true });
  }
  const value = fillSchema(schema, hintsOf(said, 0), seed);
  return JSON.stringify(settings.flaw === "schema_violation" ? violateSchema(schema, value) : value);
}

/** The `turn`-th form to fill begins with the `turn`-th name: two cities for two calls. */
function hintsOf(said: Utterance, turn: number): FillHints {
  const names = [...said.names.slice(turn), ...said.names.slice(0, turn)];
  return { text: said.text, names, numbers: [...said.numbers], index: 0 };
}

function textEvents(text: string, question: Question, seed: number, choice: number): StreamEvent[] {
  const alternatives = question.sampling.logprobs;
  return splitTokens(text).map((token, index) => {
    if (alternatives === undefined) return { type: "text", choice, text: token };
    const logprobs = { content: [tokenLogprob(token, `${seed}|${index}`, alternatives)] };
    return { type: "text", choice, text: token, logprobs };
  });
}

function callEvents(
  tools: readonly Tool[],
  said: Utterance,
  seed: number,
  choice: number,
  flaw: Flaw | null,
): StreamEvent[] {
  return tools.flatMap((tool, index): StreamEvent[] => {
    const id = `call_sim${hash(`${seed}|${index}|${tool.name}`).toString(36)}`;
    const filled = fillSchema(tool.parameters, hintsOf(said, index), hash(`${seed}|${index}`));
    const value = flaw === "schema_violation" ? violateSchema(tool.parameters, filled) : filled;
    const text = flaw === "not_json" ? '{"query": ' : JSON.stringify(value ?? {});
    const pieces = splitTokens(text).map(
      (piece): StreamEvent => ({ type: "tool_arguments", choice, index, text: piece }),
    );
    return [{ type: "tool_call", choice, index, id, name: tool.name }, ...pieces];
  });
}

/** One event of each choice in turn. */
function interleave(choices: readonly (readonly StreamEvent[])[]): readonly StreamEvent[] {
  const longest = Math.max(...choices.map((events) => events.length));
  const mixed: StreamEvent[] = [];
  for (let at = 0; at < longest; at++) {
    for (const events of choices) {
      const event = events[at];
      if (event) mixed.push(event);
    }
  }
  return mixed;
}

function finishOf(events: readonly StreamEvent[]): FinishReason {
  const last = events.at(-1);
  return last?.type === "choice_end" ? last.reason : { unified: "stop", raw: "stop" };
}

function usageOf(question: Question, events: readonly StreamEvent[]): Usage {
  let outputTokens = 0;
  let reasoningTokens = 0;
  for (const event of events) {
    if (event.type === "tool_call") outputTokens += countTokens(event.name);
    else if (!isToken(event)) continue;
    else if (event.type === "reasoning") reasoningTokens++;
    else outputTokens++;
  }
  const inputTokens = countInput(question);
  return { inputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens, reasoningTokens };
}
