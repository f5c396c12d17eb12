import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { scenarioSchema } from "../../src/providers/simulator/scenario.ts";
import { FULL, faultsOf, LEAD_MS, PHASES, QUICK, timed } from "./schedule.ts";

const scenario = parse(readFileSync(join(import.meta.dir, "scenario.yaml"), "utf8"));

test.each([FULL, QUICK])("the simulator takes every fault, and none outlasts its phase", (pace) => {
  const phases = timed(PHASES, pace);
  const faults = faultsOf(phases);
  const read = scenarioSchema.parse({ ...scenario, faults: faults.map(({ input }) => input) });
  expect(read.faults).toHaveLength(PHASES.flatMap((phase) => phase.faults).length);
  for (const fault of read.faults ?? []) {
    const phase = phases.find(({ name }) => fault.name?.startsWith(`${name}-`));
    expect(fault.start).toBe((phase?.startMs ?? -1) + LEAD_MS);
    expect((fault.start ?? 0) + (fault.duration ?? 0)).toBeLessThan((phase?.endMs ?? 0) + LEAD_MS);
  }
});

test("phases follow each other without a gap", () => {
  const phases = timed(PHASES, FULL);
  for (const [index, phase] of phases.entries()) expect(phase.startMs).toBe(phases[index - 1]?.endMs ?? 0);
});

test("faults name deployments that the scenario has", () => {
  const known = Object.keys(scenario.deployments);
  const named = PHASES.flatMap(({ faults }) => faults.flatMap(({ match }) => match?.deployment ?? []));
  expect(known).toEqual(expect.arrayContaining([...new Set(named)]));
});
