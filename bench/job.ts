/** What the load generator is told to do, and what it says of it: both cross a process as JSON. */
import type { ReceivedResponse } from "./http-response.ts";

/** Where requests go, and what they say. */
export interface Call {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Job =
  | { readonly kind: "closed"; readonly call: Call; readonly connections: number; readonly seconds: number }
  | { readonly kind: "streams"; readonly call: Call; readonly count: number; readonly rounds: number }
  | {
      readonly kind: "open";
      /** Called in turn, a round each. */
      readonly calls: readonly Call[];
      readonly connections: number;
      readonly perSecond: number;
      readonly seconds: number;
      readonly rounds: number;
    };

export interface ClosedResult {
  readonly requests: number;
  readonly errors: number;
  /** What the first error looked like; absent where there was none, or wrk counted. */
  readonly firstError?: string;
}

/** `events`: server-sent events received; `errors`: streams that failed or lack their `[DONE]`. */
export interface StreamsResult {
  readonly wallMs: number;
  readonly events: number;
  readonly errors: number;
  readonly firstError?: string;
}

/** Milliseconds, of one round to one target; `errors` counts requests that could not be sent, too. */
export interface OpenRound extends ClosedResult {
  readonly p50: number;
  readonly p99: number;
}

/** A row per target, in the order of the job's calls. */
export type OpenResult = readonly (readonly OpenRound[])[];

/** Null for a 200; otherwise what came, short enough for a message. */
export function errorOf(response: ReceivedResponse | null): string | null {
  if (response === null) return "the connection ended before the response";
  return response.status === 200 ? null : `status ${response.status}: ${response.body.slice(0, 300)}`;
}

/** For a result: how many errors, and the first of them. */
export function counted(errors: readonly string[]): { errors: number; firstError?: string } {
  const [firstError] = errors;
  return firstError === undefined ? { errors: 0 } : { errors: errors.length, firstError };
}
