/** Asks for the end of a batch: nothing new is started, and what is finished is kept. */
import type { Batch } from "../../core/batches.ts";
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import type { BatchPorts } from "./batch-ports.ts";

/** A batch that is being cancelled, or was, stays as it is. Faults: `not_found`, or `invalid` when it is over. */
export async function cancelBatch(ports: BatchPorts, tenant: string, id: string): Promise<Result<Batch>> {
  const { batches, clock } = ports;
  const cancelled = await batches.cancel(tenant, id, clock.now());
  if (cancelled) {
    ports.changed();
    return ok(cancelled);
  }
  const batch = await batches.get(tenant, id);
  if (!batch) return { ok: false, fault: unknownBatch() };
  if (batch.status === "cancelling" || batch.status === "cancelled") return ok(batch);
  return failed(
    "invalid",
    "batch_not_cancellable",
    `The batch is ${batch.status} and cannot be cancelled any more.`,
  );
}

/** Says the same of a batch that never was and of another tenant's. */
export function unknownBatch(): Fault {
  return fault("not_found", "unknown_batch", "No batch has this id.");
}
