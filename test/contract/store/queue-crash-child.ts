/**
 * A process of its own that sends to a queue and works it off until it is killed: `queue-crash-child.ts FILE NAME`.
 * Prints `sent ID` once a message is acknowledged to it, `took ID` when one was received, and `done ID` once the
 * queue was told that it is done.
 */
import { systemClock } from "../../../src/main/system.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";

const [path = "", name = ""] = process.argv.slice(2);
const { queue } = openSqliteStore({ path, clock: systemClock() });
const say = (line: string) => process.stdout.write(`${line}\n`);

for (let n = 0; ; n += 3) {
  const ids = [n, n + 1, n + 2].map((number) => `${name}_${number}`);
  await queue.send(ids.map((id) => ({ id, group: name, body: JSON.stringify({ id }) })));
  for (const id of ids) say(`sent ${id}`);
  for (const { id, receipt } of await queue.receive(2, 60_000)) {
    say(`took ${id}`);
    if (await queue.acknowledge(receipt)) say(`done ${id}`);
  }
}
