/** Whether a request that is to be made later would be understood. Owns no more than asking the wire now. */
import { failed, ok, type Result } from "../core/faults.ts";
import type { Ingress } from "./ingress.ts";
import { HINT_PREFIX } from "./read-headers.ts";
import { readHints } from "./read-hints.ts";

/** What it asks for, and whether as a stream. Faults are those that the request itself would get. */
export function checkRequest(
  ingress: Ingress | null,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): Result<{ readonly target: string; readonly stream: boolean }> {
  if (ingress === null) {
    return failed("invalid", "invalid_value", "endpoint: this gateway does not serve it.", {
      param: "endpoint",
    });
  }
  const stated = new Headers(headers);
  const found = new Map(Object.entries(headers).filter(([name]) => name.startsWith(HINT_PREFIX)));
  const hints = readHints(found.size === 0 ? null : found, ingress, stated);
  if (!hints.ok) return hints;
  const request = ingress.wire.parseRequest(body, hints.value);
  if (!request.ok) {
    const { fault } = request;
    return {
      ok: false,
      fault: { ...fault, param: fault.param === undefined ? "body" : `body.${fault.param}` },
    };
  }
  return ok({ target: request.value.target, stream: request.value.stream });
}
