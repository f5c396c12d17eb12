/**
 * What a deployment would not honour of a request, without calling it: the steps before a call, taken for their losses
 * alone. Owns their order, which is that of an attempt; each step is its own room's.
 */
import type { Deployment } from "../core/deployment.ts";
import type { Fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";
import { beyondModelFault, capOutput, cappedWarning } from "./cap-output.ts";
import { crossingLosses } from "./crossing.ts";
import { noEmbeddings, targetOf, wireFor } from "./send.ts";
import { type AnyWire, loadWire } from "./wire-registry.ts";

export interface Honoured {
  /** What a caller is told of in `x-pointsman-warnings`, were it not for `strict`. */
  readonly warnings: readonly Warning[];
  /** With which the deployment is not called at all; null: it is. */
  readonly refusal: Fault | null;
}

/** `cap`: the use case's limit on an answer; null: none. */
export async function honouredBy(
  request: ModelRequest,
  deployment: Deployment,
  cap: number | null,
): Promise<Honoured> {
  const wire = await wireFor(deployment, request);
  if (wire === null) return { warnings: [], refusal: noEmbeddings(deployment) };
  // Its caller came in on it, so a gateway that serves has it already.
  await loadWire(request.origin.wire);
  const lenient = prepared({ ...request, strict: false }, deployment, cap, wire);
  if (!request.strict || lenient.refusal) return lenient;
  return { ...lenient, refusal: prepared(request, deployment, cap, wire).refusal };
}

function prepared(
  request: ModelRequest,
  deployment: Deployment,
  cap: number | null,
  wire: AnyWire,
): Honoured {
  const { model } = deployment;
  const beyond = beyondModelFault(request, model);
  if (beyond) return { warnings: [], refusal: beyond };
  const asked = capOutput(request, cap, model);
  const losses = crossingLosses(asked, wire);
  if ("kind" in losses) return { warnings: [], refusal: losses };
  const lowered = wire.lower(asked, targetOf(deployment));
  if (!lowered.ok) return { warnings: [], refusal: lowered.fault };
  const capped = cappedWarning(request, cap, model);
  return { warnings: [...losses, ...lowered.value.warnings, ...(capped ? [capped] : [])], refusal: null };
}
