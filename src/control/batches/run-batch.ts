/**
 * A batch from where it stands to its end, or until it is told to stop. Owns the order of the statuses; each
 * step is the store's own transaction, so a process that dies leaves the batch to the next one between two.
 */
import type { Batch, BatchResult, FinalStatus } from "../../core/batches.ts";
import type { WorkPorts } from "./batch-ports.ts";
import { checkLine } from "./check-line.ts";
import { failedRecord } from "./records.ts";
import type { Run } from "./run.ts";
import { openLines, runLines } from "./run-lines.ts";
import type { Slots } from "./slots.ts";
import { validateInput } from "./validate.ts";

/** Requests that are written off in one step. */
const WRITE_OFF_STEP = 200;

/** Rejects when the store fails; the batch then stands where it stood. */
export async function runBatch(run: Run, slots: Slots, ports: WorkPorts): Promise<void> {
  let { status } = run.batch;
  if (status === "validating" && (await begin(run, ports))) status = "in_progress";
  if (status === "in_progress") await runLines(run, slots, ports);
  await end(run, status, ports);
}

/** Whether the batch is in progress now. */
async function begin(run: Run, ports: WorkPorts): Promise<boolean> {
  const { batch, owner } = run;
  const { batches, files, clock, nextId } = ports;
  const validation = await validateInput(files, batch, run.stop);
  if (!validation) return false;
  const { issues, total, model } = validation;
  if (issues.length > 0) {
    await batches.conclude(batch.id, owner, { status: "failed", at: clock.now(), issues });
    return false;
  }
  const outputs = { outputFileId: nextId("file"), errorFileId: nextId("file") };
  return (await batches.start(batch.id, owner, { at: clock.now(), total, model, ...outputs })) !== null;
}

/** Every step asks the store, which knows of a cancellation that has not been heard of here. */
async function end(run: Run, status: Batch["status"], ports: WorkPorts): Promise<void> {
  const { batch, owner } = run;
  const { batches, clock } = ports;
  const reason = run.stopReason();
  if (reason === "stopped" || reason === "lost") return;
  const conclude = (as: FinalStatus) => batches.conclude(batch.id, owner, { status: as, at: clock.now() });
  const expired = reason === "expired" || batch.times.expiredAt !== null;
  if (status === "in_progress" && reason !== "cancelled") {
    if (expired) await writeOff(run, ports);
    await batches.finalize(batch.id, owner, clock.now(), expired);
  }
  if (await conclude("cancelled")) return;
  await conclude(expired ? "expired" : "completed");
}

/** Gives every request without a result the one that its time ran out. */
async function writeOff({ batch }: Run, ports: WorkPorts): Promise<void> {
  const { batches, nextId } = ports;
  let results: BatchResult[] = [];
  for await (const { line, bytes } of openLines(batch, ports)) {
    const checked = checkLine(bytes, batch.endpoint);
    if (!checked.ok) continue;
    const of = { id: nextId("batch_req"), line, customId: checked.request.customId };
    results.push(
      failedRecord(of, "batch_expired", "The request was not made before the completion window was over."),
    );
    if (results.length === WRITE_OFF_STEP) {
      await batches.record(batch.id, results);
      results = [];
    }
  }
  await batches.record(batch.id, results);
}
