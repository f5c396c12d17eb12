/** A provider's whole answer of this wire as events, by the same reading as a stream's last frame. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { readStreamError } from "../openai-chat/errors.ts";
import { badAnswer } from "../provider-fault.ts";
import { readFailure } from "./errors.ts";
import { finishResponse } from "./read.ts";
import { READ_START } from "./read-state.ts";
import { readUsage } from "./usage.ts";

/** Statuses of a response that will be complete later, elsewhere. */
const UNFINISHED: ReadonlySet<unknown> = new Set(["queued", "in_progress"]);

export function readResponsesAnswer(body: unknown): readonly StreamEvent[] {
  if (!isRecord(body)) return [{ type: "fault", fault: badAnswer() }];
  if (body.error !== undefined && body.error !== null) {
    const failed = body.object === "response" ? readFailure(body) : readStreamError(body);
    const usage = readUsage(body.usage);
    const fault = { type: "fault", fault: failed } as const;
    return usage === null ? [fault] : [{ type: "usage", usage }, fault];
  }
  if (!Array.isArray(body.output) || UNFINISHED.has(body.status)) {
    return [{ type: "fault", fault: badAnswer() }];
  }
  const [, events] = finishResponse(READ_START, body, []);
  const last = events[events.length - 1];
  if (last?.type !== "fault" || last.fault.code !== "bad_chunk") return events;
  return [...events.slice(0, -1), { type: "fault", fault: badAnswer() }];
}
