/**
 * What a deployment would not honour of a request, without calling it: the steps before a call, taken for their losses
 * alone. Owns that a strict caller is told all of them, and not only what the first of them refuses.
 */
import type { Deployment } from "../core/deployment.ts";
import type { Fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";
import { limitSent } from "./limit-sent.ts";
import { prepareCall, withinLimits } from "./prepare-call.ts";
import { loadWire } from "./wire-registry.ts";

export interface Honoured {
  /** What a caller is told of in `x-pointsman-warnings`, were it not for `strict`. */
  readonly warnings: readonly Warning[];
  /** With which the deployment is not called at all; null: it is. */
  readonly refusal: Fault | null;
  /** The limit on its answer that it is sent; null: none. */
  readonly limit: number | null;
}

/** `cap` and `withinCeiling`: the limits on an answer of the use case and of its ceiling, as `withinLimits` has them. */
export async function honouredBy(
  request: ModelRequest,
  deployment: Deployment,
  cap: number | null,
  withinCeiling: number | null,
): Promise<Honoured> {
  // Its caller came in on it, so a gateway that serves has it already.
  await loadWire(request.origin.wire);
  const lenient = await prepared({ ...request, strict: false }, deployment, cap, withinCeiling);
  if (!request.strict || lenient.refusal) return lenient;
  const { refusal } = await prepared(request, deployment, cap, withinCeiling);
  return { ...lenient, refusal };
}

async function prepared(
  request: ModelRequest,
  deployment: Deployment,
  cap: number | null,
  withinCeiling: number | null,
): Promise<Honoured> {
  const limited = withinLimits(request, cap, deployment.model, withinCeiling);
  if (!limited.ok) return refused(limited.fault);
  const { request: asked, warning } = limited.value;
  const call = await prepareCall(asked, deployment);
  if (!call.ok) return refused(call.fault);
  const { warnings, lowered } = call.value;
  const limit = limitSent(lowered);
  return { warnings: warning === null ? warnings : [...warnings, warning], refusal: null, limit };
}

function refused(refusal: Fault): Honoured {
  return { warnings: [], refusal, limit: null };
}
