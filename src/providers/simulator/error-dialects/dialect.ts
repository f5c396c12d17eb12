/** What every error dialect of the simulator can say. Owns the shapes and the waits they share; no dialect. */
import type { Frame } from "../../../wires/frame.ts";
import type { QuotaLevels } from "../quota.ts";

export interface ErrorAnswer {
  /** 200 where a provider refuses with an answer; in a stream that one travels as its only frame. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How long a client shall wait, and whether that is written as a date. */
export interface Wait {
  readonly seconds: number;
  readonly asDate: boolean;
}

/** A refusal that has an HTTP status, before a dialect puts it into words. */
export interface Refusal {
  readonly status: number;
  /** The scenario's own; a dialect uses it where it is a word of its vocabulary. */
  readonly code: string | null;
  readonly message: string;
  /** The request field at fault. */
  readonly param: string | null;
  readonly wait: Wait | null;
}

/** One provider's words for what goes wrong. `now` is epoch milliseconds. */
export interface ErrorDialect {
  /** The response header that carries the request's id. */
  readonly requestIdHeader: string;
  refuse(refusal: Refusal, now: number): ErrorAnswer;
  contextOverflow(now: number): ErrorAnswer;
  /** The request was refused for its content. */
  contentFilter(now: number): ErrorAnswer;
  /** What comes last in a stream that fails midway: throttled, or the model failed. */
  streamError(throttled: boolean): Frame;
  /** What the provider says of a quota with every answer. */
  limitHeaders(levels: QuotaLevels, now: number): Readonly<Record<string, string>>;
}

export function refusal(status: number, message: string, rest: Partial<Refusal> = {}): Refusal {
  return { status, code: null, message, param: null, wait: null, ...rest };
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3). */
export function retryAfterHeader(wait: Wait | null, now: number): Readonly<Record<string, string>> {
  if (wait === null) return {};
  // A date has whole seconds: rounding up keeps the wait from being shorter than asked.
  if (wait.asDate) return { "retry-after": new Date(endOf(wait, now)).toUTCString() };
  return { "retry-after": String(Math.ceil(wait.seconds)) };
}

/** When the wait is over, epoch milliseconds of a whole second. */
export function endOf(wait: Wait, now: number): number {
  return Math.ceil(now / 1000 + wait.seconds) * 1000;
}
