/** Match tables as conditions, without CEL. Owns what an entry means, and what of it can never hold. */

import type { RuleRequirement } from "../../core/route-rule.ts";
import type { Condition, RuleContext } from "../../core/rule-context.ts";
import { parseRange } from "../conditions/match-range.ts";
import {
  CALLER_FIELDS,
  ESTIMATED_SIGNALS,
  FIELD_VALUES,
  isTracked,
  REQUEST_FIELDS,
  SPEND_SIGNALS,
} from "../conditions/rule-facts.ts";
import type { MatchTable } from "../document/match.ts";
import type { Path, Report } from "../finding.ts";

export interface CompiledMatch {
  readonly condition: Condition;
  /** As written, on one line; entries in the order of the schema. */
  readonly source: string;
  readonly reads: ReadonlySet<string>;
  readonly requires: readonly RuleRequirement[];
}

type Owner = keyof RuleContext;
type Test = (context: RuleContext) => boolean;

/** Reports what can never hold: an error where it is a whole entry, which matches nothing, else a warning. */
export function compileMatch(table: MatchTable, path: Path, report: Report): CompiledMatch {
  const tests: Test[] = [];
  const requires: RuleRequirement[] = [];
  const reads = new Set<string>();
  for (const [name, written] of Object.entries(table)) {
    if (written === undefined) continue;
    const owner = ownerOf(name);
    const at = [...path, name];
    if (isTracked(name)) reads.add(name);
    if (typeof written === "boolean") tests.push((context) => read(context, owner, name) === written);
    else if (isRange(name)) tests.push(compileRange(written, owner, name, at, report));
    else {
      const values = compileWords(written, owner, name, at, report);
      requires.push({ field: `${owner}.${name}`, values });
      tests.push(wordTest(values, owner, name));
    }
  }
  return { condition: allOf(cheapestFirst(tests, table)), source: renderMatch(table), reads, requires };
}

const RANGES: ReadonlySet<string> = new Set([
  "messages",
  "max_tokens",
  "input_tokens",
  "complexity",
  "hour",
  "minute",
  "weekday",
  ...SPEND_SIGNALS.keys(),
]);

function isRange(name: string): boolean {
  return RANGES.has(name);
}

function ownerOf(name: string): Owner {
  return Object.hasOwn(REQUEST_FIELDS, name)
    ? "request"
    : Object.hasOwn(CALLER_FIELDS, name)
      ? "caller"
      : "signals";
}

/** The names are the schema's, and all of them are fields of the facts. */
function read(context: RuleContext, owner: Owner, name: string): unknown {
  return (context[owner] as Readonly<Record<string, unknown>>)[name];
}

function compileWords(written: unknown, owner: Owner, name: string, path: Path, report: Report): string[] {
  const words = Array.isArray(written) ? written.map(String) : [String(written)];
  const known = FIELD_VALUES[`${owner}.${name}`];
  // A wrong member of a list leaves out what it stands for; the entry without a right one never matches.
  const isPart = known !== undefined && words.some((word) => known.includes(word));
  for (const [index, word] of words.entries()) {
    if (known === undefined || known.includes(word)) continue;
    const at = Array.isArray(written) ? [...path, index] : path;
    const language = name === "language" ? languageHint(word, known) : null;
    const fix = language ?? report.suggest(word, known, "Use one that exists.");
    const message = `"${word}" is not a ${name} that a request can have.`;
    if (isPart) report.warning("doubtful_condition", at, message, fix);
    else report.error("invalid_match", at, message, fix);
  }
  return words;
}

/** `pt-BR` and `DE` are languages, written another way. */
function languageHint(word: string, known: readonly string[]): string | null {
  const plain = word.toLowerCase().split(/[-_]/)[0] ?? "";
  return known.includes(plain)
    ? `Write "${plain}": languages are told apart, regions and scripts are not.`
    : null;
}

function wordTest(values: readonly string[], owner: Owner, name: string): Test {
  const [only] = values;
  if (values.length === 1) return (context) => read(context, owner, name) === only;
  const set = new Set<unknown>(values);
  return (context) => set.has(read(context, owner, name));
}

function compileRange(written: unknown, owner: Owner, name: string, path: Path, report: Report): Test {
  const several = Array.isArray(written);
  const choices = several ? written : [written];
  const ranges = choices.map((choice) => parseRange(choice as number | string, `${owner}.${name}`));
  const tests = ranges.flatMap((range) => (range.ok ? [range.test] : []));
  for (const [index, range] of ranges.entries()) {
    const problem = range.ok ? range.doubt : range.problem;
    if (problem === null) continue;
    const { message, fix, offset } = problem;
    const at = several ? [...path, index] : path;
    const isFatal = !range.ok && (!range.readable || tests.length === 0);
    if (isFatal) report.error("invalid_match", at, message, fix, { offset });
    else report.warning("doubtful_condition", at, message, fix, { offset });
  }
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) {
    return (context) => only(read(context, owner, name) as number);
  }
  return (context) => {
    const value = read(context, owner, name) as number;
    return tests.some((test) => test(value));
  };
}

/** Entries that read the request's text come last: most often another one has decided by then. */
function cheapestFirst(tests: readonly Test[], table: MatchTable): readonly Test[] {
  const names = Object.entries(table).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const isCostly = (index: number) => (ESTIMATED_SIGNALS as readonly string[]).includes(names[index] ?? "");
  return [...tests.filter((_, index) => !isCostly(index)), ...tests.filter((_, index) => isCostly(index))];
}

function allOf(tests: readonly Test[]): Condition {
  return (context) => {
    for (const test of tests) if (!test(context)) return false;
    return true;
  };
}

/** As a map in YAML's flow style. */
function renderMatch(table: MatchTable): string {
  const entries = Object.entries(table).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${renderValue(value)}`],
  );
  return `{ ${entries.join(", ")} }`;
}

function renderValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderValue).join(", ")}]`;
  return typeof value !== "string" || /^[A-Za-z][\w.-]*$/.test(value) ? String(value) : JSON.stringify(value);
}
