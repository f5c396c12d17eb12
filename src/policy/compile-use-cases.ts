/** Use cases and routes of a document with everything resolved. Owns their cross-checks. */
import type { TimeoutsByTier } from "../core/deployment.ts";
import { usdToNano } from "../core/money.ts";
import type { DegradedMode } from "../core/plan.ts";
import type { RungSpec, UseCase } from "../core/snapshot.ts";
import type { Inventory } from "./compile-deployments.ts";
import { compileLadder } from "./compile-ladder.ts";
import { compileRoutes, type PlacedRule } from "./compile-routes.ts";
import type { PolicyDocument } from "./document.ts";
import { TEMPLATE_VARIABLES } from "./document-routing.ts";
import { milliseconds } from "./fields.ts";
import type { Path, Report } from "./finding.ts";
import { reportUnserved } from "./served.ts";
import { suggestion } from "./suggest.ts";

type WrittenUseCase = PolicyDocument["use_cases"][string];

const DEFAULT_DEADLINE_MS = { interactive: 20_000, standard: 90_000, batch: 600_000 } as const;

/** By id and by alias. */
export function compileUseCases(
  document: PolicyDocument,
  inventory: Inventory,
  timeouts: TimeoutsByTier,
  report: Report,
): ReadonlyMap<string, UseCase> {
  const rulesOf = compileRoutes(document, inventory, report);
  const useCases = new Map<string, UseCase>();
  for (const [id, written] of Object.entries(document.use_cases)) {
    const path = ["use_cases", id];
    const ladder = compileLadder(written.ladder, [...path, "ladder"], { inventory, report });
    const rules = rulesOf.get(id) ?? [];
    const useCase = compileUseCase(id, written, ladder, rules, timeouts);
    checkUseCase(useCase, written, rules, path, report);
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
    degraded: written.ladder.degraded.flatMap(compileDegraded),
  };
}

function compileDegraded(written: WrittenUseCase["ladder"]["degraded"][number]): readonly DegradedMode[] {
  const { template, busy } = written;
  if (template !== undefined)
    return [{ mode: "template", message: template.message, status: template.status }];
  if (busy === undefined) return [];
  const retryAfterSeconds = Math.ceil(milliseconds(busy.retry_after) / 1000);
  return [{ mode: "busy", message: busy.message, status: busy.status, retryAfterSeconds }];
}

function checkUseCase(
  useCase: UseCase,
  written: WrittenUseCase,
  rules: readonly PlacedRule[],
  path: Path,
  report: Report,
): void {
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
  if (degraded.length > 1) {
    const message = `The use case "${useCase.id}" has degraded modes that can never answer: the first one always does.`;
    const fix = "Keep the first mode and take the others out.";
    report.warning("unreachable_degraded_mode", [...path, "ladder", "degraded", 1], message, fix);
  }
  for (const [index, mode] of written.ladder.degraded.entries())
    checkTemplate(mode, [...path, "ladder", "degraded", index], report);
  if (useCase.ladder.length > 0) reportUnserved(useCase, useCase.ladder, [...path, "ladder"], report);
  for (const { rule, path: at } of rules) {
    if (rule.ladder.length > 0) reportUnserved(useCase, rule.ladder, [...at, "ladder"], report);
  }
}

function checkTemplate(mode: WrittenUseCase["ladder"]["degraded"][number], path: Path, report: Report): void {
  for (const [kind, body] of Object.entries(mode)) {
    for (const [, name = ""] of (body?.message ?? "").matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)) {
      if ((TEMPLATE_VARIABLES as readonly string[]).includes(name)) continue;
      const fix = suggestion(name, TEMPLATE_VARIABLES, "Remove it.");
      report.warning("unknown_variable", [...path, kind, "message"], `Nothing fills in {{${name}}}.`, fix);
    }
  }
}
