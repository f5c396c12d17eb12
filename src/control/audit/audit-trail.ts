/**
 * The audit log as the rooms above use it: written without ever failing the act it tells of, read in pages,
 * verified. Owns what happens when it cannot be written.
 */
import type { Clock } from "../../core/clock.ts";
import type { AuditEntry, AuditRecord, AuditRow, AuditStore } from "../../store/audit-store.ts";
import { createBacklog } from "../background/backlog.ts";
import { type Verification, verifyChain } from "./verify-chain.ts";

export interface AuditPorts {
  readonly store: AuditStore;
  readonly clock: Clock;
  /** A second witness outside the store: who cuts the log's end cannot cut this. */
  onWritten(entry: AuditEntry): void;
  /** The act has happened and is not written down yet: somebody must know. It is tried again. */
  onLate(record: AuditRecord, thrown: unknown): void;
  /** It is not written down and will not be. */
  onLost(record: AuditRecord): void;
}

export interface AuditTrail {
  /** Resolves when the entry is kept, or has to wait for the store. Never rejects. */
  write(record: AuditRecord): Promise<void>;
  /** As `write`, at this moment. */
  note(record: Omit<AuditRecord, "at">): Promise<void>;
  /** Newest first; `before`: the last `seq` of the page before. */
  list(limit: number, before?: number): Promise<readonly AuditRow[]>;
  /** Oldest first, for those that follow. */
  range(after: number, limit: number): Promise<readonly AuditRow[]>;
  verify(): Promise<Verification>;
  /** Tries what waits a last time, for a moment. */
  close(): Promise<void>;
}

export function createAuditTrail({ store, clock, onWritten, onLate, onLost }: AuditPorts): AuditTrail {
  const backlog = createBacklog<AuditRecord>({
    clock,
    write: async (record) => onWritten(await store.append(record)),
    onLate,
    onLost,
  });
  return {
    write: backlog.add,
    note: (record) => backlog.add({ ...record, at: clock.now() }),
    list: (limit, before) => store.list(limit, before),
    range: (after, limit) => store.range(after, limit),
    verify: () => verifyChain(store),
    close: backlog.close,
  };
}
