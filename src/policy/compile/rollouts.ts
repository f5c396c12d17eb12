/** Rollouts of a document as those of its use cases. Owns who concerns whom; check-rollouts.ts judges them. */
import { usdToNano } from "../../core/money.ts";
import type { Arm, Rollout, ShadowRollout, Stickiness } from "../../core/rollouts.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { PolicyDocument } from "../document/document.ts";
import { percentOf, type WrittenRollout } from "../document/rollouts.ts";
import type { Path, Report } from "../finding.ts";
import { seedOf } from "../rollouts/choose.ts";
import { type ArmWorld, compileArm } from "./arms.ts";
import { checkArms, checkShadow, checkSteps } from "./check-rollouts.ts";
import type { Inventory } from "./deployments.ts";
import { compileScope, useCasesOf } from "./routes.ts";
import { reportUnserved } from "./served.ts";

/** What a use case has of rollouts, and the ladders that they bring along. */
export interface PlacedRollouts {
  readonly rollouts: readonly Rollout[];
  readonly shadows: readonly ShadowRollout[];
  readonly ladders: readonly { readonly rungs: readonly RungSpec[]; readonly path: Path }[];
}

interface Open {
  rollouts: Rollout[];
  shadows: ShadowRollout[];
  ladders: { rungs: readonly RungSpec[]; path: Path }[];
  /** An earlier rollout without a condition, which takes every request. */
  takenBy: string | null;
}

const NO_ROLLOUTS: PlacedRollouts = { rollouts: [], shadows: [], ladders: [] };

/** By use case id, in the order of the document; those without any are left out. */
export function compileRollouts(
  document: PolicyDocument,
  inventory: Inventory,
  report: Report,
): (useCase: string) => PlacedRollouts {
  const ids = Object.keys(document.use_cases);
  const placed = new Map<string, Open>();
  const names = new Set<string>();
  for (const [index, written] of document.rollouts.entries()) {
    const path = ["rollouts", index];
    if (names.has(written.name)) {
      const message = `Another rollout is called "${written.name}".`;
      report.error("duplicate_rollout", [...path, "name"], message, "Give each its own name.");
    }
    names.add(written.name);
    const compiled = compileRollout(written, path, inventory, report);
    const concerned = useCasesOf(written, path, ids, document, report);
    place(
      compiled,
      concerned.map((id) => openAt(placed, id)),
      path,
      report,
    );
  }
  return (id) => placed.get(id) ?? NO_ROLLOUTS;
}

/** Reports arms whose deployments the use case's constraints exclude, all of them. */
export function reportUnservedArms(useCase: UseCase, { ladders }: PlacedRollouts, report: Report): void {
  for (const { rungs, path } of ladders) {
    if (rungs.length > 0) reportUnserved(useCase, rungs, path, report);
  }
}

function openAt(placed: Map<string, Open>, id: string): Open {
  let open = placed.get(id);
  if (open === undefined) {
    open = { rollouts: [], shadows: [], ladders: [], takenBy: null };
    placed.set(id, open);
  }
  return open;
}

interface Compiled {
  readonly rollout: Rollout | null;
  readonly shadow: ShadowRollout | null;
  readonly ladders: readonly { readonly rungs: readonly RungSpec[]; readonly path: Path }[];
}

function place(
  { rollout, shadow, ladders }: Compiled,
  concerned: readonly Open[],
  path: Path,
  report: Report,
) {
  for (const open of concerned) open.ladders.push(...ladders);
  if (shadow !== null) for (const open of concerned) open.shadows.push(shadow);
  if (rollout === null) return;
  const free = concerned.filter(({ takenBy }) => takenBy === null);
  if (concerned.length > 0 && free.length === 0) {
    const earlier = concerned[0]?.takenBy;
    const message = `The rollout "${rollout.name}" takes in nobody: "${earlier}" before it has no condition.`;
    const fix = `A request is in one rollout. Move it before "${earlier}", or give that one a condition.`;
    report.warning("unreachable_rollout", path, message, fix);
  }
  for (const open of free) {
    open.rollouts.push(rollout);
    if (rollout.when === null) open.takenBy = rollout.name;
  }
}

function compileRollout(written: WrittenRollout, path: Path, inventory: Inventory, report: Report): Compiled {
  const { name } = written;
  const { when, source, reads } = compileScope(written, path, inventory, report);
  const scope = (sticky: Stickiness) => ({
    name,
    when,
    source,
    reads,
    sticky: written.sticky ?? sticky,
    seed: seedOf(name),
  });
  const world: ArmWorld = { rollout: name, inventory, report };
  if (written.shadow !== undefined) {
    const at = [...path, "shadow", "candidate"];
    const { candidate, share, max_cost_usd_per_hour: cap } = written.shadow;
    const { ladder, experiment, change } = compileArm("candidate", candidate, 0, at, world);
    const shadow: ShadowRollout = {
      ...scope("request"),
      share: percentOf(share),
      rungs: ladder?.rungs ?? null,
      experiment,
      change,
      maxCostPerHour: cap === undefined ? null : usdToNano(cap),
    };
    checkShadow(shadow, [...path, "shadow"], report);
    return { rollout: null, shadow, ladders: ladder === null ? [] : [{ rungs: ladder.rungs, path: at }] };
  }
  const kind = written.canary === undefined ? "blue_green" : "canary";
  const placed = kind === "canary" ? canaryArms(written, path, world) : blueGreenArms(written, path, world);
  const arms = placed.map(({ arm }) => arm);
  checkArms(name, placed, [...path, kind], report);
  const rollout: Rollout = { ...scope("caller_and_user"), kind, arms };
  const ladders = placed.flatMap(({ arm: { ladder }, path: at }) =>
    ladder === null ? [] : [{ rungs: ladder.rungs, path: at }],
  );
  return { rollout, shadow: null, ladders };
}

export interface PlacedArm {
  readonly arm: Arm;
  readonly path: Path;
}

function canaryArms({ canary }: WrittenRollout, path: Path, world: ArmWorld): readonly PlacedArm[] {
  if (canary === undefined) return [];
  const at = [...path, "canary"];
  if (canary.arms !== undefined) {
    return Object.entries(canary.arms).map(([name, { weight, ...written }]) => {
      const here = [...at, "arms", name];
      return { arm: compileArm(name, written, percentOf(weight), here, world), path: here };
    });
  }
  const steps = (canary.steps ?? []).map(percentOf);
  checkSteps(steps, [...at, "steps"], world.report);
  const weight = canary.weight === undefined ? (steps[0] ?? 0) : percentOf(canary.weight);
  const arm = (name: "stable" | "candidate", share: number): PlacedArm => ({
    arm: compileArm(name, canary[name], share, [...at, name], world),
    path: [...at, name],
  });
  return [arm("stable", 100 - weight), arm("candidate", weight)];
}

function blueGreenArms(
  { blue_green: pair }: WrittenRollout,
  path: Path,
  world: ArmWorld,
): readonly PlacedArm[] {
  if (pair === undefined) return [];
  return (["blue", "green"] as const).map((colour) => {
    const at = [...path, "blue_green", colour];
    return { arm: compileArm(colour, pair[colour], pair.live === colour ? 100 : 0, at, world), path: at };
  });
}
