/** Whether an answer keeps the format that was asked for, and the words to ask again when it does not. */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { StreamEvent } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import { type Message, type ModelRequest, withMessages } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";
import { extractJson, type JsonPassage } from "./extract-json.ts";

const MAX_COMPLAINT_CHARS = 500;

/** What the answer is once its format was looked at; null: as it should be. */
export type FormatVerdict =
  /** `malformed` with `not_json` or `schema_violation`. */
  | { readonly type: "broken"; readonly fault: Fault }
  /** There was JSON among other words: the answer with the JSON alone. */
  | { readonly type: "extracted"; readonly events: readonly StreamEvent[] };

export const JSON_EXTRACTED: Warning = {
  control: "json_extracted",
  message: "The model put other words around the JSON; they were taken off.",
};

/**
 * Checks every choice of a whole answer against the request's `response_format`. A choice that a token limit
 * cut, or that calls tools or refuses, is what the model meant and is left alone.
 */
export function checkAnswerFormat(
  request: ModelRequest,
  events: readonly StreamEvent[],
): FormatVerdict | null {
  const format = request.responseFormat;
  if (format.type === "text") return null;
  const schema =
    format.type === "json_schema" ? new Validator(format.schema as Schema, "2020-12", true) : null;
  const fits = (value: unknown): boolean => schema === null || schema.validate(value).valid;
  const extracted = new Map<number, string>();
  for (const [choice, text] of completeTexts(events)) {
    const whole = parsed(text);
    const found = whole ?? extractJson(text, fits);
    if (found === null) return { type: "broken", fault: NOT_JSON };
    const violation = schema ? violationOf(schema, found.value) : null;
    if (violation) return { type: "broken", fault: violation };
    if (whole === null) extracted.set(choice, found.text);
  }
  if (extracted.size === 0) return null;
  return { type: "extracted", events: withTexts(events, extracted) };
}

const NOT_JSON = fault("malformed", "not_json", "The model was asked for JSON and answered something else.", {
  cause: { detail: "The answer is not valid JSON." },
});

function parsed(text: string): JsonPassage | null {
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function violationOf(schema: Validator, value: unknown): Fault | null {
  const verdict = schema.validate(value);
  if (verdict.valid) return null;
  const first = verdict.errors[verdict.errors.length - 1];
  const detail = `${first?.instanceLocation ?? "#"}: fails ${first?.keyword ?? "the schema"}`;
  return fault("malformed", "schema_violation", "The model's JSON violates the schema that was asked for.", {
    cause: { detail: detail.slice(0, MAX_COMPLAINT_CHARS) },
  });
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
  if (complaint.code !== "not_json" && complaint.code !== "schema_violation") return request;
  const instruction: Message = {
    role: "user",
    content: [
      {
        type: "text",
        text:
          `Your previous answer was rejected by a validator: ${complaint.cause?.detail ?? complaint.message} ` +
          "Answer again with nothing but JSON that satisfies the requested format, without any other text.",
      },
    ],
  };
  return withMessages(request, [...request.messages, instruction]);
}

/** The text of each choice that ended by itself and is text alone, with the choice. */
function completeTexts(events: readonly StreamEvent[]): readonly (readonly [number, string])[] {
  const texts = new Map<number, string>();
  const complete = new Set<number>();
  for (const event of events) {
    if (event.type === "text") texts.set(event.choice, (texts.get(event.choice) ?? "") + event.text);
    else if (event.type === "refusal" || event.type === "tool_call") texts.delete(event.choice);
    else if (event.type === "choice_end" && event.reason.unified === "stop") complete.add(event.choice);
  }
  return [...texts].filter(([choice]) => complete.has(choice));
}
