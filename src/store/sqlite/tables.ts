/** The tables as the queries see them. Owns their types and how a query begins; the schema is migrations.ts's. */
import type { Kysely } from "kysely";
import type { BatchStatus } from "../../core/batches.ts";

/** The query builder, which is loaded with the first read: nothing that a start waits for reads. */
export type Reads = () => Promise<Kysely<Tables>>;

export interface Tables {
  activations: { id: string; at: number; document: string };
  files: FileRow;
  file_parts: { file_id: string; part: number; size: number; bytes: Uint8Array };
  batches: BatchRow;
  batch_results: { batch_id: string; line: number };
  answers: {
    seq: number;
    tenant: string;
    key: string;
    use_case: string;
    stored_at: number;
    expires_at: number;
    size: number;
    document: string;
  };
  tickets: TicketRow;
  policy_texts: { digest: string; text: string; used_at: number };
  /** `documents` is a `PolicyDocuments` as JSON, `staged` a `StagedDocuments`. */
  policy_heads: {
    revision: number;
    at: number;
    actor: string;
    note: string | null;
    /** A `HeadAct`. */
    via: string | null;
    documents: string;
    staged: string | null;
  };
  /** `entry` is an `AuditEntry` as JSON. */
  audit_log: { seq: number; hash: string; entry: string };
  jobs: JobRow;
  /** `request` is the body and headers as JSON, until the queue has them. */
  job_texts: { job_id: string; request: string | null; result: string | null };
}

export interface FileRow {
  id: string;
  tenant: string;
  purpose: string;
  filename: string;
  bytes: number;
  created_at: number;
  expires_at: number | null;
  state: "open" | "complete" | "gone";
}

export interface BatchRow {
  id: string;
  tenant: string;
  /** A `BatchOrder` as JSON. */
  stated: string;
  input_file_id: string;
  status: BatchStatus;
  model: string | null;
  /** `BatchIssue`s as JSON. */
  issues: string;
  output_file_id: string | null;
  error_file_id: string | null;
  total: number;
  completed: number;
  failed: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  expires_at: number;
  in_progress_at: number | null;
  finalizing_at: number | null;
  completed_at: number | null;
  failed_at: number | null;
  expired_at: number | null;
  cancelling_at: number | null;
  cancelled_at: number | null;
  owner: string | null;
  lease_until: number;
}

export interface TicketRow {
  id: string;
  at: number;
  tenant: string;
  use_case: string;
  queue: string;
  request_id: string;
  decision_id: string;
  prompt: string | null;
  status: string;
  claimed_by: string | null;
  lease_until: number | null;
  answer: string | null;
  ended_by: string | null;
  ended_at: number | null;
  delivery: string | null;
  deliveries: number;
  deliver_at: number | null;
}

export interface JobRow {
  id: string;
  tenant: string;
  use_case: string;
  /** `JobTerms` as JSON. */
  terms: string;
  created_at: number;
  expires_at: number;
  status: string;
  attempts: number;
  started_at: number | null;
  ended_at: number | null;
  next_attempt_at: number | null;
  /** A `JobFault` as JSON. */
  fault: string | null;
  /** A `JobAnswer` as JSON. */
  answer: string | null;
  dead: number;
  sent: number;
  delay_ms: number;
  bytes: number;
  idempotency_key: string | null;
  fingerprint: string | null;
  /** Empty: it has no webhook, or an earlier release made it. */
  webhook_origin: string;
  webhook_status: string | null;
  webhook_message_id: string | null;
  webhook_attempts: number;
  webhook_at: number | null;
  webhook_error: string | null;
}
