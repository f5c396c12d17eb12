/** A provider's whole answer of this wire as events. Owns the order of its blocks; their meaning is as in streams. */
import { NO_USAGE, type StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { badAnswer } from "../provider-fault.ts";
import { tokenCount } from "../token-count.ts";
import type { JsonObject } from "../wire.ts";
import { opaqueExtra } from "./fields.ts";
import { closing, endMessage, readMetadata } from "./read.ts";
import { READ_START } from "./read-state.ts";

/** Where the parts of a whole answer stand in a stream: those of the message's end, the others in metadata. */
const STOP_MEMBERS = ["stopReason", "additionalModelResponseFields"];
const MESSAGE_MEMBERS = ["output"];

export function readConverseAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return [{ type: "fault", fault: badAnswer() }];
  if (body.output === undefined && typeof body.inputTokens === "number") return countEvents(body.inputTokens);
  const message = isRecord(body.output) ? body.output.message : undefined;
  if (!isRecord(message) || !Array.isArray(message.content)) return [{ type: "fault", fault: badAnswer() }];
  const events: StreamEvent[] = [{ type: "start" }];
  let calls = 0;
  for (const block of message.content) {
    const read = isRecord(block) ? readBlock(block, calls, events) : null;
    if (read === null) return [...events, { type: "fault", fault: badAnswer() }];
    calls = read;
  }
  const stop = pick(body, STOP_MEMBERS);
  let state = endMessage({ ...READ_START, calls, hasContent: events.length > 1 }, stop, events);
  state = readMetadata(state, omit(body, [...STOP_MEMBERS, ...MESSAGE_MEMBERS]), events);
  if (state.reason !== null) events.push(...closing(state, state.reason));
  return events;
}

/** The answer of CountTokens. */
function countEvents(tokens: number): readonly StreamEvent[] {
  const usage = { ...NO_USAGE, inputTokens: tokenCount(tokens) };
  return [
    { type: "start" },
    { type: "usage", usage },
    { type: "finish", reason: { unified: "stop", raw: null }, usage },
  ];
}

/** How many calls there are after `block`; null when it is not what the wire promises. */
function readBlock(block: JsonObject, calls: number, events: StreamEvent[]): number | null {
  if (typeof block.text === "string") {
    if (block.text !== "") events.push({ type: "text", choice: 0, text: block.text });
    return calls;
  }
  if (isRecord(block.toolUse) && typeof block.toolUse.type !== "string") {
    return readCall(block.toolUse, calls, events) ? calls + 1 : null;
  }
  if (isRecord(block.reasoningContent)) {
    readReasoning(block.reasoningContent, events);
    return calls;
  }
  if (isRecord(block.citationsContent)) {
    readCitations(block.citationsContent, events);
    return calls;
  }
  if (!Object.values(block).some(isRecord)) return block.text === undefined ? calls : null;
  events.push({ type: "opaque", choice: 0, extra: opaqueExtra({ block }) });
  return calls;
}

function readCall({ toolUseId: id, name, input }: JsonObject, index: number, events: StreamEvent[]): boolean {
  if (typeof id !== "string" || id === "" || typeof name !== "string" || name === "") return false;
  events.push({ type: "tool_call", choice: 0, index, id, name });
  events.push({ type: "tool_arguments", choice: 0, index, text: JSON.stringify(input ?? {}) });
  return true;
}

function readReasoning({ reasoningText, redactedContent }: JsonObject, events: StreamEvent[]): void {
  if (typeof redactedContent === "string" && redactedContent !== "") {
    events.push({ type: "reasoning", choice: 0, text: "", redacted: redactedContent });
  }
  if (!isRecord(reasoningText)) return;
  const text = typeof reasoningText.text === "string" ? reasoningText.text : "";
  const { signature } = reasoningText;
  if (typeof signature === "string" && signature !== "") {
    events.push({ type: "reasoning", choice: 0, text, signature });
  } else if (text !== "") events.push({ type: "reasoning", choice: 0, text });
}

/** Cited text is text; each citation follows it as in a stream. */
function readCitations({ content, citations }: JsonObject, events: StreamEvent[]): void {
  for (const piece of Array.isArray(content) ? content : []) {
    if (!isRecord(piece) || typeof piece.text !== "string" || piece.text === "") continue;
    events.push({ type: "text", choice: 0, text: piece.text });
  }
  for (const citation of Array.isArray(citations) ? citations : []) {
    events.push({ type: "opaque", choice: 0, extra: opaqueExtra({ delta: { citation } }) });
  }
}

function pick(source: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(source).filter(([name]) => members.includes(name)));
}

function omit(source: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(source).filter(([name]) => !members.includes(name)));
}
