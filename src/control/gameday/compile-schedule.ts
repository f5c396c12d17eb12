/**
 * A drill's schedule, as fast as it is to run: the scenario the simulator starts with, and the faults that are
 * injected when the load begins. Owns compression; knows no policy beyond its deployments.
 */
import { parseDuration } from "../../core/duration.ts";
import type { FaultInput } from "../../providers/simulator/fault-list.ts";
import {
  compileScenario,
  type SimulatedDeployment,
  scenarioSchema,
} from "../../providers/simulator/scenario.ts";
import type { FaultEntry, FaultMatch, SimulatedFault } from "../../providers/simulator/scenario-faults.ts";
import type { WrittenScenario } from "./parse-drill.ts";
import type { Band, DrillDeployment, DrillFault } from "./prepared-drill.ts";

export interface CompiledSchedule {
  /** JSON, which is YAML too. */
  readonly scenario: string;
  readonly faults: readonly DrillFault[];
}

/** Of a provider that is well, and quick enough for a drill that lasts seconds. */
const USUAL_PACE = { first_token: "40ms", jitter: 0.2, tokens_per_second: 400 } as const;

/** `written` has kept the schema. Deployments take model and region from the policy where it states none. */
export function compileSchedule(
  written: WrittenScenario,
  deployments: readonly DrillDeployment[],
  options: { readonly seed: number; readonly compress: number; readonly durationMs: number },
): CompiledSchedule {
  const { seed, compress, durationMs } = options;
  const simulated = deployments.filter((deployment) => deployment.simulated);
  const described = Object.fromEntries(
    simulated.map(({ id, model, region }) => [id, { region, model, ...written.deployments?.[id] }]),
  );
  const start = {
    version: 1 as const,
    seed,
    defaults: written.defaults ?? USUAL_PACE,
    deployments: described,
  };
  const whole = scenarioSchema.parse({ ...start, faults: written.faults ?? [] });
  const compiled = compileScenario(whole);
  const known = [...compiled.deployments.values()];
  const faults = compiled.faults.map((entry, index): DrillFault => {
    const input = written.faults?.[index];
    return {
      name: entry.name,
      kind: describeFault(entry.fault),
      input: { ...faster(input, compress), name: entry.name },
      deployments: known.filter((deployment) => strikes(entry.match, deployment)).map(({ id }) => id),
      bands: bandsOf(entry, compress, durationMs),
    };
  });
  return { scenario: JSON.stringify(start, null, 2), faults };
}

function strikes(match: FaultMatch, { id, model, region }: SimulatedDeployment): boolean {
  if (match.deployment !== null && !match.deployment.includes(id)) return false;
  if (match.model !== null && !match.model.includes(model)) return false;
  return match.region === null || (region !== null && match.region.includes(region));
}

function faster(input: FaultInput | undefined, compress: number): FaultInput {
  if (!input) throw new TypeError("A compiled fault has an entry that it was compiled from.");
  const { start, duration, repeat_every, ...rest } = input;
  return {
    ...rest,
    ...(start !== undefined && { start: divided(start, compress) }),
    ...(duration !== undefined && { duration: divided(duration, compress) }),
    ...(repeat_every !== undefined && { repeat_every: divided(repeat_every, compress) }),
  };
}

function divided(written: string | number, by: number): string {
  return `${Math.round((parseDuration(String(written)) ?? 0) / by)}ms`;
}

/** More bands than anyone could see apart are not listed. */
const MAX_BANDS = 1_000;

function bandsOf(entry: FaultEntry, compress: number, durationMs: number): readonly Band[] {
  const at = (ms: number) => Math.round(ms / compress);
  const bands: Band[] = [];
  const every = entry.repeatEveryMs === null ? Number.POSITIVE_INFINITY : at(entry.repeatEveryMs);
  const length = entry.durationMs === null ? Number.POSITIVE_INFINITY : at(entry.durationMs);
  for (let startMs = at(entry.startMs); startMs < durationMs && bands.length < MAX_BANDS; startMs += every) {
    bands.push({ startMs, endMs: Math.min(durationMs, startMs + length) });
    if (every === 0) break;
  }
  return bands;
}

function describeFault(fault: SimulatedFault): string {
  switch (fault.kind) {
    case "status":
      return fault.retryAfterSeconds === null
        ? `status ${fault.status}`
        : `status ${fault.status}, retry after ${fault.retryAfterSeconds} s`;
    case "slow_first_token":
      return `first token after ${fault.delayMs} ms`;
    case "slow_tokens":
      return `${fault.tokensPerSecond} tokens a second`;
    case "stall_after_tokens":
    case "cut_after_tokens":
    case "error_in_stream_after_tokens":
    case "malformed_chunk_at":
      return `${fault.kind.replaceAll("_", " ")}: ${fault.tokens}`;
    default:
      return fault.kind.replaceAll("_", " ");
  }
}
