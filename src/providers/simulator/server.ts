/**
 * The simulator: providers of every wire over real sockets, on node:http. Owns the socket and what is asked of
 * whom; what a request to a model gets is decided in serve-call.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { authorityOf } from "../../core/authority.ts";
import type { Clock } from "../../core/clock.ts";
import { parseJson } from "../../core/json.ts";
import { loadEveryWire } from "../wire-registry.ts";
import type { RunningSimulator } from "./call.ts";
import { answerControl, CONTROL_PATH } from "./control-api.ts";
import { createDeployments, type DeploymentStats, type NamesOf } from "./deployments.ts";
import { refusal } from "./error-dialects/dialect.ts";
import { errorsOf } from "./error-dialects/of-wire.ts";
import { openaiErrors } from "./error-dialects/openai.ts";
import { MAX_DEPTH, readBody, sendError, sendJson, TOO_LARGE } from "./exchange.ts";
import { createFaultList, type FaultInput } from "./fault-list.ts";
import { modelList } from "./model-list.ts";
import { decodeSegment, findRoute, SERVED } from "./routes.ts";
import type { Scenario, SimulatedDeployment } from "./scenario.ts";
import { serveCall } from "./serve-call.ts";

export interface SimulatorOptions {
  readonly scenario: Scenario;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
}

export interface Simulator {
  /** `http://host:port`; a deployment's paths, `/v1/chat/completions` and others, are below `<url>/<its id>`. */
  readonly url: string;
  readonly port: number;
  /** A fault from now on, its `start` counted from now; the id takes it back. Throws on a fault that is none. */
  inject(fault: FaultInput): string;
  /** Takes back one injected fault, or all of them. */
  clear(id?: string): void;
  /** By deployment id. */
  stats(): Readonly<Record<string, DeploymentStats>>;
  /** Ids of the deployments that the scenario's faults name, each once. */
  readonly struck: readonly string[];
  /** The deployments that the scenario describes, as it describes them. */
  readonly described: readonly SimulatedDeployment[];
  /** Asked once for each deployment that the scenario does not name, when it is first called. */
  introduce(namesOf: NamesOf): void;
  /** Drops every connection and timer. */
  close(): Promise<void>;
}

/** Rejects when the port cannot be had. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { scenario, clock } = options;
  await loadEveryWire();
  const startedAt = clock.now();
  let namesOf: NamesOf = () => null;
  const running: RunningSimulator = {
    scenario,
    clock,
    faults: createFaultList(scenario.faults),
    deployments: createDeployments(scenario, startedAt, (id) => namesOf(id)),
    elapsedMs: () => clock.now() - startedAt,
  };
  const server = createServer((request, response) => void serve(running, request, response));
  // A client's pool reuses connections; ours must not be the side that closes them.
  server.keepAliveTimeout = 0;
  const port = await listen(server, options.port, options.host);
  return {
    url: `http://${authorityOf(options.host, port)}`,
    port,
    inject(fault) {
      const injected = running.faults.inject(fault, running.elapsedMs());
      if (!injected.ok) throw new TypeError(injected.message);
      return injected.id;
    },
    clear: (id) => void running.faults.clear(id),
    stats: () => running.deployments.stats(),
    struck: [...new Set(scenario.faults.flatMap(({ match }) => match.deployment ?? []))],
    described: [...scenario.deployments.values()],
    introduce(names) {
      namesOf = names;
    },
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

const MAX_DEPLOYMENT_CHARS = 600;
const MAX_DEPLOYMENT_ID = 200;
const NOTHING_HERE = `Nothing is served at this path. Try ${SERVED.join(", ")}.`;

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
  const slash = path.indexOf("/", 1);
  const id = slash === -1 ? null : decodeSegment(path.slice(1, slash), MAX_DEPLOYMENT_CHARS);
  const route = id === null || id.length > MAX_DEPLOYMENT_ID ? null : findRoute(path.slice(slash));
  if (id === null || route === null) {
    sendError(response, openaiErrors.refuse(refusal(404, NOTHING_HERE), running.clock.wall()));
  } else if (request.method !== route.method) {
    const dialect = route.method === "POST" ? errorsOf(route.call) : openaiErrors;
    sendError(response, dialect.refuse(refusal(405, `Use ${route.method}.`), running.clock.wall()));
  } else if (route.method === "GET") {
    sendJson(response, 200, modelList(running.deployments.get(id).settings, route.models));
  } else {
    await serveCall(running, running.deployments.get(id), route, request, response);
  }
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
    sendError(response, openaiErrors.refuse(TOO_LARGE, running.clock.wall()));
    return;
  }
  const parsed = body.length === 0 ? null : parseJson(body, MAX_DEPTH);
  if (parsed && !parsed.ok) {
    const { code, message } = parsed.fault;
    sendError(response, openaiErrors.refuse(refusal(400, message, { code }), running.clock.wall()));
    return;
  }
  const answer = answerControl(running, request.method ?? "GET", path, parsed?.value);
  sendJson(response, answer.status, answer.body);
}
