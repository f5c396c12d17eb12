/**
 * `npx bun bench/departures.ts [COUNT]`: 100,000 callers who leave before their answer is complete, against the data
 * plane itself with providers that never end (no sockets; test/e2e/concurrency.test.ts has those). Takes under a
 * minute. Prints what was left behind, as JSON in its last line; exit code 1 where that is anything.
 */
import { leave } from "./departures/leave.ts";
import { leftovers } from "./departures/verdict.ts";

const count = Number(process.argv[2] ?? 100_000);
if (!Number.isSafeInteger(count) || count < 1) throw new Error("COUNT must be a whole number from 1 on.");
const gone = await leave(count);
const wrong = leftovers(gone);
console.log(
  `${count} callers left in ${gone.seconds.toFixed(1)} s; ${gone.upstreamCalls} calls to providers`,
);
for (const line of wrong) console.log(`left behind: ${line}`);
console.log(JSON.stringify(gone));
process.exit(wrong.length === 0 ? 0 : 1);
