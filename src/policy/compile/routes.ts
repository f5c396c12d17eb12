/** Routes of a document as rules of its use cases. Owns which rule concerns whom, and which never matches. */

import type { RouteRule } from "../../core/route-rule.ts";
import type { Steps } from "../../core/steps.ts";
import { compileCondition } from "../conditions/conditions.ts";
import { prepareEstimates } from "../conditions/rule-facts.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Path, Report } from "../finding.ts";
import type { Inventory } from "./deployments.ts";
import { compileLadder } from "./ladder.ts";
import { type CompiledMatch, compileMatch } from "./match.ts";

type WrittenRoute = PolicyDocument["routes"][number];

/** A rule and where it is written. */
export interface PlacedRule {
  readonly rule: RouteRule;
  readonly path: Path;
}

/** The rules of each use case, in the order of the document. */
export function* compileRoutes(
  document: PolicyDocument,
  inventory: Inventory,
  report: Report,
): Steps<ReadonlyMap<string, readonly PlacedRule[]>> {
  const ids = Object.keys(document.use_cases);
  const rules = new Map<string, PlacedRule[]>(ids.map((id) => [id, []]));
  const names = new Set<string>();
  /** Use cases that an earlier rule without a condition takes whole, and that rule's name. */
  const covered = new Map<string, string>();
  for (const [index, written] of document.routes.entries()) {
    yield;
    const path = ["routes", index];
    if (names.has(written.name)) {
      const message = `Another route is called "${written.name}".`;
      report.error("duplicate_route", [...path, "name"], message, "Give each its own name.");
    }
    names.add(written.name);
    const rule = compileRule(written, path, inventory, report);
    reportUnknownKeys(rule, written, path, document, report);
    const concerned = useCasesOf(written, path, ids, document, report);
    const open = concerned.filter((id) => !covered.has(id));
    if (concerned.length > 0 && open.length === 0) {
      const earlier = covered.get(concerned[0] ?? "");
      const message = `The route "${written.name}" never matches: "${earlier}" before it has no condition.`;
      report.warning("unreachable_route", path, message, `Move it before "${earlier}", or remove it.`);
    }
    reportTwin(rule, open, path, rules, report);
    for (const id of open) rules.get(id)?.push({ rule, path });
    if (rule.when === null) for (const id of open) covered.set(id, written.name);
  }
  return rules;
}

/**
 * Keys may come with an overlay, so that this is no error; a policy without keys says nothing of who there is.
 */
function reportUnknownKeys(
  { name, requires }: RouteRule,
  { match }: WrittenRoute,
  path: Path,
  { keys }: PolicyDocument,
  report: Report,
): void {
  if (keys.length === 0) return;
  for (const { field, values } of requires) {
    if (field !== "caller.key" || values.some((value) => keys.some(({ id }) => id === value))) continue;
    const at = [...path, ...(match?.key === undefined ? ["when"] : ["match", "key"])];
    const message = `The route "${name}" never matches: there is no key "${values.join('" or "')}".`;
    const known = keys.map(({ id }) => id);
    report.warning(
      "doubtful_condition",
      at,
      message,
      report.suggest(values[0] ?? "", known, "Add it under keys."),
    );
  }
}

/** A rule with the words of an earlier one, in every use case that it concerns, can never be the first to match. */
function reportTwin(
  { name, source }: RouteRule,
  concerned: readonly string[],
  path: Path,
  rules: ReadonlyMap<string, readonly PlacedRule[]>,
  report: Report,
): void {
  if (source === null || concerned.length === 0) return;
  const twinIn = (id: string) => rules.get(id)?.find(({ rule }) => rule.source === source)?.rule.name;
  const earlier = twinIn(concerned[0] ?? "");
  if (earlier === undefined || !concerned.every((id) => twinIn(id) !== undefined)) return;
  const message = `The route "${name}" never matches: "${earlier}" before it has the same condition.`;
  report.warning("unreachable_route", path, message, "Remove one, or change its condition.");
}

function compileRule(written: WrittenRoute, path: Path, inventory: Inventory, report: Report): RouteRule {
  const ladder = compileLadder(written.ladder, [...path, "ladder"], { inventory, report });
  return { name: written.name, ...compileScope(written, path, inventory, report), ladder };
}

/** Match table and condition must both hold; neither of them: always. */
export function compileScope(
  written: Pick<WrittenRoute, "match" | "when">,
  path: Path,
  inventory: Inventory,
  report: Report,
): Pick<RouteRule, "when" | "source" | "reads" | "requires"> {
  const match = written.match === undefined ? null : compileMatch(written.match, [...path, "match"], report);
  const when = written.when === undefined ? null : compileWhen(written.when, path, inventory, report);
  const parts = [match, when].filter((part) => part !== null);
  const reads = new Set(parts.flatMap((part) => [...part.reads]));
  prepareEstimates(reads);
  const [first, second] = parts.map(({ condition }) => condition);
  return {
    when:
      first === undefined ? null : second === undefined ? first : (facts) => first(facts) && second(facts),
    source: parts.length === 0 ? null : parts.map(({ source }) => source).join(" and "),
    reads,
    requires: parts.flatMap(({ requires }) => requires),
  };
}

function compileWhen(source: string, path: Path, inventory: Inventory, report: Report): CompiledMatch {
  const at = [...path, "when"];
  const compiled = compileCondition(source, inventory.vocabulary);
  if (!compiled.ok) {
    const { message, fix, offset } = compiled.problem;
    report.error("invalid_condition", at, message, fix, { offset });
    return { condition: () => false, source, reads: new Set(), requires: [] };
  }
  if (compiled.doubt !== null) {
    const { message, fix, offset } = compiled.doubt;
    report.warning("doubtful_condition", at, message, fix, { offset });
  }
  for (const { id, offset } of compiled.deployments) {
    if (inventory.deployments.has(id)) continue;
    const fix = report.suggest(id, [...inventory.deployments.keys()], "Add it under deployments.");
    report.error("unknown_deployment", at, `There is no deployment "${id}".`, fix, { offset });
  }
  const { condition, reads, requires } = compiled;
  return { condition, source, reads, requires };
}

/** Those of `ids` that `written` names; all of them where it names none. */
export function useCasesOf(
  written: Pick<WrittenRoute, "use_case">,
  path: Path,
  ids: readonly string[],
  document: PolicyDocument,
  report: Report,
): readonly string[] {
  if (written.use_case === undefined) return ids;
  const single = typeof written.use_case === "string";
  const names = typeof written.use_case === "string" ? [written.use_case] : written.use_case;
  return names.filter((name, index) => {
    if (Object.hasOwn(document.use_cases, name)) return true;
    const at = single ? [...path, "use_case"] : [...path, "use_case", index];
    const fix = aliasHint(name, document) ?? report.suggest(name, ids, "Add it under use_cases.");
    report.error("unknown_use_case", at, `There is no use case "${name}".`, fix);
    return false;
  });
}

/** Aliases are for callers; in the policy a use case has one name. */
export function aliasHint(name: string, document: PolicyDocument): string | null {
  const owner = Object.entries(document.use_cases).find(([, { aliases }]) => aliases.includes(name));
  return owner === undefined ? null : `It is an alias of "${owner[0]}": write that.`;
}
