/** Makes a batch of a file that was uploaded. What is in the file is looked at later, line by line. */
import type { Batch, BatchEndpoint } from "../../core/batches.ts";
import type { Caller } from "../../core/caller.ts";
import { failed, ok, type Result } from "../../core/faults.ts";
import { BATCH_FILES_KEPT_MS } from "../files/file-ports.ts";
import { unknownFile } from "../files/remove.ts";
import { type BatchPorts, MAX_INPUT_BYTES } from "./batch-ports.ts";

const WINDOW_MS = 24 * 60 * 60 * 1000;
/** Of one tenant, not over yet. */
const MAX_LIVE_BATCHES = 100;

export interface NewBatch {
  readonly inputFileId: string;
  readonly endpoint: BatchEndpoint;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Milliseconds; null: 30 days. */
  readonly outputExpiresAfterMs: number | null;
}

/** Faults: `not_found` where the tenant has no such file, `invalid` with the field at fault, `rate_limited`. */
export async function createBatch(
  ports: BatchPorts,
  caller: Caller,
  wanted: NewBatch,
): Promise<Result<Batch>> {
  const { files, batches, clock } = ports;
  const now = clock.now();
  const { endpoint, inputFileId } = wanted;
  if (!ports.serves(endpoint)) {
    return failed("invalid", "invalid_value", "endpoint: this gateway does not serve it.", {
      param: "endpoint",
    });
  }
  const input = await files.get(caller.tenant, inputFileId, now);
  if (!input) return { ok: false, fault: unknownFile("input_file_id") };
  if (input.purpose !== "batch")
    return badInput("must name a file that was uploaded with the purpose 'batch'.");
  if (input.bytes > MAX_INPUT_BYTES)
    return badInput(`must name a file of at most ${mebibytes(MAX_INPUT_BYTES)} MiB.`);
  const id = ports.nextId("batch");
  const order = {
    id,
    caller,
    endpoint,
    inputFileId,
    metadata: wanted.metadata,
    outputExpiresAfterMs: wanted.outputExpiresAfterMs ?? BATCH_FILES_KEPT_MS,
    createdAt: now,
    expiresAt: now + WINDOW_MS,
  };
  const created = await batches.create(order, MAX_LIVE_BATCHES);
  if (created === "too_many") {
    return failed(
      "rate_limited",
      "too_many_batches",
      `${MAX_LIVE_BATCHES} batches of this tenant are not over yet. Wait for some to end, or cancel them.`,
    );
  }
  const batch = created === "created" ? await batches.get(caller.tenant, id) : null;
  if (!batch) return { ok: false, fault: unknownFile("input_file_id") };
  ports.changed();
  return ok(batch);
}

function badInput(must: string): Result<never> {
  return failed("invalid", "invalid_value", `input_file_id ${must}`, { param: "input_file_id" });
}

function mebibytes(bytes: number): number {
  return bytes / (1024 * 1024);
}
