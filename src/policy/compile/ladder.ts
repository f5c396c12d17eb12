/** Ladders of a document with their deployments found. Owns what a rung's shorthand means. */
import type { Deployment } from "../../core/deployment.ts";
import type { RungKind, Selection } from "../../core/plan.ts";
import type { RungSpec } from "../../core/route-rule.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Path, Report } from "../finding.ts";
import { matchesAny } from "../glob.ts";
import { listed } from "../suggest.ts";
import { calledModel, resolveModel } from "./aliases.ts";
import type { Inventory } from "./deployments.ts";
import { reportUnapproved } from "./served.ts";

/** A use case's ladder or a route's; the latter has no degraded modes of its own. */
export type WrittenLadder = Omit<PolicyDocument["use_cases"][string]["ladder"], "degraded">;
type WrittenRung = WrittenLadder["primary"];

interface World {
  readonly inventory: Inventory;
  readonly report: Report;
}

/**
 * Rungs in the order they are climbed: primary, cross-region, fallbacks. A rung that names nothing is an
 * error; one whose deployments all stand in earlier rungs is left out with a warning.
 */
export function compileLadder(ladder: WrittenLadder, path: Path, world: World): readonly RungSpec[] {
  const rungs: RungSpec[] = [];
  const seen = new Set<Deployment>();
  const add = (rung: RungSpec | null, at: Path): void => {
    if (rung === null) return;
    if (rung.deployments.every((deployment) => seen.has(deployment))) {
      const message = `This rung is never reached: earlier ones have ${listed(rung.deployments.map(({ id }) => id))} already.`;
      world.report.warning("unreachable_rung", at, message, "Name another model or region, or remove it.");
      return;
    }
    for (const deployment of rung.deployments) seen.add(deployment);
    reportUnapproved(rung, at, world.report);
    reportWeightless(rung, at, world.report);
    rungs.push(rung);
  };
  const primaryPath = [...path, "primary"];
  const primary = compileRung(ladder.primary, "primary", primaryPath, world);
  add(primary, primaryPath);
  if (primary !== null) {
    const crossRegionPath = [...path, "cross_region"];
    add(compileCrossRegion(primary, ladder.cross_region, crossRegionPath, world), crossRegionPath);
  }
  for (const [index, written] of ladder.fallback.entries()) {
    const at = [...path, "fallback", index];
    add(compileRung(written, "fallback", at, world), at);
  }
  return rungs;
}

/** Where nobody has a weight there is nothing to choose by: the first one gets everything. */
function reportWeightless({ selection, deployments }: RungSpec, at: Path, report: Report): void {
  if (selection !== "weighted" || deployments.length < 2) return;
  if (deployments.some(({ weight }) => weight > 0)) return;
  const message = `All deployments of this rung have the weight 0: ${deployments[0]?.id ?? ""} gets every request.`;
  report.warning("weights_off", at, message, "Give those a weight that are to share its requests.");
}

function compileRung(written: WrittenRung, kind: RungKind, path: Path, world: World): RungSpec | null {
  if (typeof written === "string") {
    const [model = "", region] = written.split("@");
    return ofModel(
      { model, regions: region === undefined ? null : [region], select: "weighted" },
      kind,
      path,
      world,
    );
  }
  if (written.deployments !== undefined)
    return ofDeployments(written.deployments, written.select, kind, path, world);
  const { model = "", regions = null, select } = written;
  return ofModel({ model, regions, select }, kind, [...path, "model"], world);
}

interface ModelRung {
  /** Or an alias of one. */
  readonly model: string;
  readonly regions: readonly string[] | null;
  readonly select: Selection;
}

function ofModel(
  { model: name, regions, select }: ModelRung,
  kind: RungKind,
  path: Path,
  { inventory, report }: World,
): RungSpec | null {
  const named = resolveModel(name, path, inventory, report);
  if (named === null) return null;
  const { model, alias } = named;
  const all = inventory.byModel.get(model) ?? [];
  const deployments = regions === null ? all : all.filter(({ region }) => matchesAny(regions, region));
  if (deployments.length === 0) {
    const where = regions === null ? "" : ` in ${listed(regions)}`;
    const there = listed([...new Set(all.map(({ region }) => region))]);
    const fix = all.length === 0 ? "Add one under deployments." : `It is deployed in: ${there}.`;
    report.error("empty_rung", path, `The model ${calledModel(named)} has no deployment${where}.`, fix);
    return null;
  }
  return { kind, model, ...(alias !== null && { alias }), selection: select, deployments };
}

function ofDeployments(
  names: readonly string[],
  select: Selection,
  kind: RungKind,
  path: Path,
  { inventory, report }: World,
): RungSpec | null {
  const deployments: Deployment[] = [];
  for (const [index, name] of names.entries()) {
    const deployment = inventory.deployments.get(name);
    const at = [...path, "deployments", index];
    if (deployment === undefined) {
      const fix = report.suggest(name, [...inventory.deployments.keys()], "Add it under deployments.");
      report.error("unknown_deployment", at, `There is no deployment "${name}".`, fix);
    } else if (deployments.includes(deployment)) {
      report.warning(
        "duplicate_deployment",
        at,
        `The deployment "${name}" stands twice here.`,
        "Remove one.",
      );
    } else {
      deployments.push(deployment);
    }
  }
  const first = deployments[0];
  return first === undefined ? null : { kind, model: first.model.id, selection: select, deployments };
}

/** The primary's models elsewhere: nothing to say when `auto` finds none, an error when named regions do. */
function compileCrossRegion(
  primary: RungSpec,
  written: WrittenLadder["cross_region"],
  path: Path,
  { inventory, report }: World,
): RungSpec | null {
  if (written === "none") return null;
  const models = new Set(primary.deployments.map(({ model }) => model.id));
  const taken = new Set(primary.deployments);
  const elsewhere = [...models]
    .flatMap((model) => inventory.byModel.get(model) ?? [])
    .filter((deployment) => !taken.has(deployment));
  const regions = written === "auto" ? ["*"] : written.regions;
  const deployments = elsewhere.filter(({ region }) => matchesAny(regions, region));
  if (deployments.length > 0) {
    return { ...primary, kind: "cross-region", deployments };
  }
  if (written !== "auto") {
    const message = `The model "${primary.model}" has no other deployment in ${listed(regions)}.`;
    const there = listed([...new Set(elsewhere.map(({ region }) => region))]);
    const fix =
      elsewhere.length === 0 ? "Deploy it there, or write cross_region: none." : `It is also in: ${there}.`;
    report.error("empty_rung", path, message, fix);
  }
  return null;
}
