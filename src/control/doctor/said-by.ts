/** What a provider's answer may be known by. Owns what of it is repeated: its status and the name of its error. */
import type { Fault } from "../../core/faults.ts";

/** Error names have no digits; whatever else stands in their place might be a key. */
const NAME = /^[A-Za-z][A-Za-z_.]{1,59}(?:: clock skew)?$/;

/** ` (403 AccessDeniedException)`, or nothing where there was no answer. */
export function saidBy({ cause }: Fault): string {
  if (cause?.status === undefined) return "";
  const { status, code } = cause;
  return code !== undefined && NAME.test(code) ? ` (${status} ${code})` : ` (${status})`;
}
