/**
 * One chat request from its arrival to its last byte. Owns the order: read, parse, fault, quota, answer,
 * play out. What each of them means is decided beside it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../core/clock.ts";
import { FAULTS, type Result } from "../../core/faults.ts";
import { parseJson } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { openaiChat } from "../../wires/openai-chat.ts";
import { composeAnswer, type Flaw, type SimulatedAnswer } from "./answers.ts";
import type { ControlledSimulator } from "./control-api.ts";
import type { DeploymentStats, RunningDeployment } from "./deployments.ts";
import { type ErrorAnswer, errorAnswer, faultAnswer, quotaAnswer } from "./error-bodies.ts";
import {
  type Headers,
  MAX_DEPTH,
  readBody,
  resetConnection,
  responseSink,
  sendError,
  TOO_LARGE,
} from "./exchange.ts";
import { play, type Sink } from "./playback.ts";
import type { SimulatedDeployment } from "./scenario.ts";
import type { SimulatedFault } from "./scenario-faults.ts";
import { activeFault, draw, hash } from "./schedule.ts";
import { type AnswerScript, type Pace, streamScript, wholeScript } from "./script.ts";

export interface RunningSimulator extends ControlledSimulator {
  readonly clock: Clock;
}

/** One request under way. */
interface Call {
  readonly running: RunningSimulator;
  readonly deployment: RunningDeployment;
  readonly requestNumber: number;
  readonly response: ServerResponse;
  readonly settle: Settle;
}

type Settle = (how: "answered" | "cancelled" | "other") => void;

export async function serveChat(
  running: RunningSimulator,
  deployment: RunningDeployment,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestNumber = deployment.nextRequest();
  const call: Call = {
    running,
    deployment,
    requestNumber,
    response,
    settle: track(deployment.stats, response),
  };
  const body = await readBody(request);
  if (body === "gone") return;
  if (body === "too_large") {
    refuse(call, TOO_LARGE);
    return;
  }
  const parsed = parseQuestion(body);
  if (!parsed.ok) {
    const { kind, code, message } = parsed.fault;
    refuse(call, errorAnswer(FAULTS[kind].status, code, message));
    return;
  }
  const fault = faultOf(call);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "reset") {
    call.settle("other");
    resetConnection(request);
    return;
  }
  const { model } = deployment.settings;
  const refusal = fault && faultAnswer(fault, model, parsed.value.stream, running.clock.now());
  if (refusal) refuse(call, refusal);
  else answerChat(call, parsed.value, fault);
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

function parseQuestion(body: Uint8Array): Result<ModelRequest> {
  const parsed = parseJson(body, MAX_DEPTH);
  return parsed.ok ? openaiChat.parseRequest(parsed.value, { contract: {}, strict: false }) : parsed;
}

function faultOf(call: Call): SimulatedFault | null {
  const { running, deployment, requestNumber } = call;
  const { faults, scenario } = running;
  const elapsedMs = running.elapsedMs();
  const hit = activeFault(faults.entries, scenario.seed, elapsedMs, deployment.settings, requestNumber);
  if (!hit) return null;
  const counts = deployment.stats.faults;
  counts[hit.fault.kind] = (counts[hit.fault.kind] ?? 0) + 1;
  return hit.fault;
}

function refuse(call: Call, answer: ErrorAnswer): void {
  call.settle("other");
  sendError(call.response, answer);
}

function answerChat(call: Call, question: ModelRequest, fault: SimulatedFault | null): void {
  const { running, deployment, response } = call;
  const { settings, stats, quota } = deployment;
  const asksJson = question.responseFormat.type !== "text";
  const flaw = fault && flawOf(fault, asksJson);
  const answer = composeAnswer(question, { seed: running.scenario.seed, model: settings.model, flaw });
  const { inputTokens, outputTokens } = answer.usage;
  const verdict = quota.admit(inputTokens + outputTokens, running.clock.now());
  if (!verdict.admitted) {
    stats.throttled++;
    refuse(call, quotaAnswer(verdict, settings.model));
    return;
  }
  stats.inputTokens += inputTokens;
  stats.outputTokens += outputTokens;
  const requestId = requestIdOf(call);
  const script = scriptOf(call, requestId, question, answer, fault);
  const sink = responseSink(response, headersOf(question, script, requestId, verdict.headers));
  const playback = play(script, running.clock, settling(sink, call.settle, fault));
  response.once("close", () => playback.cancel());
}

function scriptOf(
  call: Call,
  requestId: string,
  question: ModelRequest,
  answer: SimulatedAnswer,
  fault: SimulatedFault | null,
): AnswerScript {
  const { running, deployment, requestNumber } = call;
  const context = {
    requestId,
    model: deployment.settings.model,
    createdAt: Math.floor(running.clock.now() / 1000),
    streamUsage: question.streamUsage,
    estimatedInputTokens: answer.usage.inputTokens,
    request: question,
  };
  const pace = paceOf(deployment.settings, running.scenario.seed, requestNumber);
  const write = question.stream ? streamScript : wholeScript;
  return write(answer, context, pace, fault, question.responseFormat.type !== "text");
}

/** The same for the same seed, deployment and number, so that a run can be compared with another. */
function requestIdOf(call: Call): string {
  const { running, deployment, requestNumber } = call;
  return `sim${hash(`${running.scenario.seed}|${deployment.settings.id}`).toString(36)}-${requestNumber}`;
}

function headersOf(
  question: ModelRequest,
  script: AnswerScript,
  requestId: string,
  limits: Headers,
): Headers {
  return {
    ...limits,
    "x-request-id": requestId,
    "content-type": question.stream ? "text/event-stream" : "application/json",
    ...(script.contentLength !== null && { "content-length": String(script.contentLength) }),
  };
}

/** Counted before the last byte leaves: whoever has read the answer finds it in the counts. */
function settling(sink: Sink, settle: Settle, fault: SimulatedFault | null): Sink {
  return {
    write: sink.write,
    end(text) {
      settle(fault ? "other" : "answered");
      sink.end(text);
    },
    cut() {
      settle("other");
      sink.cut();
    },
  };
}

function flawOf(fault: SimulatedFault, asksJson: boolean): Flaw | null {
  if (fault.kind === "empty_answer") return "empty";
  if (fault.kind === "content_filter_finish") return "filtered";
  if (fault.kind === "schema_violation") return "schema_violation";
  return fault.kind === "invalid_json" && asksJson ? "not_json" : null;
}

/** The deployment's pace, varied by its jitter: evenly around it, the same for the same request number. */
function paceOf(settings: SimulatedDeployment, seed: number, requestNumber: number): Pace {
  const { firstTokenMs, tokensPerSecond, jitter } = settings;
  if (jitter === 0 || (firstTokenMs === 0 && tokensPerSecond === 0)) return settings;
  const key = `${seed}|${settings.id}|${requestNumber}`;
  return {
    firstTokenMs: firstTokenMs * (1 + jitter * (2 * draw(`${key}|first`) - 1)),
    tokensPerSecond: tokensPerSecond / (1 + jitter * (2 * draw(`${key}|rate`) - 1)),
  };
}
