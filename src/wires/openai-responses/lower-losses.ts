/** What of a request the target cannot honour. Owns what is taken out of the body, and what is said of it. */
import type { ContentPart, ModelRequest, ReasoningControl, Sampling } from "../../core/request.ts";
import { isOurLimit } from "../losses.ts";
import { askedEffort, fitEffort } from "../openai-effort.ts";
import { losesTier } from "../openai-shared.ts";
import type { LowerTarget, Warning } from "../wire.ts";
import { ownEncrypted, WIRE_ID } from "./fields.ts";
import { exclude, INCLUDE_LOGPROBS, INCLUDE_REASONING, include } from "./include.ts";

type Body = Record<string, unknown>;

const NO_WARNINGS: readonly Warning[] = [];
/** Controls that this wire has no field for, by their usual names, and whether they are asked for. */
const ABSENT: readonly (readonly [string, (sampling: Sampling) => boolean])[] = [
  ["stop", ({ stop }) => stop !== undefined && stop.length > 0],
  ["seed", ({ seed }) => seed !== undefined],
  ["n", ({ choices }) => choices !== undefined && choices > 1],
  ["frequency_penalty", ({ frequencyPenalty }) => frequencyPenalty !== undefined],
  ["presence_penalty", ({ presencePenalty }) => presencePenalty !== undefined],
  ["top_k", ({ topK }) => topK !== undefined],
];

/** `body` is changed; a warning for each control that the caller stated and that is not sent. */
export function removeUnsupported(
  body: Body,
  request: ModelRequest,
  target: LowerTarget,
): readonly Warning[] {
  const { capabilities, unsupported } = target;
  const { sampling } = request;
  let warnings: Warning[] | null = null;
  const lose = (control: string, why = "is not supported by the model that was chosen") => {
    delete body[control];
    warnings ??= [];
    warnings.push({ control, message: `\`${control}\` ${why} and was not sent.` });
  };
  for (const [control, isAsked] of ABSENT) {
    if (isAsked(sampling)) lose(control, "does not exist in the Responses API");
  }
  if (losesTier(request.origin, WIRE_ID, target.imitates === true)) lose("service_tier");
  if (sampling.logprobs !== undefined && !capabilities.has("logprobs")) {
    exclude(body, INCLUDE_LOGPROBS);
    lose("top_logprobs");
  }
  if (request.parallelToolCalls !== undefined && !capabilities.has("parallel_tools")) {
    // A model without parallel calls already does what `false` asks for.
    if (request.parallelToolCalls) lose("parallel_tool_calls");
    else delete body.parallel_tool_calls;
  }
  if (request.reasoning !== undefined && !capabilities.has("reasoning")) {
    exclude(body, INCLUDE_REASONING);
    // A model that does not think already does what `none` asks for.
    if (askedEffort(request.reasoning) === "none") delete body.reasoning;
    else lose("reasoning");
  } else if (request.reasoning !== undefined && request.origin.wire !== WIRE_ID) {
    const warning = renderEffort(body, request.reasoning, request, target);
    if (warning !== null) warnings = [...(warnings ?? []), warning];
  }
  for (const field of unsupported) {
    if (body[field] === undefined) continue;
    const stated = request.origin.wire === WIRE_ID && request.origin.body[field] !== undefined;
    // What only we added is taken back in silence.
    const ours = isOurLimit(field, request) || (!stated && (field === "store" || field === "include"));
    if (body[field] === null || ours) delete body[field];
    else lose(field);
  }
  return warnings ?? NO_WARNINGS;
}

/** Another dialect's effort as the target takes it; the warning of one that is lost or another one. */
function renderEffort(
  body: Body,
  reasoning: ReasoningControl,
  request: ModelRequest,
  target: LowerTarget,
): Warning | null {
  const { effort, warning } = fitEffort(reasoning, request, target);
  if (effort === null) delete body.reasoning;
  else body.reasoning = { effort };
  // Without stored state, thoughts can go on in the next turn only where the caller has them.
  if (effort !== null && effort !== "none") include(body, INCLUDE_REASONING);
  return warning;
}

/** What another provider understands, and is left out: sealed thoughts, and the marks of other wires' callers. */
export function lostContent({ messages, tools, origin }: ModelRequest): readonly Warning[] {
  const own = origin.wire === WIRE_ID;
  if (own && !origin.rewritten.has("messages")) return NO_WARNINGS;
  let cached = !own && tools.some((tool) => tool.cache !== undefined);
  let sealed = false;
  for (const { content } of messages) {
    for (const part of content) {
      if (!own && "cache" in part && part.cache !== undefined) cached = true;
      if (part.type === "reasoning" && isForeign(part)) sealed = true;
    }
  }
  if (!cached && !sealed) return NO_WARNINGS;
  const warnings: Warning[] = [];
  if (cached) {
    const message = "The chosen model's provider decides by itself what to cache; the marks were not sent.";
    warnings.push({ control: "cache", message });
  }
  if (sealed) {
    const message =
      "Reasoning that another model signed or encrypted cannot be read by this one; it was not sent.";
    warnings.push({ control: "reasoning", message });
  }
  return warnings;
}

function isForeign({ signature, redacted }: Extract<ContentPart, { type: "reasoning" }>): boolean {
  return signature !== undefined || (redacted !== undefined && ownEncrypted(redacted) === null);
}
