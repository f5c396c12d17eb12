/** The contract that a compat caller states in `x-pointsman-*` headers (B6). Owns their names. */
import { CONTRACT_FIELDS, readContractFields } from "../core/contract-words.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { RequestHints } from "../wires/wire.ts";
import { HINT_PREFIX } from "./read-headers.ts";

const NO_HINTS: RequestHints = Object.freeze({ contract: Object.freeze({}), strict: false });

/** Faults: `invalid` with `invalid_header`, naming the header and what it may hold. */
export function readHints(found: ReadonlyMap<string, string> | null): Result<RequestHints> {
  if (!found) return ok(NO_HINTS);
  const fields = [...found].map(
    ([name, value]) => [name.slice(HINT_PREFIX.length).replaceAll("-", "_"), value] as const,
  );
  const read = readContractFields(fields);
  if (read.ok) return ok({ contract: read.contract, strict: read.strict });
  const param = headerName(read.field).slice(0, 64);
  const message =
    read.wanted === null
      ? `There is no header of this name. Known are: ${CONTRACT_FIELDS.map(headerName).join(", ")}.`
      : `Header ${param} must be ${read.wanted}.`;
  return failed("invalid", "invalid_header", message, { param });
}

function headerName(field: string): string {
  return HINT_PREFIX + field.replaceAll("_", "-");
}
