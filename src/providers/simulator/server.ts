/**
 * The simulator: providers of the OpenAI Chat Completions wire over real sockets, on node:http. Owns the
 * socket and the routes; what a chat request gets is decided in serve-chat.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { parseJson } from "../../core/json.ts";
import { answerControl, CONTROL_PATH } from "./control-api.ts";
import { createDeployments, type DeploymentStats } from "./deployments.ts";
import { errorAnswer } from "./error-bodies.ts";
import { MAX_DEPTH, readBody, sendError, sendJson, TOO_LARGE } from "./exchange.ts";
import { createFaultList, type FaultInput } from "./fault-list.ts";
import type { Scenario, SimulatedDeployment } from "./scenario.ts";
import { type RunningSimulator, serveChat } from "./serve-chat.ts";

export interface SimulatorOptions {
  readonly scenario: Scenario;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
}

export interface Simulator {
  /** `http://host:port`; a deployment's base URL is `<url>/<deployment id>/v1`. */
  readonly url: string;
  readonly port: number;
  /** A fault from now on, its `start` counted from now; the id takes it back. Throws on a fault that is none. */
  inject(fault: FaultInput): string;
  /** Takes back one injected fault, or all of them. */
  clear(id?: string): void;
  /** By deployment id. */
  stats(): Readonly<Record<string, DeploymentStats>>;
  /** Drops every connection and timer. */
  close(): Promise<void>;
}

/** Rejects when the port cannot be had. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { scenario, clock } = options;
  const startedAt = clock.now();
  const running: RunningSimulator = {
    scenario,
    clock,
    faults: createFaultList(scenario.faults),
    deployments: createDeployments(scenario, startedAt),
    elapsedMs: () => clock.now() - startedAt,
  };
  const server = createServer((request, response) => void serve(running, request, response));
  // A client's pool reuses connections; ours must not be the side that closes them.
  server.keepAliveTimeout = 0;
  const port = await listen(server, options.port, options.host);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    inject(fault) {
      const injected = running.faults.inject(fault, running.elapsedMs());
      if (!injected.ok) throw new TypeError(injected.message);
      return injected.id;
    },
    clear: (id) => void running.faults.clear(id),
    stats: () => running.deployments.stats(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

const DEPLOYMENT_PATH = /^\/([^/]{1,600})\/v1\/(chat\/completions|models)\/?$/;
const MAX_DEPLOYMENT_ID = 200;

async function serve(
  running: RunningSimulator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?");
  if (path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`)) {
    await serveControl(running, path, request, response);
    return;
  }
  const [, segment = "", route] = DEPLOYMENT_PATH.exec(path) ?? [];
  const id = decodeSegment(segment);
  const method = route === "models" ? "GET" : "POST";
  if (id === null || route === undefined) {
    sendError(response, errorAnswer(404, null, "Try POST /<deployment>/v1/chat/completions."));
  } else if (request.method !== method) {
    sendError(response, errorAnswer(405, null, `Use ${method}.`));
  } else if (route === "models") {
    sendJson(response, 200, modelList(running.deployments.get(id).settings));
  } else {
    await serveChat(running, running.deployments.get(id), request, response);
  }
}

function decodeSegment(segment: string): string | null {
  try {
    const id = decodeURIComponent(segment);
    return id.length > 0 && id.length <= MAX_DEPLOYMENT_ID ? id : null;
  } catch {
    return null;
  }
}

function modelList(settings: SimulatedDeployment): unknown {
  const model = { id: settings.model, object: "model", created: 0, owned_by: "pointsman-simulator" };
  return { object: "list", data: [model], simulated: true };
}

async function serveControl(
  running: RunningSimulator,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === "gone") return;
  if (body === "too_large") {
    sendError(response, TOO_LARGE);
    return;
  }
  const parsed = body.length === 0 ? null : parseJson(body, MAX_DEPTH);
  if (parsed && !parsed.ok) {
    sendError(response, errorAnswer(400, parsed.fault.code, parsed.fault.message));
    return;
  }
  const answer = answerControl(running, request.method ?? "GET", path, parsed?.value);
  sendJson(response, answer.status, answer.body);
}
