/** Works through the requests of a batch that have no result yet, some at once. Knows no status of the batch. */
import type { Batch } from "../../core/batches.ts";
import { untilWritten } from "../background/until-written.ts";
import { ask } from "./ask.ts";
import { MAX_LINE_BYTES, type WorkPorts } from "./batch-ports.ts";
import { checkLine } from "./check-line.ts";
import { type InputLine, readLines } from "./read-lines.ts";
import { answeredRecord, failedRecord } from "./records.ts";
import type { Run } from "./run.ts";
import type { Slots } from "./slots.ts";

/** Lines whose results are asked for at once. */
const WINDOW = 1000;

/**
 * Resolves when nothing is under way any more: at the end of the file, or after the run was stopped. Rejects
 * when the store fails for longer than a minute.
 */
export async function runLines(run: Run, slots: Slots, ports: WorkPorts): Promise<void> {
  const work = createBoundedWork(ports.limits);
  for await (const line of openLines(run.batch, ports)) {
    if (run.stop.aborted) break;
    await work.room(line.bytes?.byteLength ?? 0);
    if (run.stop.aborted || work.failed()) break;
    work.add(line.bytes?.byteLength ?? 0, runLine(run, line, slots, ports));
  }
  await work.empty();
}

/** Lines without a result, in the order of the file. */
export async function* openLines(
  batch: Batch,
  { files, batches }: Pick<WorkPorts, "files" | "batches">,
): AsyncGenerator<InputLine, void, void> {
  let done: ReadonlySet<number> = new Set();
  let windowEnd = 0;
  for await (const input of readLines(files, batch.inputFileId, MAX_LINE_BYTES)) {
    if (input.line > windowEnd) {
      windowEnd = input.line + WINDOW - 1;
      done = new Set(await batches.recorded(batch.id, input.line, windowEnd));
    }
    if (!done.has(input.line)) yield input;
  }
}

async function runLine(run: Run, { line, bytes }: InputLine, slots: Slots, ports: WorkPorts): Promise<void> {
  const checked = checkLine(bytes, run.batch.endpoint);
  // It was checked before the batch started, and the file has not changed since.
  if (!checked.ok) return;
  const asked = await ask(run, checked.request, slots, ports);
  if (asked.kind === "given_up") return;
  const of = { id: ports.nextId("batch_req"), line, customId: checked.request.customId };
  const result =
    asked.kind === "answered"
      ? answeredRecord(of, asked.answer)
      : failedRecord(of, "internal_error", "The gateway failed on this request.");
  await untilWritten(ports.clock, () => ports.batches.record(run.batch.id, [result]), run.cut);
}

/** What is under way, bounded in number and in bytes. */
function createBoundedWork({ concurrent, bytesInHand }: WorkPorts["limits"]) {
  const underway = new Set<Promise<void>>();
  let bytes = 0;
  let failure: { readonly thrown: unknown } | null = null;
  return {
    /** Resolves when one more of this size fits. */
    async room(size: number): Promise<void> {
      while (underway.size >= concurrent || (underway.size > 0 && bytes + size > bytesInHand)) {
        await Promise.race(underway);
      }
    },
    add(size: number, work: Promise<void>): void {
      bytes += size;
      const tracked = work
        .catch((thrown: unknown) => {
          failure ??= { thrown };
        })
        .then(() => {
          bytes -= size;
          underway.delete(tracked);
        });
      underway.add(tracked);
    },
    failed: (): boolean => failure !== null,
    async empty(): Promise<void> {
      await Promise.all(underway);
      if (failure) throw failure.thrown;
    },
  };
}
