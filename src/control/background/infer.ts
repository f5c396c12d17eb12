/** One request in the background, as those see it who wait for its answer: batches and jobs. Owns the shapes. */
import type { Caller } from "../../core/caller.ts";
import type { Decision } from "../../core/decision.ts";

/** What became of one request on the one path that every request takes. */
export interface InferAnswer {
  readonly status: number;
  readonly requestId: string;
  /** The JSON of the answer, or of the error in the endpoint's dialect. */
  readonly body: unknown;
  /** When the gateway asks to come back, for 429 and 503. */
  readonly retryAfterMs?: number | null;
  /** Its record; absent or null where it was refused before there was one. */
  readonly decision?: Decision | null;
}

/** Who asks, and what they take for an answer. */
export interface InferCaller extends Pick<Caller, "keyId" | "tenant"> {
  /** False: no degraded mode is asked, since the request can wait for a model. Absent: as for a live request. */
  readonly acceptDegraded?: boolean;
}

/**
 * One request on behalf of a caller, whose rights are looked up anew. Must not reject where an answer, of whatever
 * status, can be given. When `signal` aborts, nobody wants the answer any more. `headers`: those of the contract.
 */
export type Infer = (
  endpoint: string,
  body: Readonly<Record<string, unknown>>,
  caller: InferCaller,
  signal: AbortSignal,
  headers?: Readonly<Record<string, string>>,
) => Promise<InferAnswer>;
