/**
 * One request to a model while it is under way. Owns its number, its id and that it is counted out exactly once;
 * knows no fault and no content.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../../core/clock.ts";
import type { Framing } from "../../wires/framing.ts";
import type { ControlledSimulator } from "./control-api.ts";
import type { DeploymentStats, RunningDeployment } from "./deployments.ts";
import type { ErrorAnswer, ErrorDialect } from "./error-dialects/dialect.ts";
import { errorsOf } from "./error-dialects/of-wire.ts";
import { responseSink, sendError } from "./exchange.ts";
import type { CallTarget } from "./routes.ts";
import { hash } from "./schedule.ts";

export interface RunningSimulator extends ControlledSimulator {
  readonly clock: Clock;
}

export interface Call {
  readonly running: RunningSimulator;
  readonly deployment: RunningDeployment;
  readonly target: CallTarget;
  /** Whose words its errors are in. */
  readonly dialect: ErrorDialect;
  readonly requestNumber: number;
  readonly requestId: string;
  readonly response: ServerResponse;
  readonly settle: Settle;
}

export type Settle = (how: "answered" | "cancelled" | "other") => void;

export function beginCall(
  running: RunningSimulator,
  deployment: RunningDeployment,
  target: CallTarget,
  response: ServerResponse,
): Call {
  const requestNumber = deployment.nextRequest();
  return {
    running,
    deployment,
    target,
    dialect: errorsOf(target.call),
    requestNumber,
    requestId: requestIdOf(running, deployment, requestNumber),
    response,
    settle: track(deployment.stats, response),
  };
}

/** The same for the same seed, deployment and number, so that a run can be compared with another. */
function requestIdOf(
  running: RunningSimulator,
  deployment: RunningDeployment,
  requestNumber: number,
): string {
  return `sim${hash(`${running.scenario.seed}|${deployment.settings.id}`).toString(36)}-${requestNumber}`;
}

/** Counts the request in, and out again once, by whatever comes first. */
function track(stats: DeploymentStats, response: ServerResponse): Settle {
  let open = true;
  stats.requests++;
  stats.active++;
  const settle: Settle = (how) => {
    if (!open) return;
    open = false;
    stats.active--;
    if (how !== "other") stats[how]++;
  };
  response.once("close", () => settle("cancelled"));
  return settle;
}

export function refuse(call: Call, answer: ErrorAnswer): void {
  call.settle("other");
  sendError(call.response, answer, { [call.dialect.requestIdHeader]: call.requestId });
}

/** A refusal that is an answer, to a client that expects a stream. */
export function refuseInStream(call: Call, answer: ErrorAnswer, framing: Framing): void {
  call.settle("other");
  const headers = { [call.dialect.requestIdHeader]: call.requestId, "content-type": framing.contentType };
  responseSink(call.response, headers).end(framing.encode([{ data: JSON.stringify(answer.body) }]));
}
