/** Where the answer to a ticket goes: what the policy in force says now, whatever it said when it was made. */
import type { TicketWebhook } from "../../core/plan.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { Ticket } from "../../core/tickets.ts";

/** Null where the policy names none for the ticket's use case and queue. */
export function webhookOf(
  snapshot: ConfigSnapshot,
  { useCase, queue }: Pick<Ticket, "useCase" | "queue">,
): TicketWebhook | null {
  for (const mode of snapshot.useCases.get(useCase)?.degraded ?? []) {
    if (mode.mode === "human" && mode.queue === queue && mode.webhook !== null) return mode.webhook;
  }
  return null;
}
