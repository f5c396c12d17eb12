/** An answer as text that can be kept, and back. Owns which answers are worth keeping; knows no request. */
import type { Deployment } from "../../core/deployment.ts";
import { isContent, NO_USAGE, type StreamEvent } from "../../core/events.ts";
import type { Warning } from "../../wires/wire.ts";

/** Characters of one answer; a longer one is not kept. */
export const MAX_DOCUMENT_CHARS = 256 * 1024;

/** Who gave the answer. */
export interface AnsweredBy {
  readonly deployment: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly provider: string;
  readonly region: string;
  readonly simulated: boolean;
}

export interface KeptDocument {
  readonly by: AnsweredBy;
  readonly warnings: readonly Warning[];
  /** Without ids, times and usage: giving it again uses nothing. The last one is `finish`. */
  readonly events: readonly StreamEvent[];
}

/** Null for what is not kept: cut short, refused, calling tools, without text, or too long. */
export function documentOf(
  deployment: Deployment,
  warnings: readonly Warning[],
  events: readonly StreamEvent[],
): string | null {
  if (!isWorthKeeping(events)) return null;
  const { model } = deployment;
  const by: AnsweredBy = {
    deployment: deployment.id,
    model: model.id,
    modelVersion: model.version,
    provider: deployment.provider,
    region: deployment.region,
    simulated: deployment.simulated,
  };
  const document: KeptDocument = { by, warnings, events: joined(events) };
  const text = JSON.stringify(document);
  return text.length > MAX_DOCUMENT_CHARS ? null : text;
}

/** A document was written by `documentOf` and by nobody else, so it is what it says. */
export function readDocument(text: string): KeptDocument {
  return JSON.parse(text) as KeptDocument;
}

function isWorthKeeping(events: readonly StreamEvent[]): boolean {
  const last = events[events.length - 1];
  if (last?.type !== "finish" || last.reason.unified !== "stop") return false;
  let hasText = false;
  for (const event of events) {
    if (event.type === "text") hasText ||= event.text.trim() !== "";
    else if (event.type === "tool_call" || event.type === "refusal" || event.type === "fault") return false;
    else if (event.type === "choice_end" && event.reason.unified !== "stop") return false;
  }
  return hasText;
}

/** Pieces of text that follow each other become one; ids, times and usage stay out. */
function joined(events: readonly StreamEvent[]): readonly StreamEvent[] {
  const kept: StreamEvent[] = [{ type: "start" }];
  for (const event of events) {
    if (!isContent(event)) continue;
    const last = kept[kept.length - 1];
    if (event.type === "finish") kept.push({ type: "finish", reason: event.reason, usage: NO_USAGE });
    else if (last && isPlainText(event) && isPlainText(last) && last.choice === event.choice) {
      kept[kept.length - 1] = { type: "text", choice: event.choice, text: last.text + event.text };
    } else kept.push(event);
  }
  return kept;
}

function isPlainText(event: StreamEvent): event is Extract<StreamEvent, { type: "text" }> {
  return event.type === "text" && event.logprobs === undefined && event.extra === undefined;
}
