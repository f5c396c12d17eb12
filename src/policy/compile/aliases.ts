/**
 * Names of a policy for its models, each moved by one edit. Owns what may stand where a model is named, and what is
 * wrong with an alias; knows no rung.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { ModelAlias } from "../../core/snapshot.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Path, Report } from "../finding.ts";

type WrittenAlias = NonNullable<PolicyDocument["model_aliases"]>[string];

export interface ModelAliases {
  /** Null: wrong, which was reported where it is written. */
  readonly known: ReadonlyMap<string, ModelAlias | null>;
  /** Those that something names, noted as it is compiled. */
  readonly used: Set<string>;
}

/** What names are looked up in. */
interface Names {
  readonly models: ReadonlyMap<string, unknown>;
  readonly aliases: ModelAliases;
  readonly deployments: ReadonlyMap<string, Deployment>;
}

export interface NamedModel {
  readonly model: string;
  /** Null: the model was named itself. */
  readonly alias: string | null;
}

export function aliasOf(written: WrittenAlias): ModelAlias {
  return typeof written === "string"
    ? { model: written, note: null }
    : { model: written.model, note: written.note ?? null };
}

export function compileAliases(
  { model_aliases: written = {} }: PolicyDocument,
  models: ReadonlyMap<string, unknown>,
  report: Report,
): ModelAliases {
  const known = new Map<string, ModelAlias | null>();
  for (const [name, one] of Object.entries(written)) {
    const path = ["model_aliases", name];
    const alias = aliasOf(one);
    const at = typeof one === "string" ? path : [...path, "model"];
    if (models.has(name)) {
      const message = `The alias "${name}" has the name of a model.`;
      report.error("alias_shadows_model", path, message, "Give it another name.", { key: true });
      continue;
    }
    if (!models.has(alias.model)) {
      reportTarget(name, alias.model, at, written, models, report);
      known.set(name, null);
      continue;
    }
    known.set(name, alias);
  }
  return { known, used: new Set() };
}

/** One level alone: whoever reads an alias sees its model, and moving one moves nothing else. */
function reportTarget(
  name: string,
  target: string,
  at: Path,
  written: Readonly<Record<string, WrittenAlias>>,
  models: ReadonlyMap<string, unknown>,
  report: Report,
): void {
  const other = target !== name && Object.hasOwn(written, target) ? written[target] : undefined;
  if (other === undefined) {
    const fix = report.suggest(target, [...models.keys()], "Add it under models.");
    report.error("unknown_model", at, `There is no model "${target}".`, fix);
    return;
  }
  const message = `The alias "${name}" stands for another alias, "${target}"; it must stand for a model.`;
  report.error("alias_of_alias", at, message, `Write its model: "${aliasOf(other).model}".`);
}

/** The model that `name` is or stands for; null where there is none, which was reported. */
export function resolveModel(
  name: string,
  path: Path,
  { models, aliases, deployments }: Names,
  report: Report,
): NamedModel | null {
  if (models.has(name)) return { model: name, alias: null };
  const alias = aliases.known.get(name);
  if (alias !== undefined) {
    aliases.used.add(name);
    return alias === null ? null : { model: alias.model, alias: name };
  }
  const names = [...models.keys(), ...aliases.known.keys()];
  const what = aliases.known.size === 0 ? "model" : "model or alias";
  const deployment = deployments.get(name);
  const fix = deployment
    ? `That is a deployment: write its model, ${deployment.model.id}, or for a rung in its region ${deployment.model.id}@${deployment.region}.`
    : report.suggest(name, names, "Add it under models.");
  report.error("unknown_model", path, `There is no ${what} "${name}".`, fix);
  return null;
}

/** `"large"`, or `"large" (alias "best")`: as findings name it. */
export function calledModel({ model, alias }: NamedModel): string {
  return alias === null ? `"${model}"` : `"${model}" (alias "${alias}")`;
}

/** Call it when everything that may name one is compiled. */
export function reportUnusedAliases({ known, used }: ModelAliases, report: Report): void {
  for (const [name, alias] of known) {
    if (alias === null || used.has(name)) continue;
    const message = `Nothing names the alias "${name}": moving it changes nothing.`;
    const fix = `Write it in a ladder where the model "${alias.model}" stands, or remove it.`;
    report.warning("unused_alias", ["model_aliases", name], message, fix, { key: true });
  }
}

/** Aliases that are right, for the snapshot. */
export function listAliases({ known }: ModelAliases): ReadonlyMap<string, ModelAlias> {
  return new Map([...known].filter((entry): entry is [string, ModelAlias] => entry[1] !== null));
}

/** Where a model itself must be named. */
export function modelHint(name: string, { model_aliases: written = {} }: PolicyDocument): string | null {
  const alias = Object.hasOwn(written, name) ? written[name] : undefined;
  return alias === undefined ? null : `It is an alias of "${aliasOf(alias).model}": write that.`;
}
