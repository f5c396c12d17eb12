/** The store as a whole: one port for each entity that is kept. Drivers implement it and pass test/contract. */
import type { ActivationStore } from "./activation-store.ts";
import type { AnswerStore } from "./answer-store.ts";
import type { AuditStore } from "./audit-store.ts";
import type { BatchStore } from "./batch-store.ts";
import type { CircuitOrderStore } from "./circuit-orders.ts";
import type { DecisionStore } from "./decision-store.ts";
import type { FileStore } from "./file-store.ts";
import type { JobQueue } from "./job-queue.ts";
import type { JobStore } from "./job-store.ts";
import type { PolicyHeadStore } from "./policy-heads.ts";
import type { TicketStore } from "./ticket-store.ts";

export interface Store {
  readonly decisions: DecisionStore;
  readonly activations: ActivationStore;
  readonly files: FileStore;
  readonly batches: BatchStore;
  readonly answers: AnswerStore;
  readonly tickets: TicketStore;
  readonly policyHeads: PolicyHeadStore;
  readonly audit: AuditStore;
  readonly circuitOrders: CircuitOrderStore;
  /** The embedded queue: closing the store ends it. */
  readonly queue: JobQueue;
  readonly jobs: JobStore;
  close(): Promise<void>;
}
