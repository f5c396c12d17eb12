/** A model alias as it is written, and where. Owns finding it; the verb moves it. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { aliasOf } from "../../policy/compile/aliases.ts";
import { type PolicyText, parsePolicy } from "../../policy/reading/load.ts";
import { readYaml } from "../../policy/reading/yaml-source.ts";
import { suggestion } from "../../policy/suggest.ts";
import type { OpenPart } from "../policy/edit/open-part.ts";

export interface OpenAlias extends OpenPart {
  readonly kind: "alias";
  readonly alias: string;
  readonly model: string;
  readonly note: string | null;
  /** Whether it is written as a map, with room for a note. */
  readonly isMap: boolean;
  /** What it may stand for. */
  readonly models: readonly string[];
}

const PREFIX = "alias:";

/** What orders call a model alias; a rollout's name has no colon. */
export function aliasSubject(alias: string): string {
  return PREFIX + alias;
}

/** Null where the order is about a rollout. */
export function aliasOfSubject(subject: string): string | null {
  return subject.startsWith(PREFIX) ? subject.slice(PREFIX.length) : null;
}

/** Faults: `invalid` where the policy is not valid, `not_found` where it has no such alias. */
export function openAlias(sources: readonly PolicyText[], alias: string): Result<OpenAlias> {
  const { document } = parsePolicy(sources);
  if (document === null) {
    const message = "The policy is not valid, so nothing is changed. `pointsman validate` says where.";
    return failed("invalid", "policy_invalid", message);
  }
  const aliases = document.model_aliases ?? {};
  const written = Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;
  // Of several texts the last one that says where it leads decides.
  const source = sources.findLast((one) => targetIn(readYaml(one).value, alias) !== undefined);
  if (written === undefined || source === undefined) {
    const hint = suggestion(alias, Object.keys(aliases), "The policy has none; add it under model_aliases.");
    return failed("not_found", "unknown_alias", `There is no model alias of that name. ${hint}`);
  }
  return ok({
    kind: "alias",
    subject: aliasSubject(alias),
    alias,
    written,
    ...aliasOf(written),
    isMap: typeof written !== "string",
    models: Object.keys(document.models),
    source,
    path: ["model_aliases", alias],
  });
}

function targetIn(document: unknown, alias: string): unknown {
  const written = fieldOf(fieldOf(document, "model_aliases"), alias);
  return typeof written === "string" ? written : fieldOf(written, "model");
}

function fieldOf(value: unknown, key: string): unknown {
  const isMap = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isMap ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
