/**
 * A process of its own that appends until it is told to stop or is killed: `appending-child.ts FILE FROM
 * BATCHES SIZE`. Prints the numbers of each batch, first and last, once the store has acknowledged it.
 */
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { decisions, recordsOf } from "./decision-fixture.ts";

const [path = "", from = "0", batches = "1", size = "1"] = process.argv.slice(2);
const store = openSqliteStore({ path, clock: new FakeClock() });
await Promise.all(
  Array.from({ length: Number(batches) }, async (_, i) => {
    const first = Number(from) + i * Number(size);
    const next = first + Number(size);
    await store.decisions.append(recordsOf(decisions(first, next)));
    process.stdout.write(`${first} ${next}\n`);
  }),
);
await store.close();
