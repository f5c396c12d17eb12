/** A provider's whole answer of this wire as events, by the same reading as a stream's chunks. */
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import { badAnswer, emptyAnswer } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readStreamError } from "./errors.ts";
import { CHUNK_FIELDS, closeChat, defectFault, start } from "./read.ts";
import { readChoice } from "./read-choice.ts";
import { type ChoiceState, newChoice, READ_START } from "./read-state.ts";
import { readUsage } from "./usage.ts";

export function readChatAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return [{ type: "fault", fault: badAnswer() }];
  const usage = readUsage(body.usage);
  if (body.error !== undefined && body.error !== null) return failed([], usage, readStreamError(body));
  if (!Array.isArray(body.choices)) return [{ type: "fault", fault: badAnswer() }];
  const events: StreamEvent[] = [start(body, unmodelled(body, CHUNK_FIELDS, null))];
  const choices: ChoiceState[] = [];
  for (const [position, choice] of body.choices.entries()) {
    const read = readWholeChoice(choice, position, body, events);
    if (read === null) return failed(events, usage, badAnswer());
    if (typeof read === "string") return failed(events, usage, defectFault(read));
    choices.push(read);
  }
  if (choices.length === 0) return failed(events, usage, emptyAnswer());
  const [, closing] = closeChat({ ...READ_START, phase: "open", choices, usage }, true);
  // The usage comes before the terminal event.
  const last = closing[closing.length - 1];
  for (const event of closing) {
    if (event === last && usage !== null) events.push({ type: "usage", usage });
    events.push(event);
  }
  return events;
}

/** What was counted is billed, whatever became of the answer. */
function failed(events: readonly StreamEvent[], usage: Usage | null, why: Fault): readonly StreamEvent[] {
  const fault = { type: "fault", fault: why } as const;
  return usage === null ? [...events, fault] : [...events, { type: "usage", usage }, fault];
}

function readWholeChoice(
  choice: unknown,
  position: number,
  body: JsonObject,
  events: StreamEvent[],
): ChoiceState | "broken" | "half" | null {
  if (!isRecord(choice) || !isRecord(choice.message)) return null;
  const index = Number.isInteger(choice.index) && Number(choice.index) >= 0 ? Number(choice.index) : position;
  const answerId = typeof body.id === "string" ? body.id : "";
  const message = withCallsApart(choice.message);
  const read = readChoice(newChoice(index), choice, message, null, answerId, events);
  return read === "shape" ? null : read;
}

/** Every entry of a whole message is a call of its own, whatever ids and numbers it has: no entry goes on with one. */
function withCallsApart(message: JsonObject): JsonObject {
  const { tool_calls: calls } = message;
  if (!Array.isArray(calls) || calls.length < 2) return message;
  const apart = calls.map((call: unknown, index) => (isRecord(call) ? { ...call, index } : call));
  return { ...message, tool_calls: apart };
}
