/** A request as an arm or a shadow wants it: its prompt and parameters. Owns what is replaced; knows no rollout. */
import type { RequestChange } from "../core/plan.ts";
import { type Message, type ModelRequest, type Section, withMessages } from "../core/request.ts";

/** The very same request where nothing is changed, or it asks for vectors. */
export function changedRequest(request: ModelRequest, change: RequestChange | null): ModelRequest {
  if (change === null || request.operation === "embed") return request;
  const { prompt, sampling, reasoning } = change;
  let changed = prompt === null ? request : withMessages(request, withPrompt(request.messages, prompt));
  const rewritten = new Set<Section>(changed.origin.rewritten);
  if (sampling !== null) {
    rewritten.add("sampling");
    changed = { ...changed, sampling: { ...request.sampling, ...sampling } };
  }
  if (reasoning !== null) {
    rewritten.add("reasoning");
    changed = { ...changed, reasoning };
  }
  const limitByPolicy = sampling?.maxTokens !== undefined;
  return { ...changed, origin: { ...changed.origin, rewritten, ...(limitByPolicy && { limitByPolicy }) } };
}

function withPrompt(
  messages: readonly Message[],
  { text, place }: NonNullable<RequestChange["prompt"]>,
): readonly Message[] {
  const own: Message = { role: "system", content: [{ type: "text", text }] };
  const rest = place === "instead" ? messages.filter(({ role }) => role !== "system") : messages;
  return [own, ...rest];
}
