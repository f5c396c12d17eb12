/** The outputs and vectors of a whole native answer as events. Owns what an output holds. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";
import { readEmbedding, readEvent, sealOf } from "./read-event.ts";

/** Every event between the start and the usage; null where the answer is not one. */
export function readOutputs(body: JsonObject): readonly StreamEvent[] | null {
  const outputs = body.output;
  const vectors = body.embeddings ?? [];
  if (!Array.isArray(outputs) || !Array.isArray(vectors)) return null;
  const events: StreamEvent[] = [];
  for (const output of outputs) {
    if (!isRecord(output) || !readOutput(output, events)) return null;
  }
  for (const [index, vector] of vectors.entries()) {
    const event = readEmbedding(index, vector);
    if (event === null) return null;
    events.push(event);
  }
  return events;
}

function readOutput(output: JsonObject, events: StreamEvent[]): boolean {
  // The same check of choice and reason as a stream's last event of the choice.
  const end = readEvent("choice_end", { choice: output.choice, reason: output.finish });
  if (end === null || end === "unknown" || end.type !== "choice_end") return false;
  const said: StreamEvent[] = [];
  const content = output.content ?? [{ type: "text", text: output.text }];
  if (!Array.isArray(content)) return false;
  let calls = 0;
  for (const part of content) {
    if (!isRecord(part)) return false;
    if (part.type === "tool_call") {
      if (!readCall(part, end.choice, calls, said)) return false;
      calls++;
    } else if (!readSaid(part, end.choice, said)) return false;
  }
  const { logprobs } = output;
  const first = said.findIndex((event) => event.type === "text" || event.type === "refusal");
  const scored = said[first];
  if (logprobs !== undefined && (scored?.type === "text" || scored?.type === "refusal")) {
    said[first] = { ...scored, logprobs };
  }
  events.push(...said, end);
  return true;
}

function readSaid(part: JsonObject, choice: number, events: StreamEvent[]): boolean {
  const { type, text } = part;
  if (typeof text !== "string") return false;
  if (type === "reasoning") events.push({ type, choice, text, ...sealOf(part) });
  else if (type !== "text" && type !== "refusal") return false;
  else if (text !== "") events.push({ type, choice, text });
  return true;
}

function readCall(part: JsonObject, choice: number, index: number, events: StreamEvent[]): boolean {
  const { id, name, arguments: text } = part;
  if (typeof id !== "string" || typeof name !== "string" || typeof text !== "string") return false;
  events.push({ type: "tool_call", choice, index, id, name });
  if (text !== "") events.push({ type: "tool_arguments", choice, index, text });
  return true;
}
