/** A provider's whole answer of this wire as events, by the same reading as a stream's chunks. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { badAnswer } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";
import { readWhole } from "./read.ts";
import { readTokenCount } from "./usage.ts";

/** Answers to generateContent, to a stream that came whole, and to countTokens. */
export function readGeminiAnswer(body: unknown): readonly StreamEvent[] {
  if (isRecord(body) && typeof body.totalTokens === "number" && body.candidates === undefined) {
    return readCount(body);
  }
  const events = readWhole(body);
  const last = events.at(-1);
  if (last?.type !== "fault" || last.fault.code !== "bad_chunk") return events;
  return [...events.slice(0, -1), { type: "fault", fault: badAnswer() }];
}

function readCount(body: JsonObject): readonly StreamEvent[] {
  const usage = readTokenCount(body);
  return [
    { type: "start" },
    { type: "usage", usage },
    { type: "finish", reason: { unified: "stop", raw: null }, usage },
  ];
}
