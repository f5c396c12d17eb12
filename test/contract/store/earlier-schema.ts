/** A database as an earlier release left it. Owns the way back: each migration has its undoing here. */
import { Database } from "bun:sqlite";

/** By the version that is undone. */
const UNDOINGS: Readonly<Record<number, readonly string[]>> = {
  9: [
    "DROP INDEX jobs_to_tell",
    "ALTER TABLE jobs DROP COLUMN webhook_origin",
    "CREATE INDEX jobs_to_tell ON jobs (webhook_at) WHERE webhook_status = 'due'",
  ],
  10: ["ALTER TABLE policy_heads DROP COLUMN via"],
  11: ["DROP TABLE circuit_orders"],
  12: [
    "DROP INDEX queue_by_turn",
    "DROP INDEX jobs_to_tell",
    "DROP INDEX tickets_to_deliver",
    ...["jobs", "queue_messages", "queue_dead", "batches", "tickets"].map(
      (table) => `ALTER TABLE ${table} DROP COLUMN environment`,
    ),
    "CREATE INDEX queue_by_turn ON queue_messages (visible_at, seq)",
    "CREATE INDEX jobs_to_tell ON jobs (webhook_origin, webhook_at) WHERE webhook_status = 'due'",
    "CREATE INDEX tickets_to_deliver ON tickets (use_case, queue, deliver_at) WHERE delivery = 'due'",
  ],
};

/** Takes the closed database at `path` back to `version`, its rows kept. Throws for a migration that nobody undoes. */
export function backToSchema(path: string, version: number): void {
  const database = new Database(path);
  const [newest] = database
    .query<{ version: number }, []>("SELECT max(version) AS version FROM schema_migrations")
    .all();
  for (let undone = newest?.version ?? 0; undone > version; undone--) {
    const statements = UNDOINGS[undone];
    if (statements === undefined) throw new Error(`Nothing here undoes migration ${undone}.`);
    for (const statement of statements) database.run(statement);
    database.run("DELETE FROM schema_migrations WHERE version = ?", [undone]);
  }
  database.close();
}
