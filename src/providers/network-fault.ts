/** What a call over the network that failed means. Owns the reading of error codes; Bun's and Node's differ in place. */
import { type Fault, fault } from "../core/faults.ts";
import { codeOf } from "../core/thrown.ts";

const REDIRECTED = {
  code: "redirected",
  message:
    "The model's endpoint sent the call elsewhere, where a key must not follow. Put the final address into base_url.",
};
const BAD_HTTP = { code: "bad_http", message: "The model's endpoint did not answer in HTTP as it should." };
const CODES: Readonly<Record<string, { code: string; message: string }>> = {
  ECONNREFUSED: { code: "connection_refused", message: "The model's endpoint refused the connection." },
  ConnectionRefused: { code: "connection_refused", message: "The model's endpoint refused the connection." },
  ECONNRESET: { code: "connection_reset", message: "The model's endpoint closed the connection." },
  ConnectionClosed: { code: "connection_reset", message: "The model's endpoint closed the connection." },
  UND_ERR_SOCKET: { code: "connection_reset", message: "The model's endpoint closed the connection." },
  EPIPE: { code: "connection_reset", message: "The model's endpoint closed the connection." },
  ENOTFOUND: { code: "dns_failure", message: "The model's endpoint has no address." },
  EAI_AGAIN: { code: "dns_failure", message: "The model's endpoint has no address." },
  EPROTO: BAD_HTTP,
  InvalidHTTPResponse: BAD_HTTP,
  EREDIRECT: REDIRECTED,
  UnexpectedRedirect: REDIRECTED,
  ETIMEDOUT: { code: "connect_timeout", message: "The model's endpoint could not be reached in time." },
};

/** An `outage` fault for whatever a transport or a body reader threw. The thrown text stays in the cause. */
export function networkFault(thrown: unknown): Fault {
  const code = codeOf(thrown) ?? "";
  const known = CODES[code];
  return fault(
    "outage",
    known?.code ?? "connection_failed",
    known?.message ?? "The connection to the model's endpoint failed.",
    { cause: { code: code || "unknown" } },
  );
}
