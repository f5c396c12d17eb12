/**
 * What is made of a request before a call: held to its limits, compared with what the provider's wire can say, lowered
 * to that wire's body. Owns the order of these steps, so that a call and the explanation of one cannot differ in it.
 */
import type { Deployment, JsonTemplate, ModelSpec } from "../core/deployment.ts";
import { type Fault, fault, type Result } from "../core/faults.ts";
import type { ModelRequest, WireId } from "../core/request.ts";
import type { Lowered, LowerTarget, Warning } from "../wires/wire.ts";
import { beyondModelFault, capOutput, cappedWarning, ceilingWarning } from "./cap-output.ts";
import { changesDialect, crossingLosses } from "./crossing.ts";
import { withinBounds, withinLeast } from "./dialect-bounds.ts";
import { limitSent } from "./limit-sent.ts";
import { type AnyWire, loadWire } from "./wire-registry.ts";

/** `warning`: what the caller is told with the answer; null: it did not ask for more. */
export interface WithinLimits {
  readonly request: ModelRequest;
  readonly warning: Warning | null;
}

/**
 * `request` as `model` may be asked it; `cap`: the use case's limit on an answer, null: none; `withinCeiling`: the one by
 * which the cost ceiling holds, null: somebody states one, or there is no ceiling. Fault: `invalid`, where `strict`
 * forbids to lower what the caller asked for.
 */
export function withinLimits(
  request: ModelRequest,
  cap: number | null,
  model: ModelSpec,
  withinCeiling: number | null,
): Result<WithinLimits> {
  const beyond = beyondModelFault(request, model);
  if (beyond) return { ok: false, fault: beyond };
  const warning = cappedWarning(request, cap, model);
  const capped = capOutput(request, cap ?? withinCeiling, model);
  if (withinCeiling === null) return { ok: true, value: { request: capped, warning } };
  const origin = { ...capped.origin, limitByCeiling: true };
  return { ok: true, value: { request: { ...capped, origin }, warning } };
}

/** All that a call needs of its request. */
export interface PreparedCall {
  readonly wire: AnyWire;
  readonly target: LowerTarget;
  readonly lowered: Lowered;
  /** Answers that are asked for at once; fewer than the request has where the dialect takes no more. */
  readonly choices: number;
  /** What of the request does not reach the model. */
  readonly warnings: readonly Warning[];
}

/** A promise only where the wire is still to be loaded. Faults were found before anything was sent. */
export function prepareCall(
  request: ModelRequest,
  deployment: Deployment,
): Result<PreparedCall> | Promise<Result<PreparedCall>> {
  const wire = wireFor(deployment, request);
  if (wire === null) return withhold(noEmbeddings(deployment));
  return wire instanceof Promise
    ? prepareLater(request, deployment, wire)
    : prepareOn(request, deployment, wire);
}

async function prepareLater(
  request: ModelRequest,
  deployment: Deployment,
  wire: Promise<AnyWire>,
): Promise<Result<PreparedCall>> {
  return prepareOn(request, deployment, await wire);
}

function prepareOn(request: ModelRequest, deployment: Deployment, wire: AnyWire): Result<PreparedCall> {
  const losses = crossingLosses(request, wire);
  if ("kind" in losses) return withhold(losses);
  const target = targetOf(deployment);
  const fit = changesDialect(request, wire) ? withinBounds : withinLeast;
  const fitted = fit(request, wire, target);
  if (fitted !== null && "kind" in fitted) return withhold(fitted);
  const call =
    fitted === null
      ? lowered(request, wire, target, losses)
      : lowered(fitted.request, fitted.wire, target, [...losses, ...fitted.warnings]);
  return request.origin.limitByCeiling ? tellingOfCeiling(call, deployment.model) : call;
}

/** A limit of the ceiling's that could not be sent is nothing to tell of. */
function tellingOfCeiling(call: Result<PreparedCall>, model: ModelSpec): Result<PreparedCall> {
  if (!call.ok) return call;
  const { lowered, warnings } = call.value;
  const warning = ceilingWarning(limitSent(lowered), model);
  return warning === null ? call : { ok: true, value: { ...call.value, warnings: [...warnings, warning] } };
}

function lowered(
  request: ModelRequest,
  wire: AnyWire,
  target: LowerTarget,
  losses: readonly Warning[],
): Result<PreparedCall> {
  const result = wire.lower(request, target);
  if (!result.ok) return withhold(result.fault);
  const { value } = result;
  const warnings = losses.length === 0 ? value.warnings : [...losses, ...value.warnings];
  const { choices = 1 } = request.sampling;
  return { ok: true, value: { wire, target, lowered: value, choices, warnings } };
}

function withhold(why: Fault): Result<never> {
  return { ok: false, fault: { ...why, unsent: true } };
}

/** The wire that `deployment` speaks for what is asked; null where it has none for vectors. */
function wireFor(deployment: Deployment, request: ModelRequest): AnyWire | Promise<AnyWire> | null {
  const { endpoint } = deployment;
  const embeds = request.operation === "embed";
  const id = embeds ? deployment.embeddingWire : deployment.wire;
  if (id === null) return null;
  if (endpoint.type !== "sagemaker") return loadWire(id);
  return sagemakerWireOf(id, embeds ? undefined : endpoint.template);
}

async function sagemakerWireOf(id: WireId, template: JsonTemplate | undefined): Promise<AnyWire> {
  const { sagemakerWire } = await import("./sagemaker-wire.ts");
  return sagemakerWire(id, template);
}

function noEmbeddings({ id }: Deployment): Fault {
  return fault("internal", "unknown_wire", `The deployment ${id} has no wire for embeddings.`);
}

function targetOf({ modelId, baseModel, model, unsupported, kind }: Deployment): LowerTarget {
  const { capabilities, maxOutputTokens } = model;
  const imitates = kind === "openai-compatible" || kind === "sagemaker";
  return { modelId, baseModel, capabilities, maxOutputTokens, unsupported, imitates };
}
