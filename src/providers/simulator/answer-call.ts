/**
 * The answer to a question that was neither refused nor swallowed. Owns the order: compose, quota, prompt cache,
 * script, play out.
 */
import type { ModelRequest, WireId } from "../../core/request.ts";
import type { RenderContext } from "../../wires/wire.ts";
import type { Flaw, SimulatedAnswer } from "./answers.ts";
import { type Call, refuse, type Settle } from "./call.ts";
import { compose } from "./compose.ts";
import { type Headers, responseSink } from "./exchange.ts";
import type { Form } from "./pieces.ts";
import { play, type Sink } from "./playback.ts";
import { invalidAnswer, quotaAnswer } from "./refusals.ts";
import type { SimulatedDeployment } from "./scenario.ts";
import type { SimulatedFault } from "./scenario-faults.ts";
import { draw } from "./schedule.ts";
import { type AnswerScript, type Pace, streamScript, wholeScript } from "./script.ts";

export type Speech = Pick<Form, "wire" | "framing">;

export function answerCall(
  call: Call,
  speech: Speech,
  question: ModelRequest,
  fault: SimulatedFault | null,
): void {
  const { running, deployment, dialect } = call;
  const { settings, quota, stats, promptCache } = deployment;
  const now = running.clock.now();
  const composed = compose(question, {
    seed: running.scenario.seed,
    model: settings.model,
    flaw: fault && flawOf(fault, asksJson(question)),
    signature: SIGNATURES[speech.wire.id] ?? null,
  });
  if (!composed.ok) {
    refuse(call, invalidAnswer(composed.fault, dialect, running.clock.wall()));
    return;
  }
  const cost = costOf(question, composed.value);
  const verdict = quota.admit(cost.input + cost.output, now);
  if (!verdict.admitted) {
    stats.throttled++;
    refuse(call, quotaAnswer(verdict, dialect, settings.model, running.clock.wall()));
    return;
  }
  stats.inputTokens += cost.input;
  stats.outputTokens += cost.output;
  const usage = promptCache.use(question, composed.value.usage, now);
  const answer = usage === composed.value.usage ? composed.value : { ...composed.value, usage };
  const limits = verdict.levels ? dialect.limitHeaders(verdict.levels, now) : NO_HEADERS;
  send(call, speech, question, answer, fault, limits);
}

/** The wires that sign reasoning, and the mark by which some know their own signatures. */
const SIGNATURES: Partial<Record<WireId, string>> = {
  "openai-responses": "",
  "anthropic-messages": "",
  "bedrock-converse": "",
  "bedrock-invoke": "",
  gemini: "gemini:",
  native: "",
};

const NO_HEADERS: Headers = {};

function send(
  call: Call,
  speech: Speech,
  question: ModelRequest,
  answer: SimulatedAnswer,
  fault: SimulatedFault | null,
  limits: Headers,
): void {
  const { running, deployment, response, dialect } = call;
  const form = { ...speech, context: contextOf(call, speech, question, answer) };
  const pace = paceOf(deployment.settings, running.scenario.seed, call.requestNumber);
  const write = question.stream ? streamScript : wholeScript;
  const script = write(answer, form, { pace, fault, dialect, asksJson: asksJson(question) });
  const type = question.stream ? speech.framing.contentType : "application/json";
  const sink = responseSink(response, headersOf(call, script, type, limits));
  const playback = play(script, running.clock, settling(sink, call.settle, fault));
  response.once("close", () => playback.cancel());
}

/** Whether JSON was asked for: what is not JSON is then the content. */
function asksJson(question: ModelRequest): boolean {
  return question.responseFormat.type !== "text";
}

/** Tokens that the quota and the counts are charged with; counting tokens costs none. */
function costOf(question: ModelRequest, { usage }: SimulatedAnswer): { input: number; output: number } {
  if (question.operation === "count_tokens") return { input: 0, output: 0 };
  return { input: usage.inputTokens, output: usage.outputTokens + usage.reasoningTokens };
}

const LABELS = { simulated: true };

function contextOf(
  call: Call,
  { wire }: Speech,
  question: ModelRequest,
  { usage }: SimulatedAnswer,
): RenderContext {
  const { running, deployment, requestId } = call;
  const context = {
    requestId,
    model: deployment.settings.model,
    createdAt: Math.floor(running.clock.now() / 1000),
    streamUsage: question.streamUsage,
    estimatedInputTokens: usage.inputTokens,
    request: question,
  };
  // The chat wire's answers are marked by a field of their own.
  return wire.id === "openai-chat" ? context : { ...context, labels: LABELS };
}

function headersOf(call: Call, script: AnswerScript, contentType: string, limits: Headers): Headers {
  const headers: Record<string, string> = {
    ...limits,
    [call.dialect.requestIdHeader]: call.requestId,
    "content-type": contentType,
  };
  if (script.contentLength !== null) headers["content-length"] = String(script.contentLength);
  return headers;
}

/** Counted before the last byte leaves: whoever has read the answer finds it in the counts. */
function settling(sink: Sink, settle: Settle, fault: SimulatedFault | null): Sink {
  return {
    write: sink.write,
    end(bytes) {
      settle(fault ? "other" : "answered");
      sink.end(bytes);
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
