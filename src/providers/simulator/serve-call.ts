/**
 * One request to a model from its arrival to its last byte. Owns the order: read, parse, fault, refusal or
 * answer. What each of them means is decided beside it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WireId } from "../../core/request.ts";
import { loadedWire } from "../wire-registry.ts";
import { answerCall } from "./answer-call.ts";
import { beginCall, type Call, type RunningSimulator, refuse, refuseInStream } from "./call.ts";
import type { RunningDeployment } from "./deployments.ts";
import { readBody, resetConnection, TOO_LARGE } from "./exchange.ts";
import { readQuestion } from "./read-question.ts";
import { faultAnswer, invalidAnswer } from "./refusals.ts";
import type { CallTarget } from "./routes.ts";
import type { SimulatedFault } from "./scenario-faults.ts";
import { activeFault } from "./schedule.ts";

export async function serveCall(
  running: RunningSimulator,
  deployment: RunningDeployment,
  target: CallTarget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { clock } = running;
  const call = beginCall(running, deployment, target, response);
  const { dialect } = call;
  const body = await readBody(request);
  if (body === "gone") return;
  if (body === "too_large") {
    refuse(call, dialect.refuse(TOO_LARGE, clock.wall()));
    return;
  }
  const read = readQuestion(loadedWire(target.call.wire), target, request.headers, body);
  if (!read.ok) {
    refuse(call, invalidAnswer(read.fault, dialect, clock.wall()));
    return;
  }
  const asked = read.value;
  const fault = faultOf(call, asked.wire.id);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "reset") {
    call.settle("other");
    resetConnection(request);
    return;
  }
  const { stream } = asked.question;
  const framing = target.call.framing ?? asked.wire.framing;
  const refused = fault && faultAnswer(fault, dialect, deployment.settings.model, stream, clock.wall());
  if (!refused) answerCall(call, { wire: asked.wire, framing }, asked.question, fault);
  else if (stream && refused.status === 200) refuseInStream(call, refused, framing);
  else refuse(call, refused);
}

function faultOf({ running, deployment, requestNumber }: Call, wire: WireId): SimulatedFault | null {
  const { faults, scenario } = running;
  const arrival = { deployment: deployment.settings, wire, requestNumber };
  const hit = activeFault(faults.entries, scenario.seed, running.elapsedMs(), arrival);
  if (!hit) return null;
  const counts = deployment.stats.faults;
  counts[hit.fault.kind] = (counts[hit.fault.kind] ?? 0) + 1;
  return hit.fault;
}
