/** `pointsman doctor`: its checks over the real network, the real issuers of credentials and the real clock. */
import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectSecure } from "node:tls";
import type { CheckResult } from "../control/doctor/check-result.ts";
import type { Address, DoctorOptions, DoctorPorts } from "../control/doctor/doctor-ports.ts";
import { examine } from "../control/doctor/examine.ts";
import { sendToProvider } from "../providers/send.ts";
import { createProviderAccess } from "./provider-access.ts";
import { systemClock, systemCoalescer } from "./system.ts";

export async function doctor(options: DoctorOptions, onResult: (result: CheckResult) => void): Promise<void> {
  const clock = systemClock();
  const { authorize, transport, profiles } = createProviderAccess(
    clock,
    systemCoalescer(),
    systemCoalescer(),
    () => undefined,
    null,
    () => undefined,
  );
  const ports: DoctorPorts = {
    clock,
    environment: process.env,
    authorize,
    send: (call) =>
      sendToProvider(
        { ...call, committedTotalMs: call.timeouts.total, traceparent: newTraceparent(), tracestate: null },
        { clock, authorize, transport },
      ),
    resolveHost: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    connect,
    fetchDate,
  };
  await examine(options, ports, onResult);
  transport.close();
  profiles.stop();
}

function connect({ host, port, secure }: Address, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = secure
      ? // An address is no name that a certificate could be asked for by.
        connectSecure({ host, port, ...(isIP(host) === 0 && { servername: host }) })
      : connectPlain({ host, port });
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      end();
    };
    const giveUp = (): void => settle(() => reject(signal.reason));
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once(secure ? "secureConnect" : "connect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
  });
}

/** Asks without a credential; some servers say the time in an answer to GET only. */
async function fetchDate(origin: string, signal: AbortSignal): Promise<string | null> {
  for (const method of ["HEAD", "GET"]) {
    const { body, headers } = await fetch(origin, { method, redirect: "manual", signal });
    await body?.cancel();
    const date = headers.get("date");
    // An answer from a cache has the time at which it was put there.
    if (date !== null && !(Number(headers.get("age") ?? 0) > 0)) return date;
  }
  return null;
}

/** W3C trace context of a trace that nobody records. */
function newTraceparent(): string {
  const digits = () => crypto.randomUUID().replaceAll("-", "");
  return `00-${digits()}-${digits().slice(16)}-00`;
}
