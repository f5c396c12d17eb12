/** Which faults of a scenario are an answer of their own, and what a used-up quota answers. Knows no dialect. */
import { FAULTS, type Fault } from "../../core/faults.ts";
import { type ErrorAnswer, type ErrorDialect, refusal } from "./error-dialects/dialect.ts";
import type { QuotaVerdict } from "./quota.ts";
import type { SimulatedFault } from "./scenario-faults.ts";

/** The answer of a fault that is one; null for those that spoil an answer or a connection instead. */
export function faultAnswer(
  fault: SimulatedFault,
  dialect: ErrorDialect,
  model: string,
  stream: boolean,
  now: number,
): ErrorAnswer | null {
  switch (fault.kind) {
    case "error_in_stream_after_tokens": {
      if (stream) return null;
      const { throttled } = fault;
      const status = throttled ? 429 : 500;
      const code = throttled ? "rate_limit_exceeded" : "server_error";
      return dialect.refuse(
        refusal(status, `Simulated: ${model} failed while it was answering.`, { code }),
        now,
      );
    }
    case "status": {
      const { status, code, retryAfterSeconds, retryAfterDate } = fault;
      const seconds = retryAfterSeconds ?? (retryAfterDate ? 1 : null);
      const wait = seconds === null ? null : { seconds, asDate: retryAfterDate };
      return dialect.refuse(refusal(status, `Simulated: ${model} answers ${status}.`, { code, wait }), now);
    }
    case "context_overflow":
      return dialect.contextOverflow(now);
    case "content_filter":
      return dialect.contentFilter(now);
    default:
      return null;
  }
}

export function quotaAnswer(
  verdict: Extract<QuotaVerdict, { admitted: false }>,
  dialect: ErrorDialect,
  model: string,
  now: number,
): ErrorAnswer {
  const { levels, limit, retryAfterMs } = verdict;
  const code = "rate_limit_exceeded";
  const answer =
    retryAfterMs === null
      ? refusal(429, `Simulated: the request needs more tokens than ${model} gives in a minute.`, { code })
      : refusal(
          429,
          `Simulated: ${model} is over its ${limit} per minute; try again in ${retryAfterMs} ms.`,
          { code, wait: { seconds: retryAfterMs / 1000, asDate: false } },
        );
  const { status, headers, body } = dialect.refuse(answer, now);
  return { status, headers: { ...headers, ...dialect.limitHeaders(levels, now) }, body };
}

/** A request that could not be read. */
export function invalidAnswer(fault: Fault, dialect: ErrorDialect, now: number): ErrorAnswer {
  const { kind, code, message, param = null } = fault;
  return dialect.refuse(refusal(FAULTS[kind].status, message, { code, param }), now);
}
