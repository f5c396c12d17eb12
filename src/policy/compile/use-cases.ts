/** Use cases and routes of a document with everything resolved. Owns their cross-checks. */

import type { TimeoutsByTier } from "../../core/deployment.ts";
import { usdToNano } from "../../core/money.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { Steps } from "../../core/steps.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import type { Path, Report } from "../finding.ts";
import type { CredentialPorts } from "./credentials.ts";
import { compileLastRungs, type FolderPorts, type LastRungs, sideModels } from "./degraded.ts";
import type { Inventory } from "./deployments.ts";
import { compileUseCaseJobs } from "./jobs.ts";
import { compileLadder } from "./ladder.ts";
import { compileVigilance, type Vigilance } from "./resilience.ts";
import { compileRollouts, reportUnservedArms } from "./rollouts.ts";
import { compileRoutes, type PlacedRule } from "./routes.ts";
import { reportRefusesAll, reportUnserved, reportWrongKind } from "./served.ts";

type WrittenUseCase = PolicyDocument["use_cases"][string];

const DEFAULT_DEADLINE_MS = { interactive: 20_000, standard: 90_000, batch: 600_000 } as const;

/** By id and by alias. */
export function* compileUseCases(
  document: PolicyDocument,
  inventory: Inventory,
  timeouts: TimeoutsByTier,
  ports: CredentialPorts & FolderPorts,
  report: Report,
): Steps<ReadonlyMap<string, UseCase>> {
  const rulesOf = yield* compileRoutes(document, inventory, report);
  const rolloutsOf = compileRollouts(document, inventory, report);
  const useCases = new Map<string, UseCase>();
  for (const [id, written] of Object.entries(document.use_cases)) {
    yield;
    const path = ["use_cases", id];
    const ladder = compileLadder(written.ladder, [...path, "ladder"], { inventory, report });
    const rules = rulesOf.get(id) ?? [];
    const lastRungs = compileLastRungs(written, path, { inventory, ports, report });
    const vigilance = compileVigilance(written, ladder, path, report);
    const placed = rolloutsOf(id);
    const { rollouts, shadows } = placed;
    const extras = { ...lastRungs, ...vigilance, rollouts, shadows };
    const useCase = compileUseCase(id, written, ladder, rules, extras, timeouts);
    checkUseCase(useCase, rules, path, report);
    reportUnservedArms(useCase, placed, report);
    useCases.set(id, useCase);
  }
  addAliases(document, inventory, useCases, report);
  return useCases;
}

/** Puts each use case under its aliases too, unless one is taken already. */
function addAliases(
  document: PolicyDocument,
  inventory: Inventory,
  useCases: Map<string, UseCase>,
  report: Report,
): void {
  const taken = new Map<string, string>();
  for (const id of inventory.models.keys()) taken.set(id, `the model "${id}"`);
  for (const id of inventory.aliases.known.keys()) taken.set(id, `the model alias "${id}"`);
  for (const id of useCases.keys()) taken.set(id, `the use case "${id}"`);
  for (const [id, { aliases }] of Object.entries(document.use_cases)) {
    for (const [index, alias] of aliases.entries()) {
      const owner = taken.get(alias);
      const useCase = useCases.get(id);
      if (owner !== undefined) {
        const message = `The alias "${alias}" is taken by ${owner}.`;
        report.error("duplicate_alias", ["use_cases", id, "aliases", index], message, "Choose another.");
      } else if (useCase !== undefined) {
        taken.set(alias, `an alias of "${id}"`);
        useCases.set(alias, useCase);
      }
    }
  }
}

function compileUseCase(
  id: string,
  written: WrittenUseCase,
  ladder: readonly RungSpec[],
  rules: readonly PlacedRule[],
  rest: LastRungs & Vigilance & Pick<UseCase, "rollouts" | "shadows">,
  timeouts: TimeoutsByTier,
): UseCase {
  const { latency_tier: latencyTier, deadline, cost_ceiling_usd: ceiling } = written;
  return {
    id,
    description: written.description,
    taskType: written.task_type,
    latencyTier,
    safetyLevel: written.safety_level,
    residency: written.residency ?? null,
    deadlineMs: deadline === undefined ? DEFAULT_DEADLINE_MS[latencyTier] : milliseconds(deadline),
    costCeiling: ceiling === undefined ? null : usdToNano(ceiling),
    maxAttempts: written.max_attempts,
    maxOutputTokens: written.max_output_tokens ?? null,
    timeouts,
    streamRecovery: written.stream_recovery,
    formatRetries: written.format_retries,
    rules: rules.map(({ rule }) => rule),
    ladder,
    jobs: compileUseCaseJobs(written),
    ...rest,
  };
}

function checkUseCase(useCase: UseCase, rules: readonly PlacedRule[], path: Path, report: Report): void {
  const { deadlineMs, timeouts, latencyTier, degraded } = useCase;
  if (deadlineMs < timeouts[latencyTier].firstToken) {
    const message = `The deadline ends before the first token may arrive (timeouts.${latencyTier}.first_token): no fallback has time to answer.`;
    report.warning("short_deadline", [...path, "deadline"], message, "Lengthen it, or shorten the timeout.");
  }
  // No words stand in for vectors.
  if (degraded.length === 0 && useCase.taskType !== "embedding") {
    const message = `The use case "${useCase.id}" has no degraded mode: when every model fails, callers get an error.`;
    const fix = 'Add ladder.degraded: [{ busy: { message: "…" } }].';
    report.warning("no_degraded_mode", path, message, fix);
  }
  reportWrongKind(useCase, useCase.ladder, [...path, "ladder"], report);
  if (useCase.ladder.length > 0) reportUnserved(useCase, useCase.ladder, [...path, "ladder"], report);
  for (const { model, deployments, at } of sideModels(useCase)) {
    const rung: RungSpec = { kind: "fallback", model, selection: "weighted", deployments };
    reportUnserved(useCase, [rung], [...path, ...at], report);
  }
  for (const { rule, path: at } of rules) {
    if (rule.ladder.length > 0) reportUnserved(useCase, rule.ladder, [...at, "ladder"], report);
  }
  const ofRules = rules.map(({ rule, path: at }) => [rule.ladder, [...at, "ladder"]] as const);
  reportRefusesAll(useCase, [[useCase.ladder, [...path, "ladder"]], ...ofRules], report);
}
