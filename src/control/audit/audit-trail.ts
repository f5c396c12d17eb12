/**
 * The audit log as the rooms above use it: written without ever failing the act it tells of, read in pages,
 * verified. Owns what happens when it cannot be written.
 */
import type { Clock } from "../../core/clock.ts";
import type { AuditEntry, AuditRecord, AuditRow, AuditStore } from "../../store/audit-store.ts";
import { type Verification, verifyChain } from "./verify-chain.ts";

export interface AuditPorts {
  readonly store: AuditStore;
  readonly clock: Clock;
  /** A second witness outside the store: who cuts the log's end cannot cut this. */
  onWritten(entry: AuditEntry): void;
  /** The act has happened and is not written down: somebody must know. */
  onFailed(record: AuditRecord, thrown: unknown): void;
}

export interface AuditTrail {
  /** Resolves when the entry is kept, or was told to `onFailed`. Never rejects. */
  write(record: AuditRecord): Promise<void>;
  /** As `write`, at this moment. */
  note(record: Omit<AuditRecord, "at">): Promise<void>;
  /** Newest first; `before`: the last `seq` of the page before. */
  list(limit: number, before?: number): Promise<readonly AuditRow[]>;
  /** Oldest first, for those that follow. */
  range(after: number, limit: number): Promise<readonly AuditRow[]>;
  verify(): Promise<Verification>;
}

export function createAuditTrail({ store, clock, onWritten, onFailed }: AuditPorts): AuditTrail {
  const write = async (record: AuditRecord): Promise<void> => {
    try {
      onWritten(await store.append(record));
    } catch (thrown) {
      onFailed(record, thrown);
    }
  };
  return {
    write,
    note: (record) => write({ ...record, at: clock.now() }),
    list: (limit, before) => store.list(limit, before),
    range: (after, limit) => store.range(after, limit),
    verify: () => verifyChain(store),
  };
}
