/** The use case's limit on the length of an answer, on the request. Owns what is lowered and who is told. */
import { type Fault, fault } from "../core/faults.ts";
import type { ModelRequest, Section } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";

const CONTROL = "max_tokens";

/**
 * `request` with its limit lowered to `cap`; where it states none, to `cap` or what the model can produce
 * (`modelMax`), if that is less. The very same request where nothing is to be lowered.
 */
export function capOutput(request: ModelRequest, cap: number | null, modelMax: number): ModelRequest {
  const asked = request.sampling.maxTokens;
  if (cap === null || request.operation !== "chat" || (asked !== undefined && asked <= cap)) return request;
  const rewritten = new Set<Section>(request.origin.rewritten).add("sampling");
  return {
    ...request,
    sampling: { ...request.sampling, maxTokens: Math.min(cap, modelMax) },
    origin: { ...request.origin, rewritten },
  };
}

/** What the caller is told where it asked for more; null: it did not. */
export function cappedWarning({ operation, sampling }: ModelRequest, cap: number | null): Warning | null {
  const asked = sampling.maxTokens;
  if (cap === null || operation !== "chat" || asked === undefined || asked <= cap) return null;
  return { control: CONTROL, message: messageOf(asked, cap) };
}

/** The same under `strict`: `invalid`, `unsupported_control`. */
export function cappedFault(request: ModelRequest, cap: number | null): Fault | null {
  const warning = request.strict ? cappedWarning(request, cap) : null;
  return warning && fault("invalid", "unsupported_control", warning.message, { param: CONTROL });
}

function messageOf(asked: number, cap: number): string {
  return `\`${CONTROL}\` of ${asked} is more than the use case allows: an answer has ${cap} tokens at the most.`;
}
