/** What became of one request, as its caller saw it. Owns the words; the caller's eyes are ask.ts's. */

/**
 * - `answered`: a complete answer of a model, as asked for. `degraded`: a complete answer in the policy's words.
 * - `refused`: an error that says in whole seconds when to come back. `failed`: one that does not.
 * - `interrupted`: a stream that said that it broke. `dropped`: a connection that ended without a word.
 * - `truncated`: said to be complete, and its end is missing. `wrong`: complete, and not what any deployment
 *   says, or not the schema asked for.
 * - `hung`: no end long after the deadline. `cancelled`: given up because the drill was.
 */
export type Ending =
  | "answered"
  | "degraded"
  | "refused"
  | "failed"
  | "interrupted"
  | "dropped"
  | "truncated"
  | "wrong"
  | "hung"
  | "cancelled";

export interface Observation {
  readonly useCase: string;
  readonly ending: Ending;
  /** As the response's header names it; null where there is none. */
  readonly rung: string | null;
  readonly region: string | null;
  /** Calls to models as the header counts them; null where it does not. */
  readonly attempts: number | null;
  /** The error's code, where there was one. */
  readonly code: string | null;
  /** Milliseconds from when the request was due. */
  readonly latencyMs: number;
  /** To the first words of a stream. */
  readonly firstTokenMs: number | null;
  /** It ended after its deadline, and some more for the way. */
  readonly late: boolean;
  /** Milliseconds that the request left after it was due: the load generator's own delay. */
  readonly lagMs: number;
}

/** Whether the caller got what it can use. */
export function isAvailable(ending: Ending): boolean {
  return ending === "answered" || ending === "degraded";
}

/** Whether it failed without a proper word about it. */
export function isUnexplained(ending: Ending): boolean {
  return ending === "failed" || ending === "dropped" || ending === "hung";
}
