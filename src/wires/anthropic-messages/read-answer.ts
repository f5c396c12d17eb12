/** A provider's whole answer of this wire as events, by the same reading as a stream's blocks. */
import type { StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { badAnswer } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readStreamError } from "./errors.ts";
import { closeMessage, countUsage, endMessage, startOf } from "./read.ts";
import { beginBlock, endBlock } from "./read-block.ts";
import { READ_START, type ReadState } from "./read-state.ts";
import { readUsage } from "./usage.ts";

/** Fields of a message that a stream tells at its end, beside the reason. */
const END_FIELDS = ["stop_details", "container"] as const;

/** A message, or the `{input_tokens}` of a count: that is a usage without an answer. */
export function readMessagesAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return broken([], badAnswer());
  if (body.type === "error" || (body.error !== undefined && body.error !== null)) {
    return broken([], readStreamError(body));
  }
  if (!Array.isArray(body.content)) return readCount(body);
  const end = endOf(body);
  const events: StreamEvent[] = [startOf(body, end)];
  let state: ReadState = { ...READ_START, phase: "open" };
  for (const [index, block] of body.content.entries()) {
    const begun = isRecord(block) ? beginBlock(state, index, block, events) : null;
    if (begun === null) return broken(events, badAnswer());
    state = endBlock(begun, events);
  }
  state = countUsage(state, body.usage, events);
  return closeMessage(endMessage(state, end, null, events), events)[1];
}

function endOf(body: JsonObject): JsonObject {
  const end: Record<string, unknown> = {
    stop_reason: body.stop_reason,
    stop_sequence: body.stop_sequence,
  };
  for (const field of END_FIELDS) if (body[field] !== undefined) end[field] = body[field];
  return end;
}

function readCount(body: JsonObject): readonly StreamEvent[] {
  const usage = readUsage(body);
  if (usage === null) return broken([], badAnswer());
  const reason = { unified: "stop", raw: null } as const;
  return [{ type: "start" }, { type: "usage", usage }, { type: "finish", reason, usage }];
}

function broken(events: readonly StreamEvent[], why: Fault): readonly StreamEvent[] {
  return [...events, { type: "fault", fault: why }];
}
