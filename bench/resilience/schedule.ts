/**
 * What goes wrong when: one phase for each way in which a provider fails, each followed by a calm in which breakers
 * and cooldowns may close again. Owns the order, the lengths and the faults; knows no gateway.
 */
import type { FaultInput } from "../../src/providers/simulator/fault-list.ts";

type PhaseFault = Pick<FaultInput, "match" | "probability" | "fault">;

export interface Phase {
  readonly name: string;
  /** For people: what the providers do. */
  readonly says: string;
  readonly faults: readonly PhaseFault[];
}

/** Milliseconds from the begin of the load. Requests due in [startMs, endMs) are the phase's. */
export interface TimedPhase extends Phase {
  readonly startMs: number;
  /** Before it the faults are active, after it they are not. */
  readonly calmAtMs: number;
  readonly endMs: number;
}

export interface Pace {
  readonly faultMs: number;
  readonly calmMs: number;
  /** Requests a second, whatever the answers do: modest, so that no gateway is short of a processor. */
  readonly perSecond: number;
  /** Calms are long enough for what a silence opened to close again, so that every fault must strike somebody. */
  readonly separate: boolean;
}

/** About 75 s and 20 s a gateway, without its start and its last answers. */
export const FULL: Pace = { faultMs: 4_000, calmMs: 2_300, perSecond: 8, separate: true };
export const QUICK: Pace = { faultMs: 1_000, calmMs: 700, perSecond: 8, separate: false };

const PRIMARY = { deployment: "primary-eu" };
const BOTH_REGIONS = { deployment: ["primary-eu", "primary-us"] };

export const PHASES: readonly Phase[] = [
  { name: "healthy", says: "nothing fails", faults: [] },
  {
    name: "outage",
    says: "the primary region answers 503",
    faults: [{ match: PRIMARY, fault: { status: 503 } }],
  },
  {
    name: "reset",
    says: "the primary region resets connections",
    faults: [{ match: PRIMARY, fault: "reset" }],
  },
  {
    name: "silent",
    says: "the primary region accepts and never answers",
    faults: [{ match: PRIMARY, fault: "hang" }],
  },
  {
    name: "stall",
    says: "streams of the primary region fall silent after 15 tokens, whole answers before the first byte",
    faults: [{ match: PRIMARY, fault: { stall_after_tokens: 15 } }],
  },
  {
    name: "cut",
    says: "streams of the primary region are dropped after 15 tokens, whole answers halfway",
    faults: [{ match: PRIMARY, fault: { cut_after_tokens: 15 } }],
  },
  {
    name: "overload-event",
    says: "the first event of the primary region's streams is an error, whole answers are 500",
    faults: [{ match: PRIMARY, fault: { error_in_stream_after_tokens: 0 } }],
  },
  {
    name: "throttled",
    says: "both regions answer 429 with Retry-After: 2",
    faults: [{ match: BOTH_REGIONS, fault: { throttle: "2s" } }],
  },
  {
    name: "garbled",
    says: "half of the primary region's answers are HTML, half have a chunk (or body) that breaks off",
    faults: [
      { match: PRIMARY, probability: 0.5, fault: "invalid_json" },
      { match: PRIMARY, fault: { malformed_chunk_at: 15 } },
    ],
  },
  {
    name: "no-done",
    says: "streams of the primary region are complete but for their [DONE]",
    faults: [{ match: PRIMARY, fault: "missing_done" }],
  },
  { name: "blackout", says: "every deployment answers 503", faults: [{ fault: { status: 503 } }] },
  { name: "recovery", says: "nothing fails any more", faults: [] },
];

export function timed(phases: readonly Phase[], { faultMs, calmMs }: Pace): readonly TimedPhase[] {
  return phases.map((phase, index) => {
    const startMs = index * (faultMs + calmMs);
    return { ...phase, startMs, calmAtMs: startMs + faultMs, endMs: startMs + faultMs + calmMs };
  });
}

/**
 * Between the injection of the faults and the begin of the load. Long enough to put all of them in place: a fault is
 * then late by the milliseconds that this took, and never early enough to strike the phase before.
 */
export const LEAD_MS = 1_000;

/** As the simulator takes them, times counted from the moment they are injected. */
export function faultsOf(
  phases: readonly TimedPhase[],
): readonly { readonly name: string; readonly input: FaultInput }[] {
  return phases.flatMap(({ name, faults, startMs, calmAtMs }) =>
    faults.map((fault, index) => ({
      name: `${name}-${index + 1}`,
      input: {
        ...fault,
        name: `${name}-${index + 1}`,
        start: `${LEAD_MS + startMs}ms`,
        duration: `${calmAtMs - startMs}ms`,
      },
    })),
  );
}
