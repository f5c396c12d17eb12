/** How fast circuits opened and closed again, seen against the faults that struck. Owns these two times. */
import type { DrillFault, PreparedDrill } from "./prepared-drill.ts";
import type { Lanes, Transition } from "./watch-circuits.ts";

export interface CircuitTimes {
  readonly deployment: string;
  readonly opened: boolean;
  readonly reason: string | null;
  /** Milliseconds from the start of the fault it answers to; null: no fault had begun, or it never opened. */
  readonly openedAfterMs: number | null;
  /** Milliseconds from the end of the last fault; null: not closed while the load lasted. 0: before the end. */
  readonly recoveredAfterMs: number | null;
}

/** Of the deployments that `slo.circuits` names, else of all that faults can strike and whose circuits opened. */
export function measureCircuits(drill: PreparedDrill, lanes: Lanes): readonly CircuitTimes[] {
  const named = drill.slo.circuits;
  const isStruck = (id: string) => drill.faults.some((fault) => fault.deployments.includes(id));
  const opened = [...lanes].filter(
    ([id, lane]) => isStruck(id) && lane.some(({ state }) => state === "open"),
  );
  return (named ?? opened.map(([deployment]) => deployment)).map((deployment) => {
    const faults = drill.faults.filter((fault) => fault.deployments.includes(deployment));
    return timesOf(deployment, lanes.get(deployment) ?? [], faults);
  });
}

function timesOf(
  deployment: string,
  lane: readonly Transition[],
  faults: readonly DrillFault[],
): CircuitTimes {
  const open = lane.find(({ state }) => state === "open");
  if (!open) return { deployment, opened: false, reason: null, openedAfterMs: null, recoveredAfterMs: null };
  const bands = faults.flatMap((fault) => fault.bands);
  const starts = bands.map(({ startMs }) => startMs).filter((startMs) => startMs <= open.atMs);
  const end = Math.max(0, ...bands.map(({ endMs }) => endMs));
  const last = lane.at(-1);
  const closedAt = last?.state === "closed" || last?.state === "cooling" ? last.atMs : null;
  return {
    deployment,
    opened: true,
    reason: open.reason,
    openedAfterMs: starts.length === 0 ? null : open.atMs - Math.max(...starts),
    recoveredAfterMs: closedAt === null ? null : Math.max(0, closedAt - end),
  };
}
