/** Whether an endpoint is there: its name has an address, and something accepts a connection. */
import { authorityOf } from "../../core/authority.ts";
import { failure, fine, skipped, type Verdict } from "./check-result.ts";
import type { Address, DoctorPorts } from "./doctor-ports.ts";
import { proxyVariable } from "./proxy.ts";
import { codeOf, type Limit, tryWithin } from "./try-within.ts";

export async function checkAddress(
  baseUrl: string,
  ports: Pick<DoctorPorts, "resolveHost" | "connect" | "environment">,
  limit: Limit,
): Promise<Verdict> {
  const url = new URL(baseUrl);
  const proxy = proxyVariable(url, ports.environment);
  if (proxy !== null) {
    return skipped(`Calls go through the proxy of ${proxy}; ${url.host} was not asked directly.`);
  }
  const address = addressOf(url);
  const resolved = await tryWithin(limit, () => ports.resolveHost(address.host));
  if (!resolved.ok) {
    const why = resolved.late ? "no name server answered in time" : codeOf(resolved.thrown);
    const fix =
      "Check the provider's URL, resource or region in the policy, and this machine's name servers.";
    return failure(`The name ${address.host} has no address (${why}).`, fix);
  }
  const connected = await tryWithin(limit, (signal) => ports.connect(address, signal));
  if (connected.ok)
    return fine(
      `${authorityOf(address.host, address.port)} accepts ${address.secure ? "TLS connections" : "connections"}.`,
    );
  return unconnected(address, connected.late ? null : codeOf(connected.thrown));
}

function addressOf({ hostname, port, protocol }: URL): Address {
  const secure = protocol === "https:";
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
    secure,
  };
}

/** `code`: null where it took too long. */
function unconnected(address: Address, code: string | null): Verdict {
  const place = authorityOf(address.host, address.port);
  if (code === null) {
    const fix = "Open the way there: firewall, security group, VPC endpoint, or HTTPS_PROXY.";
    return failure(`${place} did not accept a connection in time.`, fix);
  }
  if (code === "ECONNREFUSED" || code === "ConnectionRefused") {
    return failure(`Nobody listens on ${place}.`, "Start the server there, or correct the URL.");
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|SSL|TLS/.test(code)) {
    const fix = code.includes("SSL_WRONG_VERSION")
      ? "It does not speak TLS: write the URL with http://."
      : "Let NODE_EXTRA_CA_CERTS name the file of the authority that signed it, or renew the certificate.";
    return failure(`${place} accepts connections, but TLS fails (${code}).`, fix);
  }
  return failure(`${place} cannot be reached (${code}).`, "Check the URL, and this machine's network.");
}
