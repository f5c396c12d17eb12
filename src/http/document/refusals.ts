/** How a request to a model is refused, by status, for the OpenAPI document. Which fault has which status is core's. */
import { FAULTS, type Fault, type FaultKind, fault } from "../../core/faults.ts";

interface Refusal {
  readonly status: number;
  readonly description: string;
  readonly example: Fault;
}

/** Kinds of faults that nobody who asks a model hears of: the caller left, or asked by another method or elsewhere. */
export const UNHEARD: readonly FaultKind[] = ["cancelled", "method_not_allowed", "forbidden"];

export const REFUSALS: readonly Refusal[] = [
  refusal(
    "The request is invalid or too long for every model, or its content was refused: change it.",
    fault("invalid", "missing_field", "`model` is required. Add it as a string.", { param: "model" }),
  ),
  refusal(
    "The key or the signature is not known here.",
    fault("unauthenticated", "missing_api_key", "No API key was sent."),
  ),
  refusal(
    "This key may ask for no use case of this name.",
    fault("not_found", "model_not_found", "There is no such use case.", { param: "model" }),
  ),
  refusal("The body is too large.", fault("too_large", "body_too_large", "The request body is too large.")),
  refusal(
    "Over a limit of the key, or every provider throttles: wait.",
    fault("rate_limited", "rate_limited", "This key's limit is used up.", { retryAfterMs: 1_500 }),
  ),
  refusal("The gateway's own failure.", fault("internal", "internal_error", "The gateway failed.")),
  refusal(
    "What providers answered cannot be used, or the gateway's own access to them is at fault.",
    fault("malformed", "malformed_answer", "No model gave an answer of the wanted form."),
  ),
  refusal(
    "Nobody could answer now: wait.",
    fault("exhausted", "exhausted", "No deployment could answer.", { retryAfterMs: 1_000 }),
  ),
  refusal("Nobody answered in time.", fault("timeout", "deadline", "Nobody answered in time.")),
];

function refusal(description: string, example: Fault): Refusal {
  return { status: FAULTS[example.kind].status, description, example };
}
