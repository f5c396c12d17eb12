/** What a request asks, as an answer needs it. Owns the reading of the caller's words; knows no wire. */
import type { ContentPart, EmbeddingInput, Message, ModelRequest, Tool } from "../../core/request.ts";
import { countTokens } from "./tokens.ts";

/** The part of a request that an answer depends on; every wire's parsed request is one. */
export type Question = Pick<
  ModelRequest,
  | "operation"
  | "messages"
  | "tools"
  | "toolChoice"
  | "parallelToolCalls"
  | "sampling"
  | "responseFormat"
  | "reasoning"
  | "embedding"
  | "stream"
  | "streamUsage"
>;

/** What the caller said last. */
export interface Utterance {
  /** The last user message's text, white space collapsed, at most 2,000 characters. */
  readonly text: string;
  /** The same, cut at a word near 120 characters. */
  readonly topic: string;
  /** Names and quoted words in order: what a form is filled from. */
  readonly names: readonly string[];
  readonly numbers: readonly number[];
  readonly images: number;
  readonly documents: readonly string[];
  /** Results of tools since that message, as text. */
  readonly toolResults: readonly string[];
}

const MAX_TEXT = 2_000;
const MAX_TOPIC = 120;
const QUOTED_OR_NAME =
  /"([^"]{1,60})"|“([^”]{1,60})”|\b(\p{Lu}[\p{L}\p{N}]+(?:[ -]\p{Lu}[\p{L}\p{N}]+){0,3})/gu;
const NUMBER = /-?\d+(?:\.\d+)?/g;
const SPACES = /\s+/gu;

export function readUtterance(messages: readonly Message[]): Utterance {
  const at = messages.findLastIndex((message) => message.role === "user");
  const parts = messages[at]?.content ?? [];
  const text = textOf(parts).slice(0, MAX_TEXT).replace(SPACES, " ").trim();
  return {
    text,
    topic: cutAtWord(text, MAX_TOPIC),
    names: namesIn(text),
    numbers: (text.match(NUMBER) ?? []).slice(0, 20).map(Number).filter(Number.isFinite),
    images: parts.filter((part) => part.type === "image").length,
    documents: parts.flatMap((part) => (part.type === "document" ? [part.name ?? "unnamed"] : [])),
    toolResults: messages
      .slice(at + 1)
      .flatMap((message) => message.content)
      .flatMap((part) => (part.type === "tool_result" ? [textOf(part.content)] : [])),
  };
}

function textOf(parts: readonly ContentPart[]): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(" ");
}

/** Capitalised words that do not merely begin a sentence, and quoted ones. */
function namesIn(text: string): readonly string[] {
  const names: string[] = [];
  for (const match of text.matchAll(QUOTED_OR_NAME)) {
    const quoted = match[1] ?? match[2];
    const before = text.slice(Math.max(0, match.index - 2), match.index);
    const beginsSentence = before === "" || /[.!?:]\s$/.test(before);
    if (quoted !== undefined) names.push(quoted);
    else if (match[3] && (!beginsSentence || match[3].includes(" "))) names.push(match[3]);
    if (names.length === 20) break;
  }
  return names;
}

export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const space = text.lastIndexOf(" ", limit);
  // Without a space near, cut anywhere but inside a surrogate pair.
  const end = space > limit / 2 ? space : limit;
  return `${text.slice(0, end).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Tokens that a request and each of its messages have around their content. */
export const PER_REQUEST = 3;
export const PER_MESSAGE = 4;
const PER_IMAGE = 85;
const PER_DOCUMENT = 250;

/** Estimated input tokens: texts, tool definitions and the schema by their words, media at a flat rate. */
export function countInput(question: Question): number {
  if (question.embedding !== undefined) return countEmbedding(question.embedding);
  let total = PER_REQUEST;
  for (const message of question.messages) total += PER_MESSAGE + countParts(message.content);
  if (question.tools.length > 0) total += countTools(question.tools);
  const format = question.responseFormat;
  if (format.type === "json_schema") total += countTokens(JSON.stringify(format.schema));
  return total;
}

function countEmbedding({ inputs }: EmbeddingInput): number {
  let total = 0;
  for (const input of inputs) total += typeof input === "string" ? countTokens(input) : input.length;
  return total;
}

export function countTools(tools: readonly Tool[]): number {
  return countTokens(JSON.stringify(tools));
}

export function countParts(parts: readonly ContentPart[]): number {
  let total = 0;
  for (const part of parts) {
    switch (part.type) {
      case "image":
        total += PER_IMAGE;
        break;
      case "document":
        total += PER_DOCUMENT;
        break;
      case "tool_call":
        total += countTokens(part.name) + countTokens(part.arguments);
        break;
      case "tool_result":
        total += countParts(part.content);
        break;
      case "opaque":
        total += countTokens(JSON.stringify(part.value));
        break;
      default:
        total += countTokens(part.text);
    }
  }
  return total;
}
