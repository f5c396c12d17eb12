/** Whether an answer keeps the format that was asked for, and the words to ask again when it does not. */
import { bareRequest } from "../../core/bare-request.ts";
import type { StreamEvent, UnifiedFinish } from "../../core/events.ts";
import { type Fault, fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { type Message, type ModelRequest, withMessages } from "../../core/request.ts";
import { estimateTokens } from "../../policy/estimates/estimate-tokens.ts";
import type { Warning } from "../../wires/wire.ts";
import { type JsonPassage, jsonPassages } from "./extract-json.ts";
import { type Judgement, judgeBySchema, type SchemaChecks } from "./judge-schema.ts";
import { isLittleWork } from "./schema-work.ts";

/** What the answer is once its format was looked at; null: as it should be. */
export type FormatVerdict =
  /** `malformed` with `not_json` or `schema_violation`. */
  | { readonly type: "broken"; readonly fault: Fault }
  /** There was JSON among other words: the answer with the JSON alone. */
  | {
      readonly type: "extracted";
      readonly events: readonly StreamEvent[];
      readonly warnings: readonly Warning[];
    }
  /** It is JSON, alone by now, and nobody could say whether it satisfies the schema. */
  | {
      readonly type: "unchecked";
      readonly events: readonly StreamEvent[];
      readonly warnings: readonly Warning[];
    };

const EXTRACTED: Warning = {
  control: "json_extracted",
  message: "The model put other words around the JSON; they were taken off.",
};
const UNCHECKED: Warning = {
  control: "response_format",
  message:
    "The schema could not be run within its limits: the answer is JSON and was not held to the schema.",
};

/** One choice of an answer, with the JSON that it may mean. */
interface Choice {
  readonly choice: number;
  readonly text: string;
  readonly passages: readonly JsonPassage[];
}

/**
 * Checks every choice of a whole answer against the request's `response_format`. A choice that a token limit
 * cut, or that calls tools or refuses, is what the model meant and is left alone; one of thoughts alone is not. A schema that may take long is
 * given to `checks`; without them it is not run. Never throws, never rejects.
 */
export function checkAnswerFormat(
  request: ModelRequest,
  events: readonly StreamEvent[],
  checks?: SchemaChecks,
): FormatVerdict | null | Promise<FormatVerdict | null> {
  const format = request.responseFormat;
  if (format.type === "text") return null;
  const choices: Choice[] = [];
  for (const [choice, text] of completeTexts(events)) {
    const passages = jsonPassages(text);
    if (passages.length === 0) return NOT_JSON;
    choices.push({ choice, text, passages });
  }
  if (choices.length === 0) return null;
  if (format.type === "json") return inJsonMode(request, events, choices);
  const judged = judge(format.schema, choices, checks);
  if (judged instanceof Promise) return judged.then((later) => bySchema(events, choices, later));
  return bySchema(events, choices, judged);
}

type Broken = Extract<FormatVerdict, { type: "broken" }>;

function broken(code: string, message: string, detail: string, complaint = detail): Broken {
  return {
    type: "broken",
    fault: { ...fault("malformed", code, message, { cause: { detail } }), complaint },
  };
}

const NOT_JSON = broken(
  "not_json",
  "The model was asked for JSON and answered something else.",
  "The answer is not valid JSON.",
);
const NO_OBJECT = broken(
  "not_json",
  "The model was asked for a JSON object and answered something else.",
  "The answer is not a JSON object.",
);

/** An object, but on the wire whose JSON mode is a media type: there any JSON is what was asked for. */
function inJsonMode(
  { origin }: ModelRequest,
  events: readonly StreamEvent[],
  choices: readonly Choice[],
): FormatVerdict | null {
  const isObjectWanted = origin.wire !== "gemini";
  const meant = choices.map(({ passages }) => likeliest(passages));
  if (isObjectWanted && !meant.every((passage) => isRecord(passage?.value))) return NO_OBJECT;
  return answerOf(events, choices, meant);
}

/** The first object, else what comes first. */
function likeliest(passages: readonly JsonPassage[]): JsonPassage | undefined {
  return passages.find(({ value }) => isRecord(value)) ?? passages[0];
}

/** At once where that is little work. */
function judge(
  schema: object,
  choices: readonly Choice[],
  checks: SchemaChecks | undefined,
): readonly Judgement[] | null | Promise<readonly Judgement[] | null> {
  const values = choices.map(({ passages }) => passages.map(({ value }) => value));
  if (isLittleWork(schema, values.flat())) return judgeBySchema(schema, values);
  return (
    checks?.judge(
      schema,
      choices.map(({ passages }) => passages.map(({ text }) => text)),
    ) ?? null
  );
}

function bySchema(
  events: readonly StreamEvent[],
  choices: readonly Choice[],
  judged: readonly Judgement[] | null,
): FormatVerdict | null {
  if (judged === null) {
    const answer = answerOf(
      events,
      choices,
      choices.map(({ passages }) => likeliest(passages)),
    );
    const warnings = answer === null ? [UNCHECKED] : [...answer.warnings, UNCHECKED];
    return { type: "unchecked", events: answer?.events ?? events, warnings };
  }
  const meant: (JsonPassage | undefined)[] = [];
  for (const [place, judgement] of judged.entries()) {
    if (judgement.type === "violates") {
      const message = "The model's JSON violates the schema that was asked for.";
      const { keyword, where } = judgement;
      return broken("schema_violation", message, `It fails ${keyword}.`, `${where}: fails ${keyword}`);
    }
    meant.push(choices[place]?.passages[judgement.at]);
  }
  return answerOf(events, choices, meant);
}

/** The answer with what was `meant` by each choice alone; null where that is all there is. */
function answerOf(
  events: readonly StreamEvent[],
  choices: readonly Choice[],
  meant: readonly (JsonPassage | undefined)[],
): Extract<FormatVerdict, { type: "extracted" }> | null {
  const extracted = new Map<number, string>();
  for (const [place, { choice, text }] of choices.entries()) {
    const passage = meant[place];
    if (passage !== undefined && passage.text !== text) extracted.set(choice, passage.text);
  }
  if (extracted.size === 0) return null;
  return { type: "extracted", events: withTexts(events, extracted), warnings: [EXTRACTED] };
}

/** Each of `texts` in the place of its choice's first piece of text; log probabilities of the rest mean nothing. */
function withTexts(events: readonly StreamEvent[], texts: ReadonlyMap<number, string>): StreamEvent[] {
  const told = new Set<number>();
  return events.flatMap((event): StreamEvent[] => {
    const text = event.type === "text" ? texts.get(event.choice) : undefined;
    if (event.type !== "text" || text === undefined) return [event];
    if (told.has(event.choice)) return [];
    told.add(event.choice);
    return [{ type: "text", choice: event.choice, text }];
  });
}

/** The request once more, with the complaint as an instruction; the same request when it is not about format. */
export function askAgain(request: ModelRequest, complaint: Fault): ModelRequest {
  return withMessages(request, [...request.messages, ...instructionsOf(complaint)]);
}

/** Estimated tokens that `askAgain` adds. */
export function complaintTokens(complaint: Fault): number {
  return estimateTokens(bareRequest({ messages: instructionsOf(complaint) }));
}

function instructionsOf({ code, complaint, message }: Fault): readonly Message[] {
  if (code !== "not_json" && code !== "schema_violation") return [];
  const text =
    `Your previous answer was rejected by a validator: ${complaint ?? message} ` +
    "Answer again with nothing but JSON that satisfies the requested format, without any other text.";
  return [{ role: "user", content: [{ type: "text", text }] }];
}

/** Why a choice may end without what was asked for: a limit or a filter, or since it calls tools, refuses or broke off. */
const EXPLAINED: ReadonlySet<UnifiedFinish> = new Set([
  "length",
  "content_filter",
  "refusal",
  "tool_calls",
  "incomplete",
]);

/**
 * The text of each choice that claims to be complete, with the choice. A word that nobody knows explains no missing
 * JSON, and none at all is no end; but what a wire alone knows, as a tool of its own at work, may be why there is none.
 */
function completeTexts(events: readonly StreamEvent[]): readonly (readonly [number, string])[] {
  const texts = new Map<number, string>();
  const complete = new Set<number>();
  /** Choices that hold something else, and those whose end is then explained. */
  const others = new Set<number>();
  const opaque = new Set<number>();
  for (const event of events) {
    if (event.type === "text") texts.set(event.choice, (texts.get(event.choice) ?? "") + event.text);
    else if (event.type === "refusal" || event.type === "tool_call") others.add(event.choice);
    else if (event.type === "opaque") opaque.add(event.choice);
    else if (event.type === "choice_end") {
      const { unified } = event.reason;
      const isExplained = EXPLAINED.has(unified) || (unified === "other" && opaque.has(event.choice));
      if (isExplained) complete.delete(event.choice);
      else complete.add(event.choice);
    }
  }
  const claimed = [...complete].filter((choice) => {
    return !others.has(choice) && (texts.has(choice) || !opaque.has(choice));
  });
  return claimed.map((choice) => [choice, texts.get(choice) ?? ""]);
}
