/** A batch's row as the batch that callers see. Runs no SQL. */
import { type Batch, type BatchIssue, type BatchOrder, isFinal } from "../../core/batches.ts";
import type { BatchRow } from "./tables.ts";

/** The JSON in it was written by the driver and by nobody else, so it is what it says. */
export function batchOf(row: BatchRow): Batch {
  const { createdAt, expiresAt, ...stated } = JSON.parse(row.stated) as BatchOrder;
  const over = isFinal(row.status);
  return {
    ...stated,
    status: row.status,
    model: row.model,
    issues: JSON.parse(row.issues) as readonly BatchIssue[],
    outputFileId: over ? row.output_file_id : null,
    errorFileId: over ? row.error_file_id : null,
    counts: { total: row.total, completed: row.completed, failed: row.failed },
    usage: {
      inputTokens: row.input_tokens,
      cachedTokens: row.cached_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    times: {
      createdAt,
      expiresAt,
      inProgressAt: row.in_progress_at,
      finalizingAt: row.finalizing_at,
      completedAt: row.completed_at,
      failedAt: row.failed_at,
      expiredAt: row.expired_at,
      cancellingAt: row.cancelling_at,
      cancelledAt: row.cancelled_at,
    },
  };
}
