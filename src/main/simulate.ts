/** `pointsman simulate`: simulated providers alone; also how `up` starts its own. */
import { readFile } from "node:fs/promises";
import { CALM_SCENARIO } from "../cli/packaged.ts";
import type { SimulateOptions } from "../cli/ports.ts";
import type { Clock } from "../core/clock.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { suggestion } from "../policy/suggest.ts";
import { parseScenario } from "../providers/simulator/scenario-file.ts";
import { type Simulator, startSimulator } from "../providers/simulator/server.ts";
import type { Log } from "./log.ts";
import { untilSignalled } from "./shutdown.ts";
import { systemClock } from "./system.ts";

export async function simulate(options: SimulateOptions): Promise<number> {
  const clock = systemClock();
  const simulator = await startSimulatorFrom(options, clock);
  const { url } = simulator;
  const greeting = `Simulated providers listen on ${url}; GET /_simulator shows them.`;
  process.stdout.write(`${options.json ? JSON.stringify({ url }) : greeting}\n`);
  await untilSignalled(clock);
  await simulator.close();
  return 0;
}

/**
 * The simulator learns what the policy says of its deployments, and faults strike by that: a scenario need not repeat it.
 * A fault for a deployment that the policy has not would never be seen, and its drill would pass for nothing; where the
 * two give a deployment different regions, a fault by region strikes others than the policy's reader thinks.
 */
export function introducePolicy(simulator: Simulator, snapshot: () => ConfigSnapshot, log: Log): void {
  simulator.introduce((id) => {
    const deployment = snapshot().deployments.get(id);
    return deployment ? { model: deployment.model.id, region: deployment.region } : null;
  });
  const known = [...snapshot().deployments.keys()];
  for (const deployment of simulator.struck) {
    if (known.includes(deployment)) continue;
    const fix = suggestion(deployment, known, "Add it to the policy's deployments.");
    log("warn", "fault_of_unknown_deployment", { deployment, fix });
  }
  for (const { id: deployment, region } of simulator.described) {
    const said = snapshot().deployments.get(deployment)?.region;
    if (said === undefined || region === null || region === said) continue;
    const fix = `Write region: ${said} in the scenario, as the policy does, or leave the deployment out.`;
    log("warn", "scenario_differs_from_policy", { deployment, region, fix });
  }
}

/** Reads the scenario, the calm example where none is named. Throws with every finding on a bad one. */
export async function startSimulatorFrom(
  options: { readonly scenario: string | null; readonly host: string; readonly port: number },
  clock: Clock,
): Promise<Simulator> {
  const file = options.scenario ?? CALM_SCENARIO;
  const parsed = parseScenario({ file, text: await readFile(file, "utf8") });
  if (!parsed.ok)
    throw new Error(parsed.findings.map((f) => `${f.file}:${f.line}:${f.column} ${f.message}`).join("\n"));
  return startSimulator({ scenario: parsed.scenario, host: options.host, port: options.port, clock });
}
