/** `/_simulator`: what runs, and faults by hand. Owns the routes; the fault list owns what they do. */
import type { RunningDeployments } from "./deployments.ts";
import type { FaultList } from "./fault-list.ts";
import type { Scenario } from "./scenario.ts";
import type { FaultEntry } from "./scenario-faults.ts";
import { isActive } from "./schedule.ts";

export const CONTROL_PATH = "/_simulator";

/** What the routes look at and act on. */
export interface ControlledSimulator {
  readonly scenario: Scenario;
  readonly faults: FaultList;
  readonly deployments: RunningDeployments;
  elapsedMs(): number;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** `body` is parsed JSON, undefined where there was none. */
export function answerControl(
  simulator: ControlledSimulator,
  method: string,
  path: string,
  body: unknown,
): ControlAnswer {
  const rest = path.slice(CONTROL_PATH.length);
  if (rest === "" || rest === "/") {
    return method === "GET" ? { status: 200, body: describe(simulator) } : refuse(405, "Use GET.");
  }
  const [, , id] = /^\/(faults)(?:\/([\w-]{1,64}))?$/.exec(rest) ?? [];
  if (id === undefined && rest !== "/faults")
    return refuse(404, "Try GET /_simulator or POST /_simulator/faults.");
  if (method === "DELETE") return clear(simulator.faults, id);
  if (method === "POST" && id === undefined) {
    const injected = simulator.faults.inject(body, simulator.elapsedMs());
    return injected.ok ? { status: 201, body: { id: injected.id } } : refuse(400, injected.message);
  }
  return refuse(405, "Use POST /_simulator/faults, or DELETE /_simulator/faults with or without an id.");
}

function clear(faults: FaultList, id: string | undefined): ControlAnswer {
  const cleared = faults.clear(id);
  if (id !== undefined && cleared === 0) return refuse(404, `No injected fault has the id "${id}".`);
  return { status: 200, body: { cleared } };
}

function refuse(status: number, message: string): ControlAnswer {
  return { status, body: { error: { message } } };
}

function describe(simulator: ControlledSimulator): unknown {
  const { scenario, faults, deployments } = simulator;
  const elapsedMs = simulator.elapsedMs();
  const ids = new Map([...faults.injected].map(([id, entry]) => [entry, id]));
  const shown = (entry: FaultEntry) => ({ ...entry, id: ids.get(entry) ?? null });
  return {
    simulated: true,
    elapsedMs,
    scenario: {
      seed: scenario.seed,
      defaults: scenario.defaults,
      deployments: [...scenario.deployments.values()],
      faults: scenario.faults,
    },
    injectedFaults: [...faults.injected.values()].map(shown),
    activeFaults: faults.entries.filter((entry) => isActive(entry, elapsedMs)).map(shown),
    deployments: deployments.stats(),
  };
}
