/** A job's row as the job that callers see. Runs no SQL. */
import type {
  Job,
  JobAnswer,
  JobFault,
  JobOrder,
  JobStatus,
  JobTerms,
  WebhookStatus,
} from "../../core/jobs.ts";
import type { UnsentJob } from "../job-store.ts";
import type { JobRow } from "./tables.ts";

/** The JSON in it was written by the driver and by nobody else, so it is what it says. */
export function jobOf(row: JobRow): Job {
  const { webhookUrl, ...terms } = JSON.parse(row.terms) as JobTerms;
  return {
    ...terms,
    expiresAt: row.expires_at,
    status: row.status as JobStatus,
    attempts: row.attempts,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    nextAttemptAt: row.next_attempt_at,
    fault: row.fault === null ? null : (JSON.parse(row.fault) as JobFault),
    answer: row.answer === null ? null : (JSON.parse(row.answer) as JobAnswer),
    dead: row.dead === 1,
    webhook:
      webhookUrl === null
        ? null
        : {
            url: webhookUrl,
            status: (row.webhook_status ?? "waiting") as WebhookStatus,
            messageId: row.webhook_status === null ? null : row.webhook_message_id,
            attempts: row.webhook_attempts,
            nextAttemptAt: row.webhook_status === "due" ? row.webhook_at : null,
            lastError: row.webhook_error,
          },
  };
}

export function unsentOf(row: Pick<JobRow, "terms" | "delay_ms"> & { readonly request: string }): UnsentJob {
  const terms = JSON.parse(row.terms) as JobTerms;
  const asked = JSON.parse(row.request) as Pick<JobOrder, "body" | "headers">;
  return { order: { ...terms, ...asked }, delayMs: row.delay_ms };
}
