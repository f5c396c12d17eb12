/** Deletes a file, unless a batch still reads it. */
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import type { FilePorts } from "./file-ports.ts";

/** Faults: `not_found` with `unknown_file`, `invalid` with `file_in_use`. */
export async function removeFile(
  { files, clock }: FilePorts,
  tenant: string,
  id: string,
): Promise<Result<null>> {
  const outcome = await files.remove(tenant, id, clock.now());
  if (outcome === "removed") return ok(null);
  if (outcome === "unknown") return { ok: false, fault: unknownFile() };
  return failed(
    "invalid",
    "file_in_use",
    "The file is the input of a batch that is not over. Cancel the batch, or wait for it.",
  );
}

/** Says the same of a file that never was and of another tenant's. */
export function unknownFile(param?: string): Fault {
  const message = "No file has this id, or it has expired.";
  return fault("not_found", "unknown_file", message, param === undefined ? {} : { param });
}
