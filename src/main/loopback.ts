/** Whether an address to listen on can be reached from this machine alone. */
import { isIPv4 } from "node:net";

/** A name that only looks like such an address is none: what it resolves to is anybody's to say. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
