/**
 * The port, held before anything is opened behind it: whoever cannot have it has changed nothing by then. Owns how it
 * is listened, and what is said until there is an application.
 */
import type { Clock } from "../core/clock.ts";
import type { Coalesce } from "../core/coalesce.ts";
import { discardUnread } from "../core/discard-body.ts";
import { fault } from "../core/faults.ts";
import type { Ids } from "../core/ids.ts";
import { pathOf } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import { coalescedApp } from "./coalesced-app.ts";

type App = (request: Request) => Promise<Response>;

export interface FrontDoorPorts {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly arrivals: Coalesce;
  readonly departures: Coalesce;
}

export interface FrontDoor {
  readonly port: number;
  /** Those who wait are served by `app` from now on, as everybody who comes. `failed` answers what `app` rejects. */
  open(app: App, failed: (thrown: unknown) => Response): void;
  /** Requests whose last byte has not left. */
  pending(): number;
  /** Connections with a request under way stay. */
  stopListening(): void;
  /** With all connections. */
  close(): Promise<void>;
}

/** Throws what the system says where the port cannot be had. */
export function openFrontDoor(ports: FrontDoorPorts): FrontDoor {
  const { host, clock, ids, arrivals, departures } = ports;
  const waiting = createWaitingRoom(ids);
  const behind = {
    app: waiting.app,
    departures,
    discardUnread: (request: Request) => discardUnread(request, clock),
  };
  let failed = (_thrown: unknown): Response => new Response(null, { status: 500 });
  const server = Bun.serve({
    hostname: host,
    port: ports.port,
    // Slow models are no idle callers: the gateway's own limits end what takes too long.
    idleTimeout: 0,
    // None: every body is read through read-body.ts, whose own limit refuses in the caller's dialect. What a
    // handler does not read the runtime discards in HTTP/1.1; over HTTP/2 discard-body.ts does.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Else what is thrown past our own handlers would be shown to the caller, with the source around it.
    development: false,
    // Without development mode its default: two gateways would share the port, and each answer some.
    reusePort: false,
    // Clear-text HTTP/2 beside HTTP/1.1 on the same port: Bedrock's JavaScript client speaks it by default.
    http2: true,
    fetch: coalescedApp(behind, arrivals),
    // The runtime's own answer is a bare text, and its report the thrown message, which may quote a caller.
    error: (thrown) => failed(thrown),
  });
  return {
    port: server.port ?? ports.port,
    open(app, answerThrown) {
      behind.app = app;
      failed = answerThrown;
      waiting.admit(app);
    },
    pending: () => server.pendingRequests,
    stopListening: () => void server.stop(false),
    close: () => server.stop(true),
  };
}

/** Requests that may wait for the start to be over; it takes a moment, or as long as the policy's source does. */
const MAX_WAITING = 1000;

/** A start that fails cuts off whoever waits. Who leaves before it is over gives the place to another, and is not served. */
export function createWaitingRoom(ids: Ids) {
  const waiting = new Set<(behind: App) => void>();
  let opened: App | null = null;
  const untilOpened = (request: Request): Promise<Response> =>
    new Promise((resolve) => {
      const { signal } = request;
      const enter = (behind: App): void => {
        signal.removeEventListener("abort", leave);
        resolve(behind(request));
      };
      const leave = (): void => {
        waiting.delete(enter);
        resolve(new Response(null, { status: 499 }));
      };
      if (signal.aborted) return leave();
      waiting.add(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  const app: App = async (request) => {
    if (opened !== null) return opened(request);
    const path = pathOf(request.url);
    const status = request.method === "GET" ? PROBES[path] : undefined;
    const requestId = ids.next("req");
    const headers = { "x-request-id": requestId };
    if (status) return Response.json({ status: status.says }, { status: status.code, headers });
    if (waiting.size >= MAX_WAITING) return problem(STARTING, requestId, { "retry-after": "1" });
    return untilOpened(request);
  };
  const admit = (behind: App): void => {
    opened = behind;
    for (const enter of waiting) enter(behind);
    waiting.clear();
  };
  return { app, admit };
}

const STARTING = fault("unavailable", "starting", "The gateway starts. Ask again in a moment.");
const PROBES: Readonly<Record<string, { readonly code: number; readonly says: string }>> = {
  "/healthz": { code: 200, says: "ok" },
  "/readyz": { code: 503, says: "starting" },
};
