/** Refusals in the gateway's own words: those of its native wire, for a gateway behind a gateway. */
import { type Fault, type FaultKind, fault } from "../../../core/faults.ts";
import { loadedWire } from "../../wire-registry.ts";
import type { ErrorAnswer, ErrorDialect, Refusal } from "./dialect.ts";

const KINDS: Readonly<Record<number, FaultKind>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "timeout",
  413: "too_large",
  429: "throttled",
  504: "timeout",
};
const CONTEXT = {
  requestId: "simulated",
  model: "simulated",
  createdAt: 0,
  streamUsage: false,
  estimatedInputTokens: 0,
  request: null,
};

export const nativeErrors: ErrorDialect = {
  requestIdHeader: "x-request-id",
  refuse,
  contextOverflow: () =>
    answerOf(400, fault("context_overflow", "context_length_exceeded", "Simulated: the input is too long.")),
  contentFilter: () =>
    answerOf(400, fault("filtered", "content_filter", "Simulated: the request was refused for its content.")),
  streamError(throttled) {
    const why = throttled
      ? fault("throttled", "provider_throttled", "Simulated: the rate limit was reached.")
      : fault("outage", "provider_error", "Simulated: the model failed while it was answering.");
    const wire = loadedWire("native");
    const [, frames] = wire.renderEvent({ type: "fault", fault: why }, wire.renderStart(CONTEXT));
    return frames.at(-1) ?? { event: "error", data: JSON.stringify({ error: why }) };
  },
  // The gateway's own limits are of a key, not of a deployment.
  limitHeaders: () => ({}),
};

function refuse({ status, code, message, param, wait }: Refusal): ErrorAnswer {
  const kind = KINDS[status] ?? (status < 500 ? "invalid" : "outage");
  const why = fault(kind, code ?? kind, message, {
    ...(param !== null && { param }),
    ...(wait !== null && { retryAfterMs: wait.seconds * 1000 }),
  });
  return answerOf(status, why);
}

function answerOf(status: number, why: Fault): ErrorAnswer {
  const rendered = loadedWire("native").renderFault(why, CONTEXT.requestId);
  return { status, headers: rendered.headers ?? {}, body: { ...rendered.body, simulated: true } };
}
