/** Whether an answer keeps the format that was asked for, and the words to ask again when it does not. */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { StreamEvent } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import { type Message, type ModelRequest, withMessages } from "../core/request.ts";

const MAX_COMPLAINT_CHARS = 500;

/**
 * Checks every choice of a whole answer against the request's `response_format`. Returns `malformed` with
 * `not_json` or `schema_violation`, or null. A choice that a token limit cut, or that calls tools or
 * refuses, is what the model meant and is left alone.
 */
export function checkAnswerFormat(request: ModelRequest, events: readonly StreamEvent[]): Fault | null {
  const format = request.responseFormat;
  if (format.type === "text") return null;
  const schema =
    format.type === "json_schema" ? new Validator(format.schema as Schema, "2020-12", true) : null;
  for (const text of completeTexts(events)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return fault("malformed", "not_json", "The model was asked for JSON and answered something else.", {
        cause: { detail: "The answer is not valid JSON." },
      });
    }
    const verdict = schema?.validate(value);
    if (verdict && !verdict.valid) {
      const first = verdict.errors[verdict.errors.length - 1];
      const detail = `${first?.instanceLocation ?? "#"}: fails ${first?.keyword ?? "the schema"}`;
      return fault(
        "malformed",
        "schema_violation",
        "The model's JSON violates the schema that was asked for.",
        {
          cause: { detail: detail.slice(0, MAX_COMPLAINT_CHARS) },
        },
      );
    }
  }
  return null;
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

/** The text of each choice that ended by itself and is text alone. */
function completeTexts(events: readonly StreamEvent[]): Iterable<string> {
  const texts = new Map<number, string>();
  const complete = new Set<number>();
  for (const event of events) {
    if (event.type === "text") texts.set(event.choice, (texts.get(event.choice) ?? "") + event.text);
    else if (event.type === "refusal" || event.type === "tool_call") texts.delete(event.choice);
    else if (event.type === "choice_end" && event.reason.unified === "stop") complete.add(event.choice);
  }
  return [...texts].filter(([choice]) => complete.has(choice)).map(([, text]) => text);
}
