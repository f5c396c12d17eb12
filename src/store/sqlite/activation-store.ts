/** Activations in SQLite, and the texts they put in force. Owns their queries. */
import type { ExpressionBuilder } from "kysely";
import { type Activation, type ActivationStore, MAX_POLICY_TEXTS } from "../activation-store.ts";
import { pageLimit } from "../paging.ts";
import type { Writing } from "./file-store.ts";
import type { Reads, Tables } from "./tables.ts";

const RECORD = "INSERT OR IGNORE INTO activations (id, at, document) VALUES (?, ?, ?)";
const KEEP_TEXT = `INSERT INTO policy_texts (digest, text, used_at) VALUES (?, ?, ?)
  ON CONFLICT (digest) DO UPDATE SET used_at = max(used_at, excluded.used_at)`;
const TRIM_TEXTS = `DELETE FROM policy_texts WHERE digest IN
  (SELECT digest FROM policy_texts ORDER BY used_at DESC, digest LIMIT -1 OFFSET ${MAX_POLICY_TEXTS})`;

export function sqliteActivations(write: Writing, reads: Reads): ActivationStore {
  return {
    async record(activation, texts = []) {
      const { id, at } = activation;
      const kept = texts.map(({ digest, text }) => ({ sql: KEEP_TEXT, parameters: [digest, text, at] }));
      await write.all([
        { sql: RECORD, parameters: [id, at, JSON.stringify(activation)] },
        ...kept,
        { sql: TRIM_TEXTS, parameters: [] },
      ]);
    },
    async list(limit, before) {
      let select = (await reads())
        .selectFrom("activations")
        .select(["id", "at", "document"])
        .orderBy("at", "desc")
        .orderBy("id", "desc")
        .limit(pageLimit(limit));
      if (before !== undefined) {
        const at = (await reads()).selectFrom("activations").select("at").where("id", "=", before);
        select = select.where((the) =>
          the.or([the("at", "<", at), the.and([the("at", "=", at), the("id", "<", before)])]),
        );
      }
      return (await select.execute()).map((row) => parsed(row.document) ?? damaged(row));
    },
    async findVersion(version, environment) {
      let select = (await reads())
        .selectFrom("activations")
        .select("document")
        .where((the) => the.fn("json_extract", [whole(the), the.val("$.version")]), "=", version)
        .where((the) => the.fn("json_extract", [whole(the), the.val("$.result")]), "<>", "refused")
        .orderBy("at", "desc")
        .orderBy("id", "desc")
        .limit(1);
      if (environment !== undefined) {
        // Of what is not there the kind is SQL's null; JSON's own null is a kind.
        select = select.where((the) => {
          const kind = the.fn("json_type", [whole(the), the.val("$.environment")]);
          const value = the.fn("json_extract", [whole(the), the.val("$.environment")]);
          const own = environment === null ? the(kind, "=", "null") : the(value, "=", environment);
          return the.or([the(kind, "is", null), own]);
        });
      }
      const row = await select.executeTakeFirst();
      return row ? parsed(row.document) : null;
    },
    async text(digest) {
      const row = await (await reads())
        .selectFrom("policy_texts")
        .select("text")
        .where("digest", "=", digest)
        .executeTakeFirst();
      return row?.text ?? null;
    },
  };
}

/** In place of a damaged document an empty one: SQLite would refuse the whole question for one row. */
function whole(the: ExpressionBuilder<Tables, "activations">) {
  return the.fn("iif", [the.fn("json_valid", ["document"]), "document", the.val("{}")]);
}

/** Written by `record` and by nobody else, so it is what it says, or damaged: null. */
function parsed(document: string): Activation | null {
  try {
    const found: unknown = JSON.parse(document);
    return typeof found === "object" ? (found as Activation | null) : null;
  } catch {
    return null;
  }
}

/** What is told in place of a damaged record: nobody can go back to it, and to all others everybody can. */
function damaged({ id, at }: { readonly id: string; readonly at: number }): Activation {
  const finding =
    `This record (table activations, id ${id}) is damaged: it is no JSON. Restore a backup, or ` +
    `DELETE FROM activations WHERE id = '${id}'.`;
  const unknown = { actor: "unknown", source: "unknown", version: null, previousVersion: null };
  return { id, at, ...unknown, result: "refused", changes: [], findings: [finding] };
}
