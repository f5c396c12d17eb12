/** The policy that lives in SQLite: one row that counts, and the one before it. Owns its queries. */
import type { HeadAct, PolicyDocuments, PolicyHeadStore, StagedDocuments } from "../policy-heads.ts";
import { StoreError } from "../store-error.ts";
import type { Writing } from "./file-store.ts";
import type { Reads } from "./tables.ts";

const NEWEST = "(SELECT coalesce(max(revision), 0) FROM policy_heads)";
const FORGET = `DELETE FROM policy_heads WHERE revision < ${NEWEST}`;
const WRITE = `INSERT INTO policy_heads (revision, at, actor, note, via, documents, staged)
  SELECT ?, ?, ?, ?, ?, ?, ? WHERE ${NEWEST} = ? RETURNING revision`;

export function sqlitePolicyHeads(write: Writing, reads: Reads): PolicyHeadStore {
  return {
    async read(after) {
      const row = await (await reads())
        .selectFrom("policy_heads")
        .selectAll()
        .where("revision", ">", after)
        .orderBy("revision", "desc")
        .limit(1)
        .executeTakeFirst();
      if (!row) return null;
      // Written by `write` and by nobody else, so it is what it says, or damaged.
      return {
        ...row,
        via: row.via as HeadAct | null,
        documents: parsed(row.documents, row.revision) as PolicyDocuments,
        staged: row.staged === null ? null : (parsed(row.staged, row.revision) as StagedDocuments),
      };
    },
    async write({ revision, at, actor, note, via = null, documents, staged = null }) {
      const texts = [JSON.stringify(documents), staged && JSON.stringify(staged)];
      const values = [revision, at, actor, note, via, ...texts, revision - 1];
      const rows = await write.all([
        { sql: FORGET, parameters: [] },
        { sql: WRITE, parameters: values },
      ]);
      return rows.length === 1;
    },
  };
}

/** Throws a `StoreError`, which has nothing of the text. */
function parsed(text: string, revision: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreError(
      "corrupt",
      `The policy in the store (table policy_heads, revision ${revision}) is damaged: it is no JSON. Restore a backup; or ` +
        `stop the gateways on it, DELETE FROM policy_heads WHERE revision = ${revision}, and start them on the one before.`,
    );
  }
}
