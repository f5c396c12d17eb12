/** What an answer says of a guardrail, both ways. Owns the field and the reason that it stands for. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";

/** What a guardrail did, beside the family's own fields: `INTERVENED`, or `NONE`. */
export const GUARDRAIL_FIELD = "amazon-bedrock-guardrailAction";
export const INTERVENED_ACTION = "INTERVENED";
/** Bedrock's own word for the end of an answer with which a guardrail interfered. */
export const INTERVENED: FinishReason = { unified: "content_filter", raw: "guardrail_intervened" };

/** Whether `event` ends an answer for a guardrail, by this API's word or Converse's. */
export function endsGuarded(event: StreamEvent): boolean {
  if (event.type !== "choice_end" && event.type !== "finish") return false;
  return event.reason.unified === INTERVENED.unified && event.reason.raw === INTERVENED.raw;
}
