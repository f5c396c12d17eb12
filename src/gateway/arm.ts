/** An arm's prompt and parameters on the request. Owns what is replaced; which arm it is was decided before. */
import type { ArmChoice, RequestChange, RoutePlan } from "../core/plan.ts";
import type { Message, ModelRequest, Section } from "../core/request.ts";
import type { RouteInput } from "../policy/routing/plan.ts";
import { withReasoning } from "./arm-reasoning.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The request goes on as its arm wants it. Whoever routes it again, because it had to be shortened, gets the same
 * arm and does not count its prompt twice.
 */
export function takeArm(exchange: Exchange, input: RouteInput, plan: RoutePlan, arm: ArmChoice): void {
  const request = changedRequest(input.request, arm.change);
  exchange.request = request;
  const { estimates: _ofTheOld, ...rest } = input;
  exchange.route = {
    ...rest,
    request,
    estimatedInputTokens: plan.estimatedInputTokens,
    arm: { label: arm.label, applied: true },
  };
}

/** The very same request where nothing is changed, or it asks for vectors. */
export function changedRequest(request: ModelRequest, change: RequestChange | null): ModelRequest {
  if (change === null || request.operation === "embed") return request;
  const { prompt, sampling, reasoning } = change;
  const rewritten = new Set<Section>(request.origin.rewritten);
  let changed = request;
  if (prompt !== null) {
    rewritten.add("messages");
    changed = { ...changed, messages: withPrompt(request.messages, prompt) };
  }
  if (sampling !== null) {
    rewritten.add("sampling");
    changed = { ...changed, sampling: { ...request.sampling, ...sampling } };
  }
  changed = { ...changed, origin: { ...request.origin, rewritten } };
  return reasoning === null ? changed : withReasoning(changed, reasoning);
}

function withPrompt(
  messages: readonly Message[],
  { text, place }: NonNullable<RequestChange["prompt"]>,
): readonly Message[] {
  const own: Message = { role: "system", content: [{ type: "text", text }] };
  const rest = place === "instead" ? messages.filter(({ role }) => role !== "system") : messages;
  return [own, ...rest];
}
