/**
 * A drill's document against the policy it rehearses: names found, times on the clock, providers that are safe to
 * disturb. Owns what is refused before anything starts.
 */

import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { milliseconds } from "../../policy/document/fields.ts";
import { type Finding, formatPath, type Path } from "../../policy/finding.ts";
import { suggestion } from "../../policy/suggest.ts";
import { type CompiledSchedule, compileSchedule } from "./compile-schedule.ts";
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
const MAX_WATCHED_MS = 60_000;
/** Past this, seconds would no longer be kept one by one. */
const MAX_DURATION_MS = 3_600_000;

/** What the rest of the preparation looks at. */
interface Matter {
  readonly document: DrillDocument;
  readonly schedule: WrittenScenario;
  readonly snapshot: ConfigSnapshot;
  readonly overrides: DrillOverrides;
  readonly deployments: readonly DrillDeployment[];
  /** Milliseconds on the clock. */
  readonly durationMs: number;
}

export function prepareDrill(
  parsed: Extract<ParsedDrill, { ok: true }>,
  schedule: WrittenScenario,
  snapshot: ConfigSnapshot,
  overrides: DrillOverrides = {},
): PreparedResult {
  const { document } = parsed;
  const findings: Finding[] = [];
  const complain: Complain = (path, message, fix) => {
    const place = parsed.locate(path);
    findings.push({ severity: "error", code: "drill", message, fix, path: formatPath(path), ...place });
  };
  const deployments = [...snapshot.deployments.values()].map(({ id, model, region, simulated }) => {
    return { id, model: model.id, region, simulated };
  });
  const durationMs = overrides.durationMs ?? milliseconds(document.load.duration) / document.compress;
  const matter: Matter = { document, schedule, snapshot, overrides, deployments, durationMs };
  checkProviders(snapshot, complain);
  const useCases = useCasesOf(document, snapshot, complain);
  checkLoad(matter, complain);
  checkNames(matter, complain);
  const seed = overrides.seed ?? document.seed ?? schedule.seed ?? 1;
  const compiled = compileSchedule(schedule, deployments, { seed, compress: document.compress, durationMs });
  // A policy that is refused has nothing that could be struck.
  if (findings.length === 0) {
    checkFaults(compiled, document, complain);
    checkTimes(matter, compiled, complain);
  }
  if (findings.length > 0) return { ok: false, findings };
  return { ok: true, drill: assemble(matter, useCases, seed, compiled) };
}

function assemble(
  { document, snapshot, overrides, deployments, durationMs }: Matter,
  useCases: readonly DrillUseCase[],
  seed: number,
  { scenario, faults }: CompiledSchedule,
): PreparedDrill {
  const { name, description, compress, load, slo } = document;
  const optional = (text: string | undefined) => (text === undefined ? null : milliseconds(text));
  const faster = (text: string) => milliseconds(text) / compress;
  return {
    name,
    description: description.trim(),
    seed,
    compress,
    policyVersion: snapshot.version,
    useCases,
    load: {
      ratePerSecond: overrides.ratePerSecond ?? load.rate ?? null,
      concurrency: load.concurrency ?? 1,
      durationMs,
      surges: load.surges.map(({ start, duration, times }) => {
        return { startMs: faster(start), endMs: faster(start) + faster(duration), times };
      }),
    },
    scenario,
    faults,
    deployments,
    prices: new Map([...snapshot.models].flatMap(([id, { prices }]) => (prices ? [[id, prices]] : []))),
    slo,
    openWithinMs: optional(slo.open_within),
    recoverWithinMs: optional(slo.recover_within),
    stopConditions: document.stop_conditions.map(({ metric, below, above, over }): PreparedStop => {
      const overMs = Math.min(MAX_WATCHED_MS, Math.max(1000, milliseconds(over)));
      return { metric, below: below ?? null, above: above ?? null, overMs };
    }),
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
    const asks = useCase.taskType === "embedding" ? "embed" : "chat";
    if (asks === "embed" && (own.schema !== undefined || own.stream)) {
      const message = `The use case "${name}" answers with vectors, which have neither a schema nor a stream.`;
      complain([...path, name], message, "Take `schema` and `stream` out.");
    }
    return [
      {
        id: name,
        asks,
        weight: own.weight,
        stream: asks === "embed" ? 0 : (own.stream ?? load.stream),
        schema: own.schema ?? null,
        prompts: own.prompts ?? prompts,
        deadlineMs: useCase.deadlineMs,
      },
    ];
  });
}

function checkProviders(snapshot: ConfigSnapshot, complain: Complain): void {
  for (const { id, simulated, baseUrl } of snapshot.deployments.values()) {
    if (simulated || isHarmless(baseUrl)) continue;
    const fix = "Rehearse with an environment whose overlay makes its providers simulators.";
    complain(
      ["policy"],
      `Deployment ${id} of the policy is a real provider's, which no drill may call.`,
      fix,
    );
  }
}

function checkLoad({ document, overrides, durationMs }: Matter, complain: Complain): void {
  if (durationMs < 1000 || durationMs > MAX_DURATION_MS) {
    const fix = "Change the duration or compress.";
    complain(["load", "duration"], "The load must last from 1 s to 1 h on the clock.", fix);
  }
  if (overrides.ratePerSecond !== undefined && document.load.rate === undefined) {
    complain(["load"], "A rate cannot be given to a load of so many callers.", "Leave --rate out.");
  }
}

function checkNames({ document, schedule, deployments }: Matter, complain: Complain): void {
  const { slo } = document;
  const known = deployments.map(({ id }) => id);
  const check = (name: string, path: Path): void => {
    if (known.includes(name)) return;
    const fix = suggestion(name, known, "Add it to the policy.");
    complain(path, `The policy has no deployment "${name}".`, fix);
  };
  // A scenario's file may describe more than one policy uses.
  if (document.schedule.scenario === undefined) {
    for (const name of Object.keys(schedule.deployments ?? {}))
      check(name, ["schedule", "deployments", name]);
  }
  for (const name of Object.keys(slo.upstream_share ?? {})) check(name, ["slo", "upstream_share", name]);
  for (const [index, name] of (slo.circuits ?? []).entries()) check(name, ["slo", "circuits", index]);
}

function checkFaults({ faults }: CompiledSchedule, document: DrillDocument, complain: Complain): void {
  for (const [index, fault] of faults.entries()) {
    if (fault.deployments.length > 0) continue;
    const path = document.schedule.scenario === undefined ? ["schedule", "faults", index] : ["schedule"];
    complain(path, `The fault "${fault.name}" fits no simulated deployment.`, "Correct its match.");
  }
}

/** What lies beyond the end of the load would pass for rehearsed, or for watched. */
function checkTimes(
  { document, durationMs }: Matter,
  { faults }: CompiledSchedule,
  complain: Complain,
): void {
  const { load, schedule, stop_conditions: stops, compress } = document;
  const end = `The load is over after ${durationMs / 1000} s on the clock.`;
  const fix = "Lengthen the load, or let it begin sooner.";
  // A scenario's file may go on for longer than a drill, as long as something of it comes.
  if (schedule.scenario === undefined) {
    for (const [index, { name, bands }] of faults.entries()) {
      if (bands.length > 0) continue;
      complain(["schedule", "faults", index, "start"], `The fault "${name}" never begins. ${end}`, fix);
    }
  } else if (faults.length > 0 && faults.every(({ bands }) => bands.length === 0)) {
    complain(["schedule", "scenario"], `No fault of the scenario ever begins. ${end}`, fix);
  }
  for (const [index, { start }] of load.surges.entries()) {
    if (milliseconds(start) / compress < durationMs) continue;
    complain(["load", "surges", index, "start"], `The surge never begins. ${end}`, fix);
  }
  for (const [index, { over }] of stops.entries()) {
    const watchedMs = milliseconds(over);
    if (watchedMs <= durationMs) continue;
    const message = `The condition looks at more than there is, over ${watchedMs / 1000} s. ${end}`;
    complain(["stop_conditions", index], message, "Lengthen the load, or shorten `over`.");
  }
}

/** On this machine, where a drill may do as it likes. */
function isHarmless(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
