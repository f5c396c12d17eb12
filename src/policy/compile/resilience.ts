/** Hedging, exercise and probes of a document, in the units the gateway uses. Owns their cross-checks. */
import type { ModelSpec } from "../../core/deployment.ts";
import { costWithin, estimateCost, plannedOutput } from "../../core/estimate-cost.ts";
import { usdToNano } from "../../core/money.ts";
import type { HedgeSettings } from "../../core/plan.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { ProbeSettings } from "../../core/settings.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import type { Path, Report } from "../finding.ts";

type WrittenUseCase = PolicyDocument["use_cases"][string];
type WrittenProbes = NonNullable<PolicyDocument["probes"]>;

/** What a use case does about slowness and doubt. */
export type Vigilance = Pick<UseCase, "hedge" | "exerciseShare">;

/** `ladder`: the use case's own; `path`: the use case's. */
export function compileVigilance(
  written: WrittenUseCase,
  ladder: readonly RungSpec[],
  path: Path,
  report: Report,
): Vigilance {
  const { hedge, exercise } = written;
  if (hedge) checkHedge(written, ladder, [...path, "hedge"], report);
  if (exercise && ladder.length < 2) {
    const message = "There is nothing to exercise: the ladder has one rung.";
    const fix = "Add a fallback to the ladder, or remove exercise.";
    report.warning("nothing_to_exercise", [...path, "exercise"], message, fix);
  }
  return { hedge: hedge ? compileHedge(hedge) : null, exerciseShare: exercise?.share ?? 0 };
}

function compileHedge({ after, max_share: maxShare }: NonNullable<WrittenUseCase["hedge"]>): HedgeSettings {
  return { after: after === "p95" ? after : milliseconds(after), maxShare };
}

function checkHedge(written: WrittenUseCase, ladder: readonly RungSpec[], path: Path, report: Report): void {
  if (written.latency_tier !== "interactive") {
    const message = `Only requests of the interactive tier are hedged, and this use case is ${written.latency_tier}.`;
    const fix = "Set latency_tier: interactive, or remove hedge; callers may still ask for that tier.";
    report.warning("hedge_without_effect", path, message, fix);
  }
  if (written.max_attempts < 2) {
    const message = "A hedge is a second attempt, and max_attempts allows one.";
    report.warning("hedge_without_effect", path, message, "Raise max_attempts, or remove hedge.");
    return;
  }
  const first = ladder[0]?.deployments[0]?.model;
  if (first !== undefined && paysForOne(written, first)) {
    const message = `cost_ceiling_usd does not pay for a second answer beside a whole one of the model "${first.id}": a request that states no limit on its answer is not hedged.`;
    const fix = "Set max_output_tokens of the use case, or raise cost_ceiling_usd.";
    report.warning("hedge_without_effect", path, message, fix);
  }
  const same = new Set(ladder.flatMap((rung) => rung.deployments.filter(({ model }) => model === first)));
  if (first === undefined || same.size > 1) return;
  const message = `A hedge needs a second deployment of the model "${first.id}", and the ladder has none.`;
  const fix = "Deploy the model in another region, or remove hedge.";
  report.warning("hedge_without_effect", path, message, fix);
}

/** Whether the first call, as long as its answer may be, leaves the ceiling too little for another one. */
function paysForOne(written: WrittenUseCase, model: ModelSpec): boolean {
  const { cost_ceiling_usd: usd, max_output_tokens: cap = null } = written;
  if (usd === undefined || cap !== null) return false;
  const estimatedOutputTokens = plannedOutput(undefined, cap);
  const size = { estimatedInputTokens: 0, estimatedOutputTokens, choices: 1, openEnded: true } as const;
  const ceiling = usdToNano(usd);
  return (costWithin(size, model, ceiling) ?? 0) + (estimateCost(size, model) ?? 0) > ceiling;
}

/** By deployment id. Names that do not exist are errors. */
export function compileProbes(
  { probes, deployments }: PolicyDocument,
  report: Report,
): ReadonlyMap<string, ProbeSettings> {
  const compiled = new Map<string, ProbeSettings>();
  if (probes === undefined) return compiled;
  const names = Object.keys(deployments);
  for (const name of Object.keys(probes.deployments)) {
    if (Object.hasOwn(deployments, name)) continue;
    const fix = report.suggest(name, names, "Name one of deployments.");
    const message = `There is no deployment "${name}".`;
    report.error("unknown_deployment", ["probes", "deployments", name], message, fix, { key: true });
  }
  for (const name of names) {
    const own = probes.deployments[name] ?? {};
    if (own !== "off") compiled.set(name, compileProbe(probes, own));
  }
  return compiled;
}

function compileProbe(
  probes: WrittenProbes,
  own: Exclude<WrittenProbes["deployments"][string], "off">,
): ProbeSettings {
  return {
    everyMs: milliseconds(own.every ?? probes.every),
    timeoutMs: milliseconds(own.timeout ?? probes.timeout),
    when: own.when ?? probes.when,
    prompt: probes.prompt,
  };
}
