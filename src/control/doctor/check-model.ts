/** Whether a deployment answers: one call of a few tokens, as the gateway would make it. Owns the request. */
import { bareRequest } from "../../core/bare-request.ts";
import type { AttemptTimeouts, Deployment } from "../../core/deployment.ts";
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import { costOf, formatUsd } from "../../core/money.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ProviderReply } from "../../providers/send.ts";
import { fine, type Verdict } from "./check-result.ts";
import type { DoctorPorts } from "./doctor-ports.ts";
import { explainFault } from "./explain-fault.ts";
import type { Limit } from "./try-within.ts";

/** The fewest that every provider accepts as a limit. */
const MAX_TOKENS = 16;
const WORD = "ping";

/** Says too much to be a failure: the model was called, and thought until its tokens were used up. */
const NO_ROOM = /max_tokens or model output limit was reached/;

/** `place`: where the credential comes from, for what to do about a refused one. */
export async function checkModel(
  deployment: Deployment,
  place: string,
  ports: Pick<DoctorPorts, "send">,
  { clock, withinMs, signal }: Limit,
): Promise<Verdict> {
  const timeouts: AttemptTimeouts = {
    connect: withinMs,
    firstToken: withinMs,
    idle: withinMs,
    total: withinMs,
  };
  const startedAt = clock.now();
  const request = smallestRequest(deployment);
  const reply = await ports.send({ request, deployment, timeouts, callerSignal: signal });
  const latencyMs = Math.round(clock.now() - startedAt);
  if (reply.ok) return answered(deployment, reply.value, latencyMs);
  if (isWordless(reply.fault)) return { ...fine(`Answered in ${latencyMs} ms, without a word.`), latencyMs };
  return explainFault(reply.fault, deployment, place);
}

/** A model that thinks may use up the few tokens it is given before it says anything. */
function isWordless({ code, cause }: Fault): boolean {
  return code === "empty_answer" || NO_ROOM.test(cause?.detail ?? "");
}

function answered({ model }: Deployment, reply: ProviderReply, latencyMs: number): Verdict {
  const usage = usageOf(reply.kind === "whole" ? reply.events : reply.head);
  if (usage === null || model.prices === undefined) {
    return { ...fine(`Answered in ${latencyMs} ms.`), latencyMs };
  }
  const costUsd = formatUsd(costOf(usage, model.prices));
  return { ...fine(`Answered in ${latencyMs} ms, for $${costUsd}.`), latencyMs, costUsd };
}

function usageOf(events: readonly StreamEvent[]): Usage | null {
  const last = events.findLast((event) => event.type === "finish" || event.type === "usage");
  return last?.usage ?? null;
}

function smallestRequest({ model }: Deployment): ModelRequest {
  const embeds = model.capabilities.has("embeddings");
  return bareRequest({
    operation: embeds ? "embed" : "chat",
    target: model.id,
    messages: embeds ? [] : [{ role: "user", content: [{ type: "text", text: WORD }] }],
    sampling: embeds ? {} : { maxTokens: Math.min(MAX_TOKENS, model.maxOutputTokens) },
    ...(embeds && { embedding: { inputs: [WORD] } }),
  });
}
