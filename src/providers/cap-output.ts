/**
 * The limits on the length of an answer, the use case's and the model's, on the request. Owns what is lowered and who
 * is told.
 */
import type { ModelSpec } from "../core/deployment.ts";
import { outputLimit } from "../core/estimate-cost.ts";
import { type Fault, fault } from "../core/faults.ts";
import type { ModelRequest, Section } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";

const CONTROL = "max_tokens";

/** Of a model: what it can produce, and whether that was only assumed. */
type Producer = Pick<ModelSpec, "maxOutputTokens" | "maxOutputAssumed">;

/**
 * `request` as `model` is sent it: its limit lowered to the use case's `cap` and to what the policy says that the
 * model can produce; where it states none, to the cap, or to what the model is taken to produce if that is less. The
 * very same request where nothing is to be lowered.
 */
export function capOutput(request: ModelRequest, cap: number | null, model: Producer): ModelRequest {
  if (request.operation !== "chat") return request;
  const asked = request.sampling.maxTokens;
  if (asked === undefined) {
    return cap === null ? request : limitOutput(request, Math.min(cap, model.maxOutputTokens));
  }
  const limit = limitOf(cap, model);
  return asked <= limit ? request : limitOutput(request, limit);
}

/** `request` with this limit on its answer, whatever it stated. */
export function limitOutput(request: ModelRequest, limit: number): ModelRequest {
  const { sampling, origin } = request;
  const rewritten = new Set<Section>(origin.rewritten).add("sampling");
  const { limitBefore = sampling.maxTokens ?? null } = origin;
  return {
    ...request,
    sampling: { ...sampling, maxTokens: limit },
    origin: { ...origin, rewritten, limitBefore },
  };
}

/** What nobody stated cuts nothing that a caller asks for. */
function limitOf(cap: number | null, model: Producer): number {
  const possible = outputLimit(model);
  return cap === null ? possible : Math.min(cap, possible);
}

/** What the caller is told where it asked for more; null: it did not. */
export function cappedWarning(request: ModelRequest, cap: number | null, model: Producer): Warning | null {
  const asked = askedOf(request);
  const limit = limitOf(cap, model);
  if (asked <= limit) return null;
  const message = limit === cap ? beyondUseCase(asked, limit) : beyondModel(asked, limit);
  return { control: CONTROL, message };
}

/**
 * What the caller is told of the limit by which a ceiling is kept, where it states none itself: the answer may have been
 * longer. Null: the model could produce no more, or none was set.
 */
export function ceilingWarning(limit: number | null, model: Producer): Warning | null {
  if (limit === null || limit >= outputLimit(model)) return null;
  const message = `The request states no \`${CONTROL}\`: an answer has ${limit} tokens at the most, so that the use case's cost ceiling holds.`;
  return { control: CONTROL, message };
}

/** Of the use case's cap under `strict`, before any model is called: `invalid`, `unsupported_control`. */
export function cappedFault(request: ModelRequest, cap: number | null): Fault | null {
  const asked = askedOf(request);
  return !request.strict || cap === null || asked <= cap ? null : refusal(beyondUseCase(asked, cap));
}

/** The same of what the model can produce, before it is called. */
export function beyondModelFault(request: ModelRequest, model: Producer): Fault | null {
  const limit = limitOf(null, model);
  const asked = askedOf(request);
  if (!request.strict || asked <= limit) return null;
  return { ...refusal(beyondModel(asked, limit)), unsent: true };
}

/** By the caller: nobody is told of, or refused for, a limit that the policy has set. */
function askedOf({ operation, sampling, origin }: ModelRequest): number {
  return operation === "chat" && !origin.limitByPolicy ? (sampling.maxTokens ?? 0) : 0;
}

function refusal(message: string): Fault {
  return fault("invalid", "unsupported_control", message, { param: CONTROL });
}

function beyondUseCase(asked: number, limit: number): string {
  return `\`${CONTROL}\` of ${asked} is more than the use case allows: an answer has ${limit} tokens at the most.`;
}

function beyondModel(asked: number, limit: number): string {
  return `\`${CONTROL}\` of ${asked} is more than the chosen model can produce: an answer has ${limit} tokens at the most.`;
}
