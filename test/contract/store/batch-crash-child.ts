/**
 * A process of its own that works on batches until it is killed or the batch is over: `batch-crash-child.ts
 * FILE BATCH LEASE_MS`. Prints `asked CUSTOM_ID` before a request, `kept RECORD_ID` once its result is
 * acknowledged, and `over STATUS` at the end.
 */
import { DEFAULT_WORK_LIMITS } from "../../../src/control/batches/batch-ports.ts";
import { startBatchRunner } from "../../../src/control/batches/batch-runner.ts";
import { createIds } from "../../../src/core/ids.ts";
import { systemClock, systemRandom } from "../../../src/main/system.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";

const [path = "", batchId = "", leaseMs = "0"] = process.argv.slice(2);
const clock = systemClock();
const ids = createIds(clock, systemRandom);
const store = openSqliteStore({ path, clock });
const say = (line: string) => process.stdout.write(`${line}\n`);

const runner = startBatchRunner({
  files: store.files,
  batches: {
    ...store.batches,
    async record(id, results) {
      await store.batches.record(id, results);
      for (const { record } of results) say(`kept ${JSON.parse(new TextDecoder().decode(record)).id}`);
    },
  },
  clock,
  random: systemRandom,
  nextId: ids.next,
  async infer(_endpoint, body) {
    const customId = String(body.custom);
    say(`asked ${customId}`);
    await new Promise((resolve) => clock.after(1 + systemRandom() * 3, () => resolve(null)));
    return {
      status: customId.endsWith("7") ? 400 : 200,
      requestId: ids.next("req"),
      body: { custom: customId },
    };
  },
  limits: { ...DEFAULT_WORK_LIMITS, leaseMs: Number(leaseMs), watchMs: 50, idleMs: 50 },
  report: () => {},
});

for (;;) {
  const batch = await store.batches.get("acme", batchId);
  if (batch?.status === "completed") break;
  await new Promise((resolve) => clock.after(20, () => resolve(null)));
}
await runner.stop(0);
await store.close();
say("over completed");
// Coarse timers tick on for a while after the last was cancelled.
process.exit(0);
