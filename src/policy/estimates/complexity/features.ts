/**
 * From a request to its features, each between 0 and 1. Owns what is read of a request and how counts
 * become features; weights are elsewhere.
 */
import type { Message, ModelRequest } from "../../../core/request.ts";
import { Scanner } from "./scan.ts";
import { Tally } from "./tally.ts";
import type { Features } from "./weights.ts";

/** Code units of the question that are read: its beginning, and its end, where what is wanted often stands. */
const HEAD = 6144;
const TAIL = 2048;

/** Tokens a code unit, of scripts that part words with spaces and of those that do not. */
const NARROW_TOKENS = 0.25;
const WIDE_TOKENS = 0.9;

const EFFORTS = { none: 0, minimal: 0.1, low: 0.25, medium: 0.5, high: 0.85, xhigh: 1 } as const;

/** What the last user message asks, with the weight of everything around it. */
export function featuresOf(request: ModelRequest): Features {
  const tally = new Tally();
  const question = questionOf(request.messages);
  const length = scanQuestion(question, tally);
  const perUnit = tokensPerUnit(tally);
  const lengthFeature = growth(length * perUnit, 8, 4096);
  const words = tally.words + tally.wide / 2;
  const uncovered = 1 - coverageOf(tally);
  const { tools, responseFormat } = request;
  return {
    length: lengthFeature,
    context: growth((lengthOf(request.messages) - length) * perUnit, 64, 32_768),
    reasoning: saturation(tally.count("reasoning") + 0.45 * tally.count("explanation"), 1),
    steps: saturation(stepsOf(tally), 2.5),
    constraints: saturation(tally.count("constraint"), 3),
    code: saturation(codeOf(tally), 2),
    maths: saturation(tally.count("maths") + 0.4 * tally.mathsMarks, 2.5),
    quantities: saturation(tally.numbers, 3),
    domain: saturation(tally.count("domain"), 3),
    // Where the lists know the language they tell more than the length of its words does.
    vocabulary: vocabularyOf(tally, lengthFeature) * uncovered,
    output: outputOf(tally, request.sampling.maxTokens ?? 0),
    depth: growth(turnsBefore(request.messages), 1, 32),
    tools: growth(tools.length, 1, 32),
    schema: responseFormat.type === "json_schema" ? 1 : responseFormat.type === "json" ? 0.4 : 0,
    effort: effortOf(request),
    attachments: growth(attachmentsOf(question), 1, 8),
    uncovered: lengthFeature * uncovered,
    smalltalk: tally.count("smalltalk") > 0 ? fading(words, 15) : 0,
    lookup: saturation(tally.count("lookup"), 1) * fading(words, 40),
  };
}

/** The last message of the user; while tools are called, it is still what is being worked on. */
function questionOf(messages: readonly Message[]): Message | undefined {
  return messages.findLast(({ role }) => role === "user");
}

/** Scans the question's head and tail; returns how long all of it is. */
function scanQuestion(question: Message | undefined, tally: Tally): number {
  if (question === undefined) return 0;
  const scanner = new Scanner(tally);
  let length = 0;
  let headLeft = HEAD;
  let rest = "";
  for (const part of question.content) {
    if (part.type !== "text") continue;
    length += part.text.length;
    const end = Math.min(part.text.length, headLeft);
    if (end > 0) scanner.read(part.text, 0, end);
    headLeft -= end;
    if (end < part.text.length) rest = part.text;
  }
  if (rest !== "") {
    // What the head took of this part is not read twice.
    const unread = Math.min(rest.length, length - HEAD);
    scanner.read(rest, Math.max(rest.length - unread, rest.length - TAIL), rest.length);
  }
  return length;
}

/** Code units of all texts of all messages. */
function lengthOf(messages: readonly Message[]): number {
  let length = 0;
  for (const { content } of messages) {
    for (const part of content) {
      if (part.type === "text") length += part.text.length;
      else if (part.type === "tool_result") {
        for (const inner of part.content) if (inner.type === "text") length += inner.text.length;
      } else if (part.type === "document" && part.source.kind === "text") length += part.source.text.length;
    }
  }
  return length;
}

function tokensPerUnit({ scanned, wide }: Tally): number {
  if (scanned === 0) return NARROW_TOKENS;
  return NARROW_TOKENS + (wide / scanned) * (WIDE_TOKENS - NARROW_TOKENS);
}

function stepsOf(tally: Tally): number {
  return tally.items + 0.5 * tally.count("sequence") + 0.5 * Math.max(0, tally.questions - 1);
}

/** Marks count from a share on that prose stays under. */
function codeOf(tally: Tally): number {
  const marks = Math.max(0, tally.codeMarks - 0.03 * tally.scanned);
  return 0.6 * tally.count("code") + 0.75 * tally.fences + marks / 8;
}

/** The share of long words, where words can be told apart; elsewhere what a text of that length has about. */
function vocabularyOf({ words, long, wide }: Tally, length: number): number {
  const spaced = Math.min(1, (2.5 * long) / (words + 8));
  const share = wide / (wide + words * 4 + 1);
  return spaced * (1 - share) + 0.5 * length * share;
}

/** Words that ask for much, a length in numbers, and, less, room that the caller leaves. */
function outputOf(tally: Tally, maxTokens: number): number {
  const asked = saturation(tally.count("length"), 1.5);
  const counted = growth(tally.askedWords, 200, 6400);
  const room = maxTokens > 1024 ? 0.6 * growth(maxTokens - 1024, 1024, 32_768) : 0;
  return Math.max(Math.min(1, asked + counted), room);
}

function turnsBefore(messages: readonly Message[]): number {
  let turns = 0;
  for (const { role } of messages) if (role === "user") turns++;
  return Math.max(0, turns - 1);
}

function effortOf({ reasoning }: ModelRequest): number {
  if (reasoning === undefined) return 0;
  const effort = reasoning.effort === undefined ? 0 : EFFORTS[reasoning.effort];
  return Math.max(effort, growth(reasoning.budgetTokens ?? 0, 1024, 32_768));
}

function attachmentsOf(question: Message | undefined): number {
  let count = 0;
  for (const { type } of question?.content ?? []) if (type === "image" || type === "document") count++;
  return count;
}

/** How far the lists know the language: a third of known words is what running text has at least. */
function coverageOf({ words, known, wide, foreign }: Tally): number {
  if (wide > words) return 1 - foreign / wide;
  return words === 0 ? 1 : Math.min(1, (3 * known) / words);
}

/** From 0 at 0 towards 1: each further hit tells less. */
function saturation(hits: number, scale: number): number {
  return 1 - Math.exp(-hits / scale);
}

/** Logarithmic from 0 at 0 to 1 at `full`; `unit` is where it begins to count. */
function growth(amount: number, unit: number, full: number): number {
  return amount <= 0 ? 0 : Math.min(1, Math.log1p(amount / unit) / Math.log1p(full / unit));
}

/** 1 for nothing, 0 from `until` words on. */
function fading(words: number, until: number): number {
  return Math.max(0, 1 - words / until);
}
