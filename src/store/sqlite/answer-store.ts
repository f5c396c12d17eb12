/** Kept answers in SQLite. Owns their queries; what is in a document is nobody's business here. */
import type { AnswerBounds, AnswerStore, KeptAnswer } from "../answer-store.ts";
import type { Writing } from "./file-store.ts";
import type { Statement } from "./protocol.ts";
import type { Reads } from "./tables.ts";

/** Answers read in one go, so that loading many holds up no other reader. */
const PAGE = 200;

const PUT = `INSERT INTO answers (tenant, key, use_case, stored_at, expires_at, size, document)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, key) DO UPDATE SET use_case = excluded.use_case, stored_at = excluded.stored_at,
    expires_at = excluded.expires_at, size = excluded.size, document = excluded.document
  WHERE excluded.stored_at >= answers.stored_at`;
const KEEP_ONLY = "DELETE FROM answers WHERE use_case NOT IN (SELECT value FROM json_each(?))";
const SWEEP_OLD = "DELETE FROM answers WHERE expires_at <= ? RETURNING seq";
const SWEEP_SURPLUS = `DELETE FROM answers WHERE seq IN (
    SELECT seq FROM (
      SELECT seq, row_number() OVER newest AS place, sum(size) OVER newest AS total FROM answers
      WINDOW newest AS (ORDER BY stored_at DESC, seq DESC))
    WHERE place > ? OR total > ?)
  RETURNING seq`;

export function sqliteAnswers(write: Writing, reads: Reads): AnswerStore {
  return {
    async put(answers) {
      if (answers.length > 0) await write.all(answers.map(putting));
    },
    load: (now, bounds) => load(reads, now, bounds),
    async keepOnly(useCases) {
      await write.one(KEEP_ONLY, JSON.stringify(useCases));
    },
    async sweep(now, { count, chars }) {
      const old = await write.one(SWEEP_OLD, now);
      const surplus = await write.one(SWEEP_SURPLUS, count, chars);
      return old.length + surplus.length;
    },
  };
}

function putting({ tenant, key, useCase, storedAt, expiresAt, document }: KeptAnswer): Statement {
  return { sql: PUT, parameters: [tenant, key, useCase, storedAt, expiresAt, document.length, document] };
}

async function load(reads: Reads, now: number, { count, chars }: AnswerBounds) {
  const found: KeptAnswer[] = [];
  let total = 0;
  for (let offset = 0; ; offset += PAGE) {
    const rows = await (await reads())
      .selectFrom("answers")
      .select(["tenant", "key", "use_case", "stored_at", "expires_at", "size", "document"])
      .where("expires_at", ">", now)
      .orderBy("stored_at", "desc")
      .orderBy("seq", "desc")
      .limit(PAGE)
      .offset(offset)
      .execute();
    for (const row of rows) {
      total += row.size;
      if (found.length === count || total > chars) return found;
      const { tenant, key, document } = row;
      const times = { storedAt: row.stored_at, expiresAt: row.expires_at };
      found.push({ tenant, key, useCase: row.use_case, ...times, document });
    }
    if (rows.length < PAGE) return found;
  }
}
