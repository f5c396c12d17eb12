/**
 * A drill's document against the policy it rehearses: names found, times on the clock, providers that are safe to
 * disturb. Owns what is refused before anything starts.
 */

import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { milliseconds } from "../../policy/fields.ts";
import { type Finding, formatPath, type Path } from "../../policy/finding.ts";
import { suggestion } from "../../policy/suggest.ts";
import { compileSchedule } from "./compile-schedule.ts";
import type { DrillDocument } from "./drill.ts";
import type { ParsedDrill, WrittenScenario } from "./parse-drill.ts";
import type { DrillDeployment, DrillUseCase, PreparedDrill, PreparedStop } from "./prepared-drill.ts";
import { DEFAULT_PROMPTS } from "./questions.ts";

/** What the command line may change. `durationMs` is on the clock. */
export interface DrillOverrides {
  readonly seed?: number;
  readonly ratePerSecond?: number;
  readonly durationMs?: number;
}

export type PreparedResult =
  | { readonly ok: true; readonly drill: PreparedDrill }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Longer windows of stop conditions would have to be kept for longer. */
export const MAX_WATCHED_MS = 60_000;
/** Past this, seconds would no longer be kept one by one. */
const MAX_DURATION_MS = 3_600_000;

export function prepareDrill(
  parsed: Extract<ParsedDrill, { ok: true }>,
  schedule: WrittenScenario,
  snapshot: ConfigSnapshot,
  overrides: DrillOverrides = {},
): PreparedResult {
  const { document } = parsed;
  const findings: Finding[] = [];
  const complain = (path: Path, message: string, fix: string): void => {
    const place = parsed.locate(path);
    findings.push({ severity: "error", code: "drill", message, fix, path: formatPath(path), ...place });
  };
  const deployments = [...snapshot.deployments.values()].map(
    ({ id, model, region, simulated, baseUrl }): DrillDeployment & { readonly baseUrl: string } => {
      return { id, model: model.id, region, simulated, baseUrl };
    },
  );
  for (const { id, simulated, baseUrl } of deployments) {
    if (simulated || isHarmless(baseUrl)) continue;
    const fix = "Rehearse with an environment whose overlay makes its providers simulators.";
    complain(
      ["policy"],
      `Deployment ${id} of the policy is a real provider's, which no drill may call.`,
      fix,
    );
  }
  const useCases = useCasesOf(document, snapshot, complain);
  const durationMs = overrides.durationMs ?? milliseconds(document.load.duration) / document.compress;
  if (durationMs < 1000 || durationMs > MAX_DURATION_MS) {
    const fix = "Change the duration or compress.";
    complain(["load", "duration"], "The load must last from 1 s to 1 h on the clock.", fix);
  }
  if (overrides.ratePerSecond !== undefined && document.load.rate === undefined) {
    complain(["load"], "A rate cannot be given to a load of so many callers.", "Leave --rate out.");
  }
  checkNames(document, schedule, deployments, complain);
  const seed = overrides.seed ?? document.seed ?? schedule.seed ?? 1;
  const compiled = compileSchedule(schedule, deployments, { seed, compress: document.compress, durationMs });
  for (const [index, fault] of compiled.faults.entries()) {
    if (fault.deployments.length > 0) continue;
    const path = document.schedule.scenario === undefined ? ["schedule", "faults", index] : ["schedule"];
    complain(path, `The fault "${fault.name}" fits no simulated deployment.`, "Correct its match.");
  }
  if (findings.length > 0) return { ok: false, findings };
  const { load, slo } = document;
  const at = (text: string) => milliseconds(text) / document.compress;
  return {
    ok: true,
    drill: {
      name: document.name,
      description: document.description.trim(),
      seed,
      compress: document.compress,
      policyVersion: snapshot.version,
      useCases,
      load: {
        ratePerSecond: overrides.ratePerSecond ?? load.rate ?? null,
        concurrency: load.concurrency ?? 1,
        durationMs,
        surges: load.surges.map(({ start, duration, times }) => {
          return { startMs: at(start), endMs: at(start) + at(duration), times };
        }),
      },
      scenario: compiled.scenario,
      faults: compiled.faults,
      deployments: deployments.map(({ baseUrl: _, ...deployment }) => deployment),
      prices: new Map([...snapshot.models].flatMap(([id, { prices }]) => (prices ? [[id, prices]] : []))),
      slo,
      openWithinMs: slo.open_within === undefined ? null : milliseconds(slo.open_within),
      recoverWithinMs: slo.recover_within === undefined ? null : milliseconds(slo.recover_within),
      stopConditions: document.stop_conditions.map((stop): PreparedStop => {
        const overMs = Math.min(MAX_WATCHED_MS, Math.max(1000, milliseconds(stop.over)));
        return { metric: stop.metric, below: stop.below ?? null, above: stop.above ?? null, overMs };
      }),
    },
  };
}

type Complain = (path: Path, message: string, fix: string) => void;

function useCasesOf(document: DrillDocument, snapshot: ConfigSnapshot, complain: Complain): DrillUseCase[] {
  const { use_case: single, use_cases: several, load } = document;
  const written = several ?? (single === undefined ? {} : { [single]: 1 });
  const path = several ? ["use_cases"] : [];
  const known = [...new Set([...snapshot.useCases.values()].map(({ id }) => id))];
  const prompts = load.prompts ?? DEFAULT_PROMPTS;
  return Object.entries(written).flatMap(([name, value]): DrillUseCase[] => {
    const useCase = snapshot.useCases.get(name);
    if (!useCase) {
      const fix = suggestion(name, known, "Add it to the policy.");
      complain(several ? [...path, name] : ["use_case"], `The policy has no use case "${name}".`, fix);
      return [];
    }
    const own = typeof value === "number" ? { weight: value } : value;
    return [
      {
        id: name,
        weight: own.weight,
        stream: own.stream ?? load.stream,
        schema: own.schema ?? null,
        prompts: own.prompts ?? prompts,
        deadlineMs: useCase.deadlineMs,
      },
    ];
  });
}

function checkNames(
  { slo, schedule: { scenario } }: DrillDocument,
  schedule: WrittenScenario,
  deployments: readonly DrillDeployment[],
  complain: Complain,
): void {
  const known = deployments.map(({ id }) => id);
  const check = (name: string, path: Path): void => {
    if (known.includes(name)) return;
    complain(
      path,
      `The policy has no deployment "${name}".`,
      suggestion(name, known, "Add it to the policy."),
    );
  };
  // A scenario's file may describe more than one policy uses.
  if (scenario === undefined) {
    for (const name of Object.keys(schedule.deployments ?? {}))
      check(name, ["schedule", "deployments", name]);
  }
  for (const name of Object.keys(slo.upstream_share ?? {})) check(name, ["slo", "upstream_share", name]);
  for (const [index, name] of (slo.circuits ?? []).entries()) check(name, ["slo", "circuits", index]);
}

/** On this machine, where a drill may do as it likes. */
function isHarmless(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
