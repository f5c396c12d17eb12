/** Circuits over the time of a drill, from a gateway's health report. Owns when each of them changed. */
import { z } from "zod";

/** `cooling`: its circuit is closed, but its quota wants rest. */
export type LaneState = "closed" | "open" | "half-open" | "cooling";

export interface Transition {
  /** Milliseconds after the load began. */
  readonly atMs: number;
  readonly state: LaneState;
  /** Why it opened; null otherwise. */
  readonly reason: string | null;
}

/** By deployment, oldest first; no entry before the first change. */
export type Lanes = ReadonlyMap<string, readonly Transition[]>;

const healthSchema = z.object({
  deployments: z.array(
    z.object({
      deployment: z.string(),
      state: z.enum(["closed", "open", "half-open"]),
      since: z.number(),
      reason: z.string().nullable(),
      cooldownUntil: z.number().nullable(),
    }),
  ),
});

/** Of one deployment; a circuit that flaps faster than that for an hour says nothing more. */
const MAX_TRANSITIONS = 2_000;

export interface CircuitWatch {
  readonly lanes: Lanes;
  /** Takes in one health report; one of another shape is passed over. */
  see(report: unknown, now: number): void;
}

/** Times are epoch milliseconds. A change of state has the gateway's own time, not that of the poll. */
export function watchCircuits(startedAt: number): CircuitWatch {
  const lanes = new Map<string, Transition[]>();
  return {
    lanes,
    see(report, now) {
      const read = healthSchema.safeParse(report);
      if (!read.success) return;
      for (const { deployment, state, since, reason, cooldownUntil } of read.data.deployments) {
        const cooling = state === "closed" && cooldownUntil !== null && cooldownUntil > now;
        const lane = lanes.get(deployment) ?? [];
        const last = lane.at(-1);
        const shown: LaneState = cooling ? "cooling" : state;
        if ((last?.state ?? "closed") === shown || lane.length >= MAX_TRANSITIONS) continue;
        const changedAt = cooling || last?.state === "cooling" ? now : since;
        lane.push({ atMs: Math.max(0, last?.atMs ?? 0, changedAt - startedAt), state: shown, reason });
        lanes.set(deployment, lane);
      }
    },
  };
}
