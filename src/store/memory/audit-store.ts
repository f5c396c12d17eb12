/** The audit log of a store that forgets with the process: bounded, so that its chain may begin later than at 1. */
import { type AuditHead, type AuditRow, type AuditStore, chained, NO_ENTRY } from "../audit-store.ts";
import { pageLimit } from "../paging.ts";

const CAPACITY = 10_000;

export function memoryAudit(assertOpen: () => void): AuditStore {
  const rows: AuditRow[] = [];
  let head: AuditHead = NO_ENTRY;
  return {
    complete: false,
    async append(record) {
      assertOpen();
      const entry = chained(record, head);
      head = entry;
      rows.push({ seq: entry.seq, entry: JSON.stringify(entry) });
      if (rows.length > CAPACITY) rows.shift();
      return entry;
    },
    async list(limit, before) {
      assertOpen();
      const older = before === undefined ? rows : rows.filter(({ seq }) => seq < before);
      return older.slice(-pageLimit(limit)).reverse();
    },
    async range(after, limit) {
      assertOpen();
      return rows.filter(({ seq }) => seq > after).slice(0, pageLimit(limit));
    },
  };
}
