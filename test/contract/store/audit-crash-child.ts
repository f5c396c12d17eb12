/**
 * A process of its own that appends to the audit log until it has written enough or is killed:
 * `audit-crash-child.ts FILE NAME COUNT`. Prints `SEQ HASH` of each entry once the store has acknowledged it.
 */
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { anAuditRecord } from "./audit-contract.ts";

const [path = "", name = "", count = "1"] = process.argv.slice(2);
const store = openSqliteStore({ path, clock: new FakeClock() });
for (let n = 0; n < Number(count); n++) {
  const { seq, hash } = await store.audit.append(anAuditRecord(n, { actor: name }));
  process.stdout.write(`${seq} ${hash}\n`);
}
await store.close();
