/** `policy alias list`: what each alias stands for, and which use cases ask it. Owns who names an alias. */

import type { RungSpec } from "../../core/route-rule.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import type { OverrideStatus } from "../policy/in-force/in-force.ts";
import { aliasSubject } from "./open-alias.ts";

export interface AliasReport {
  readonly alias: string;
  readonly model: string;
  readonly version: string;
  readonly status: string;
  readonly note: string | null;
  /** Those that name it in a ladder, a rule, a rollout, a degraded mode or a summary. */
  readonly useCases: readonly string[];
  /** The operator's order that has moved it; null: it stands as the text has it. */
  readonly override: OverrideStatus | null;
}

export function listModelAliases(
  snapshot: ConfigSnapshot,
  overrides: readonly OverrideStatus[],
): readonly AliasReport[] {
  const useCases = [...new Set(snapshot.useCases.values())];
  return [...snapshot.modelAliases].map(([alias, { model, note }]) => {
    const spec = snapshot.models.get(model);
    const subject = aliasSubject(alias);
    return {
      alias,
      model,
      version: spec?.version ?? "",
      status: spec?.status ?? "",
      note,
      useCases: useCases.filter((useCase) => names(useCase, alias)).map(({ id }) => id),
      override: overrides.find(({ rollout }) => rollout === subject) ?? null,
    };
  });
}

function names(useCase: UseCase, alias: string): boolean {
  const { ladder, rules, rollouts, shadows, degraded, onOverflow } = useCase;
  const arms = rollouts.flatMap((rollout) => rollout.arms);
  const ladders: readonly (readonly RungSpec[])[] = [
    ladder,
    ...rules.map((rule) => rule.ladder),
    ...arms.map((arm) => arm.ladder?.rungs ?? []),
    ...shadows.map(({ rungs }) => rungs ?? []),
  ];
  if (ladders.some((rungs) => rungs.some((rung) => rung.alias === alias))) return true;
  if (degraded.some((mode) => mode.mode === "summarize_only" && mode.alias === alias)) return true;
  return onOverflow.some((measure) => measure.type === "summarize" && measure.alias === alias);
}
