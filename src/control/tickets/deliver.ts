/** One answer on its way to an application. Owns what is sent, and which answers to it mean what. */
import type { Clock } from "../../core/clock.ts";
import type { TicketWebhook } from "../../core/plan.ts";
import type { Secret } from "../../core/secret.ts";
import type { Ticket } from "../../core/tickets.ts";
import type { DeliveryOutcome } from "../../store/ticket-store.ts";
import { signedHeaders } from "../webhooks/sign.ts";
import { SIGNATURE_HEADER, signWebhook } from "./sign-webhook.ts";

/** Waits double from the first to the longest; about two hours all together. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30 * 60_000;
export const MAX_DELIVERIES = 12;

/** Posts it once. Never rejects; a redirect is not followed, since what is signed was meant for one address. */
export async function deliver(
  ticket: Ticket,
  { url }: TicketWebhook,
  secret: Secret,
  clock: Clock,
): Promise<DeliveryOutcome> {
  const body = JSON.stringify(noticeOf(ticket));
  const signedAt = clock.wall();
  const headers = {
    ...signedHeaders(ticket.id, body, secret, signedAt),
    [SIGNATURE_HEADER]: signWebhook(body, secret, signedAt),
  };
  // The policy itself names this address, so it may be one of this network.
  // With the runtime's own client, which a gateway without tickets has no use for.
  const { post } = await import("../webhooks/post.ts");
  const outcome = await post({ url: new URL(url), body, headers, allowPrivate: true }, { clock });
  if (outcome.type === "failed") return afterFailure(ticket, clock.now());
  if (outcome.status >= 200 && outcome.status < 300) return { type: "delivered" };
  // Gone: the application says that it wants none any more.
  return outcome.status === 410 ? { type: "given_up" } : afterFailure(ticket, clock.now());
}

function afterFailure({ deliveries }: Ticket, now: number): DeliveryOutcome {
  if (deliveries + 1 >= MAX_DELIVERIES) return { type: "given_up" };
  return { type: "again", at: now + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** deliveries) };
}

/** The caller's own text is not in it: the application has that. */
function noticeOf(ticket: Ticket) {
  return {
    type: "ticket.answered",
    id: ticket.id,
    queue: ticket.queue,
    tenant: ticket.tenant,
    use_case: ticket.useCase,
    request_id: ticket.requestId,
    decision_id: ticket.decisionId,
    created_at: Math.floor(ticket.at / 1000),
    answered_at: Math.floor((ticket.endedAt ?? 0) / 1000),
    answered_by: ticket.endedBy,
    answer: ticket.answer,
  };
}
