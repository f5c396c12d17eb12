/**
 * The audit log in SQLite. Owns its queries, and how processes that share the file take turns: an entry is
 * written in one statement that first sees whether the entry before is still the last one.
 */
import type { Kysely } from "kysely";
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  type AuditRow,
  type AuditStore,
  chained,
  NO_ENTRY,
} from "../audit-store.ts";
import { pageLimit } from "../paging.ts";
import { StoreError } from "../store-error.ts";
import type { Writing } from "./file-store.ts";
import type { Reads, Tables } from "./tables.ts";

const APPEND = `INSERT INTO audit_log (seq, hash, entry)
  SELECT ?, ?, ? WHERE (SELECT coalesce(max(seq), 0) FROM audit_log) = ?
    AND coalesce((SELECT hash FROM audit_log WHERE seq = ?), ?) = ? RETURNING seq`;
const HEAD = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
/** Each failure means that another process has written an entry meanwhile. */
const MAX_TRIES = 200;

export function sqliteAudit(write: Writing, reads: Reads): AuditStore {
  let head: AuditHead | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const appendNow = async (record: AuditRecord): Promise<AuditEntry> => {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      head ??= await readHead(write);
      const entry = chained(record, head);
      const { seq, hash } = head;
      const values = [entry.seq, entry.hash, JSON.stringify(entry), seq, seq, hash, hash];
      const rows = await write.one(APPEND, ...values);
      head = rows.length === 1 ? entry : null;
      if (rows.length === 1) return entry;
    }
    throw new StoreError("busy", "Other processes write to the audit log without a pause. Try again.");
  };
  return {
    complete: true,
    append(record) {
      const appended = last.then(() => appendNow(record));
      last = appended.catch(() => {
        // Whether it was written is not known.
        head = null;
      });
      return appended;
    },
    async list(limit, before) {
      let select = rowsOf(await reads())
        .orderBy("seq", "desc")
        .limit(pageLimit(limit));
      if (before !== undefined) select = select.where("seq", "<", before);
      return select.execute();
    },
    range: async (after, limit): Promise<readonly AuditRow[]> =>
      rowsOf(await reads())
        .where("seq", ">", after)
        .orderBy("seq")
        .limit(pageLimit(limit))
        .execute(),
  };
}

function rowsOf(reads: Kysely<Tables>) {
  return reads.selectFrom("audit_log").select(["seq", "entry"]);
}

/** From the thread that writes: it has seen all that is committed. */
async function readHead(write: Writing): Promise<AuditHead> {
  const [row] = await write.one(HEAD);
  return row ? { seq: Number(row.seq), hash: String(row.hash) } : NO_ENTRY;
}
