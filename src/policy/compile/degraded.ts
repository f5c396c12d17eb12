/**
 * The last rungs of a use case with everything resolved: degraded modes, the answer cache, overflow measures.
 * Owns their cross-checks.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { AnswerRule, DegradedMode, OverflowMeasure, TicketWebhook } from "../../core/plan.ts";
import { alwaysAnswers } from "../../core/plan.ts";
import type { AnswerCacheSettings } from "../../core/settings.ts";
import { variablesOf } from "../document/degraded.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import type { Path, Report } from "../finding.ts";
import { compileLinearPattern } from "../linear-pattern.ts";
import { calledModel, resolveModel } from "./aliases.ts";
import { type CredentialPorts, readSecret } from "./credentials.ts";
import type { Inventory } from "./deployments.ts";

type WrittenUseCase = PolicyDocument["use_cases"][string];
type WrittenMode = WrittenUseCase["ladder"]["degraded"][number];
type Written<Mode extends keyof WrittenMode> = NonNullable<WrittenMode[Mode]>;

export interface LastRungs {
  readonly degraded: readonly DegradedMode[];
  readonly cache: AnswerCacheSettings | null;
  readonly onOverflow: readonly OverflowMeasure[];
}

export interface FolderPorts {
  /** Whether a folder is there, as seen from the policy's own; absent: nobody can tell. */
  hasFolder?(folder: string): boolean;
}

interface World {
  readonly inventory: Inventory;
  readonly ports: CredentialPorts & FolderPorts;
  readonly report: Report;
}

/** `path`: the use case's. */
export function compileLastRungs(written: WrittenUseCase, path: Path, world: World): LastRungs {
  const cache = written.cache === undefined ? null : compileCache(written.cache);
  const modes = written.ladder.degraded;
  const at = [...path, "ladder", "degraded"];
  const degraded = modes.flatMap((mode, index) => compileMode(mode, [...at, index], cache, world) ?? []);
  reportUnreachable(degraded, modes.length, at, world.report);
  for (const [index, mode] of modes.entries()) checkTemplates(mode, [...at, index], world.report);
  const onOverflow = compileOverflow(written.on_overflow, [...path, "on_overflow"], world);
  return { degraded, cache, onOverflow };
}

/** Models that are asked for something other than the answer; what no rule can override holds for them, too. */
export function sideModels({ degraded, onOverflow }: LastRungs): readonly SideModel[] {
  const models: SideModel[] = [];
  for (const mode of degraded) {
    if (mode.mode === "summarize_only") models.push({ ...mode, at: ["ladder", "degraded"] });
  }
  for (const measure of onOverflow) {
    if (measure.type === "summarize") models.push({ ...measure, at: ["on_overflow"] });
  }
  return models;
}

interface SideModel {
  readonly model: string;
  readonly deployments: readonly Deployment[];
  readonly at: Path;
}

function compileCache({ ttl, stale_for, scope }: NonNullable<WrittenUseCase["cache"]>): AnswerCacheSettings {
  return { ttlMs: milliseconds(ttl), staleForMs: milliseconds(stale_for), scope };
}

/** Null where it cannot be, which was reported. */
function compileMode(
  written: WrittenMode,
  path: Path,
  cache: AnswerCacheSettings | null,
  world: World,
): DegradedMode | null {
  const { cached, partial, template, rules, retrieval, summarize_only: summarize, human, busy } = written;
  if (cached) return compileCached(cached, [...path, "cached"], cache, world.report);
  if (partial) return { mode: "partial", minChars: partial.min_chars, status: partial.status };
  if (template) return { mode: "template", message: template.message, status: template.status };
  if (rules) return { mode: "rules", rules: compileRules(rules, [...path, "rules"], world.report) };
  if (retrieval) {
    const { folder, top, message, status } = retrieval;
    if (world.ports.hasFolder?.(folder) === false) {
      const missing = `There is no folder "${folder}" beside the policy: the mode \`retrieval\` has nothing to quote.`;
      const fix = "Create it with .md and .txt files in it, or name another.";
      world.report.warning("missing_folder", [...path, "retrieval", "folder"], missing, fix);
    }
    return { mode: "retrieval", folder, top, message, status };
  }
  if (summarize) return compileSummarizeOnly(summarize, [...path, "summarize_only"], world);
  if (human) return compileHuman(human, [...path, "human"], world);
  if (!busy) return null;
  const retryAfterSeconds = Math.ceil(milliseconds(busy.retry_after) / 1000);
  return { mode: "busy", message: busy.message, status: busy.status, retryAfterSeconds };
}

function compileCached(
  { max_age: written, stale, status }: Written<"cached">,
  path: Path,
  cache: AnswerCacheSettings | null,
  report: Report,
): DegradedMode | null {
  if (cache === null) {
    const message = "The mode `cached` has no answers to give: the use case keeps none.";
    report.error("no_cache", path, message, "Add `cache: { ttl: 10m, stale_for: 24h }` to the use case.");
    return null;
  }
  const kept = stale ? cache.ttlMs + cache.staleForMs : cache.ttlMs;
  const wanted = written === undefined ? kept : milliseconds(written);
  if (wanted > kept && written !== undefined) {
    const message = "max_age is longer than answers are kept, or may be stale: the rest of it has no effect.";
    report.warning(
      "cache_too_short",
      [...path, "max_age"],
      message,
      "Lengthen cache.stale_for, or shorten it.",
    );
  }
  return { mode: "cached", maxAgeMs: Math.min(wanted, kept), status };
}

function compileRules(written: Written<"rules">, path: Path, report: Report): readonly AnswerRule[] {
  return written.map(({ match, contains, answer, status }, index) => {
    if (match === undefined) {
      const words = [contains ?? []].flat();
      return { source: words.join(" | "), matches: containsAny(words), answer, status };
    }
    const compiled = compileLinearPattern(match);
    if (compiled.ok) return { source: match, matches: compiled.matches, answer, status };
    const { message, offset } = compiled;
    const fix = "Take it out, or write `contains: [words]` instead.";
    report.error("invalid_pattern", [...path, index, "match"], `The pattern ${message}.`, fix, { offset });
    return { source: match, matches: () => false, answer, status };
  });
}

function containsAny(words: readonly string[]): AnswerRule["matches"] {
  const wanted = words.map((word) => word.toLowerCase());
  return (text) => {
    const given = text.toLowerCase();
    return wanted.some((word) => given.includes(word));
  };
}

function compileSummarizeOnly(
  { model, max_output_tokens: maxOutputTokens, message, status }: Written<"summarize_only">,
  path: Path,
  world: World,
): DegradedMode | null {
  const named = deployedModel(model, [...path, "model"], world);
  return named === null ? null : { mode: "summarize_only", ...named, maxOutputTokens, message, status };
}

function compileHuman(written: Written<"human">, path: Path, world: World): DegradedMode {
  const { queue, message, store_prompt: storePrompt, max_open: maxOpen, webhook, status } = written;
  const compiled = webhook === undefined ? null : compileWebhook(webhook, [...path, "webhook"], world);
  return { mode: "human", queue, message, storePrompt, maxOpen, webhook: compiled, status };
}

function compileWebhook(
  { url, secret: source }: NonNullable<Written<"human">["webhook"]>,
  path: Path,
  { ports, report }: World,
): TicketWebhook {
  const secret = readSecret(source, ports);
  if (secret === null) {
    const where = source.env === undefined ? `file ${source.file}` : `environment variable ${source.env}`;
    const message = `The webhook's secret is missing (${where}): answers wait and are not sent.`;
    const fix =
      source.env === undefined ? `Create the file ${source.file}.` : `Set ${source.env} before starting.`;
    report.warning("missing_webhook_secret", [...path, "secret"], message, fix);
  }
  return { url, secret };
}

interface DeployedModel {
  readonly model: string;
  readonly alias?: string;
  readonly deployments: readonly Deployment[];
}

/** Null where there are none, which was reported. */
function deployedModel(name: string, path: Path, { inventory, report }: World): DeployedModel | null {
  const named = resolveModel(name, path, inventory, report);
  if (named === null) return null;
  const { model, alias } = named;
  const deployments = inventory.byModel.get(model) ?? [];
  if (deployments.length > 0) return { model, ...(alias !== null && { alias }), deployments };
  const message = `The model ${calledModel(named)} has no deployment.`;
  report.error("empty_rung", path, message, "Add one under deployments.");
  return null;
}

function compileOverflow(
  written: WrittenUseCase["on_overflow"],
  path: Path,
  world: World,
): readonly OverflowMeasure[] {
  const end = written.indexOf("fail");
  if (end !== -1 && end < written.length - 1) {
    const message = "The measures after `fail` are never taken.";
    world.report.warning("unreachable_overflow_measure", [...path, end + 1], message, "Put `fail` last.");
  }
  return written.flatMap((measure, index): readonly OverflowMeasure[] => {
    if (typeof measure === "string") return [{ type: measure }];
    const named = deployedModel(measure.summarize.model, [...path, index, "summarize", "model"], world);
    return named === null ? [] : [{ type: "summarize", ...named }];
  });
}

function reportUnreachable(
  modes: readonly DegradedMode[],
  written: number,
  path: Path,
  report: Report,
): void {
  // Where one could not be compiled, the places of the others are not known.
  if (modes.length !== written) return;
  const last = modes.findIndex(alwaysAnswers);
  if (last === -1 || last === modes.length - 1) return;
  const message = `This degraded mode never answers: \`${modes[last]?.mode}\` before it always does.`;
  const fix = "Put it before that one, or take it out.";
  report.warning("unreachable_degraded_mode", [...path, last + 1], message, fix);
}

function checkTemplates(mode: WrittenMode, path: Path, report: Report): void {
  for (const [kind, body] of Object.entries(mode)) {
    if (body === undefined) continue;
    if (Array.isArray(body)) {
      for (const [index, { answer }] of body.entries()) {
        checkTemplate(answer, variablesOf(kind), [...path, kind, index, "answer"], report);
      }
    } else if ("message" in body) {
      checkTemplate(body.message, variablesOf(kind), [...path, kind, "message"], report);
    }
  }
}

function checkTemplate(text: string, variables: readonly string[], path: Path, report: Report): void {
  for (const [, name = ""] of text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)) {
    if (variables.includes(name)) continue;
    const fix = report.suggest(name, variables, "Remove it.");
    report.warning("unknown_variable", path, `Nothing fills in {{${name}}}.`, fix);
  }
}
