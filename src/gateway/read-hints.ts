/** The contract that a compat caller states in `x-pointsman-*` headers. Owns their names. */
import { CONTRACT_FIELDS, readContractFields } from "../core/contract-words.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { AnyWire } from "../providers/wire-registry.ts";
import type { RequestHints } from "../wires/wire.ts";
import type { Ingress } from "./ingress.ts";
import { HINT_PREFIX } from "./read-headers.ts";

const NO_HINTS: RequestHints = Object.freeze({ contract: Object.freeze({}), strict: false });

const NOTHING_STATED = ok(NO_HINTS);

type Draft = { -readonly [Key in keyof RequestHints]: RequestHints[Key] };

/** The contract's headers, what the path says, and the headers that the wire passes on. Faults as below. */
export function readHints(
  found: ReadonlyMap<string, string> | null,
  ingress: Ingress,
  headers: Headers,
): Result<RequestHints> {
  const stated = readContractHints(found);
  const { wire, operation, stream, target } = ingress;
  const isPlain = operation === undefined && stream === undefined && wire.passedHeaders.length === 0;
  if (!stated.ok || isPlain) return stated;
  const hints: Draft = { ...stated.value };
  if (operation !== undefined) hints.operation = operation;
  if (stream !== undefined) hints.stream = stream;
  if (target !== undefined) hints.target = target;
  const passed = passedOf(wire, headers);
  if (passed !== null) hints.headers = passed;
  return ok(hints);
}

function passedOf({ passedHeaders }: AnyWire, headers: Headers): Readonly<Record<string, string>> | null {
  let passed: Record<string, string> | null = null;
  for (const name of passedHeaders) {
    const value = headers.get(name);
    if (value === null) continue;
    passed ??= {};
    passed[name] = value;
  }
  return passed;
}

/** Faults: `invalid` with `invalid_header`, naming the header and what it may hold. */
function readContractHints(found: ReadonlyMap<string, string> | null): Result<RequestHints> {
  if (!found) return NOTHING_STATED;
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
