/** A job as callers and their applications see it, over HTTP and in a webhook. Owns the shape. */
import type { Job, JobAnswer, JobWebhook } from "../../core/jobs.ts";

/** `result`: JSON, or null; absent: nobody asked for it, and the view has no `body`. */
export function jobView(job: Job, result?: string | null) {
  return {
    id: job.id,
    object: "job" as const,
    status: job.status,
    endpoint: job.endpoint,
    use_case: job.useCase,
    created_at: seconds(job.createdAt),
    started_at: secondsOrNull(job.startedAt),
    ended_at: secondsOrNull(job.endedAt),
    expires_at: seconds(job.expiresAt),
    attempts: job.attempts,
    next_attempt_at: secondsOrNull(job.nextAttemptAt),
    error: job.fault,
    dead_letter: job.dead,
    response: job.answer && answerView(job.answer, result),
    accept_degraded: job.acceptDegraded,
    metadata: job.metadata,
    webhook: job.webhook && webhookView(job.webhook),
  };
}

function answerView(answer: JobAnswer, result: string | null | undefined) {
  const { status, requestId, decisionId, degraded, microBatch } = answer;
  return {
    status_code: status,
    request_id: requestId,
    decision_id: decisionId,
    degraded,
    micro_batch: microBatch && {
      jobs: microBatch.jobs,
      total_tokens: microBatch.totalTokens,
      remainder_tokens: microBatch.remainderTokens,
    },
    ...(result !== undefined && { body: result === null ? null : (JSON.parse(result) as unknown) }),
  };
}

function webhookView({ url, status, messageId, attempts, nextAttemptAt, lastError }: JobWebhook) {
  return {
    url,
    status,
    message_id: messageId,
    attempts,
    next_attempt_at: secondsOrNull(nextAttemptAt),
    last_error: lastError,
  };
}

/** Whole seconds, as every time of this API. */
function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function secondsOrNull(ms: number | null): number | null {
  return ms === null ? null : seconds(ms);
}
