/** What the schema says, in words for a policy author. Owns messages and fixes; knows no rule of its own. */
import { z } from "zod";
import { formatPath, type Path, type Report } from "../finding.ts";
import { nearest, suggestion } from "../suggest.ts";
import { descriptionOf, keysOf, literalsOf, schemaAt, valueAt } from "./schema-walk.ts";
import { howToWrite } from "./written-value.ts";

type Issue = z.core.$ZodIssue;

/** What the texts say of a path, beyond the values. */
export interface Texts {
  /** The value as it stands there; null: it is not there. */
  written(path: Path): string | null;
  /** The entry around it that an overlay has made anew, beside `known` of the texts before; null: none. Absent: one text. */
  added?(path: Path): { readonly entry: Path; readonly known: readonly string[] } | null;
}

/** Reports every issue of one parse of `root`, except those at or under a path in `silent`. */
export function reportIssues(
  schema: z.ZodType,
  root: unknown,
  issues: readonly Issue[],
  report: Report,
  silent: readonly Path[],
  texts: Texts,
): void {
  const misnamed = new Set<string>();
  for (const issue of issues) {
    const path = pathOf(issue);
    if (!isSilent(path, silent)) reportIssue({ schema, root, report, issue, path, silent, texts, misnamed });
  }
}

interface Context {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly report: Report;
  readonly issue: Issue;
  readonly path: Path;
  readonly silent: readonly Path[];
  readonly texts: Texts;
  /** Entries of an overlay that were said to be meant for another one. */
  readonly misnamed: Set<string>;
}

function reportIssue(context: Context): void {
  const { issue, path, report } = context;
  if (issue.code === "unrecognized_keys") reportUnknownKeys(context, issue.keys);
  else if (issue.code === "invalid_union") reportUnion(context, issue);
  else if (issue.code === "invalid_value") reportChoice(context, issue.values);
  else if (issue.code === "invalid_type") reportType(context, issue);
  else if (issue.code === "invalid_key") {
    const why = issue.issues[0]?.message ?? "is not valid";
    report.error("invalid_name", path, `The name ${why}.`, "Rename it.", { key: true });
  } else {
    const message = `${nameOf(path)} ${boundOf(issue) ?? decapitalise(issue.message)}.`;
    report.error("invalid_value", path, message, describe(context, path));
  }
}

/** Null: the issue is about no bound, or the schema has words of its own for it. */
function boundOf(issue: Issue): string | null {
  if (issue.code !== "too_small" && issue.code !== "too_big") return null;
  if (!/^Too (small|big)/.test(issue.message)) return null;
  const isSmall = issue.code === "too_small";
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  const units = COUNTED[issue.origin];
  if (units) return `must have at ${isSmall ? "least" : "most"} ${bound} ${units[bound === 1 ? 0 : 1]}`;
  if (issue.inclusive === false) return `must be ${isSmall ? "more" : "less"} than ${bound}`;
  return `must be at ${isSmall ? "least" : "most"} ${bound}`;
}

const COUNTED: Readonly<Record<string, readonly [one: string, several: string]>> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
  record: ["entry", "entries"],
  object: ["entry", "entries"],
};

function reportUnknownKeys(context: Context, keys: readonly string[]): void {
  const { schema, root, report, path, silent } = context;
  const known = keysOf(schemaAt(schema, root, path));
  for (const key of keys) {
    if (isSilent([...path, key], silent)) continue;
    const where = path.length === 0 ? "at the top level" : `in ${formatPath(path)}`;
    // Names of keys are all that there are, and few: whoever guesses wants to see them.
    const fix = suggestion(key, known, "Remove it.", known.length);
    report.error("unknown_key", [...path, key], `There is no key "${key}" ${where}.`, fix, { key: true });
  }
}

/** Reports the branch that fits what was written: the object's for a map, the text's for text. */
function reportUnion(context: Context, issue: Extract<Issue, { code: "invalid_union" }>): void {
  const value = valueAt(context.root, context.path);
  const branch = issue.errors.find((issues) => !issues.some((inner) => isTypeMismatch(inner)));
  if (branch !== undefined && value !== undefined) {
    for (const inner of branch) {
      const path = [...context.path, ...pathOf(inner)];
      reportIssue({ ...context, issue: inner, path });
    }
    return;
  }
  const words = issue.errors.flat().flatMap((inner) => wordsOf(inner));
  if (typeof value === "string" && words.length > 0) {
    reportChoice(context, words, describe(context, context.path));
    return;
  }
  const parent = schemaAt(context.schema, context.root, context.path.slice(0, -1), true);
  if (issue.errors.length === 0 && parent instanceof z.ZodUnion) {
    const key = String(context.path.at(-1));
    const choices = parent.options.flatMap((option) => literalsOf(option, key));
    reportChoice(context, choices);
    return;
  }
  if (value === undefined) {
    reportMissing(context);
    return;
  }
  const message = `${nameOf(context.path)} has the wrong form: ${typeName(value)} does not fit here.`;
  context.report.error("invalid_type", context.path, message, describe(context, context.path));
}

/** A branch of a union that was meant for another kind of value. */
function isTypeMismatch(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** Words of which one was expected in place of what stands there. */
function wordsOf(issue: Issue): readonly string[] {
  if (issue.code !== "invalid_value" || issue.path.length > 0) return [];
  return issue.values.filter((value) => typeof value === "string");
}

/** `otherwise`: what to say where no choice is near; absent: the choices are all there is. */
function reportChoice(context: Context, choices: readonly unknown[], otherwise: string | null = null): void {
  const { schema, root, report, path } = context;
  const value = valueAt(root, path);
  if (value === undefined) {
    const fix = `Use one of: ${choices.join(", ")}.`;
    report.error("missing_key", path, `${nameOf(path)} is missing.`, fix);
    return;
  }
  const shown = typeof value === "string" && value.length <= 64 ? `"${value}"` : typeName(value);
  // The key of such a map is a name of the author's, and says nothing of what belongs there.
  const isNamed = schemaAt(schema, root, path.slice(0, -1)) instanceof z.ZodRecord;
  const what = isNamed
    ? `value of ${nameOf(path)}`
    : String(path.findLast((part) => typeof part === "string"));
  const message = `${shown} is not a valid ${what}.`;
  const [only] = choices;
  const fix =
    typeof only === "number"
      ? `Write the number ${only}${typeof value === "string" ? ", without quotes" : ""}.`
      : suggestion(String(value), choices.map(String), "See the schema.");
  if (otherwise !== null && nearest(String(value), choices.map(String)) === null) {
    report.error("invalid_value", path, message, otherwise);
    return;
  }
  report.error("invalid_value", path, message, fix);
}

function reportType(context: Context, issue: Extract<Issue, { code: "invalid_type" }>): void {
  const { path, report, root } = context;
  const value = valueAt(root, path);
  if (value === undefined) {
    reportMissing(context);
    return;
  }
  const complaint = issue.message.startsWith("must ")
    ? issue.message
    : `must be ${WORDS[issue.expected] ?? issue.expected}, not ${typeName(value)}`;
  // A type of the schema's own words is no plain one: `20` in quotes would still be no duration.
  const plain =
    complaint === issue.message ? "" : howToWrite(value, issue.expected, context.texts.written(path));
  const fix = `${plain}${plain === "" ? "" : " "}${describe(context, path)}`;
  report.error("invalid_type", path, `${nameOf(path)} ${complaint}.`, fix);
}

function reportMissing(context: Context): void {
  const { path, report } = context;
  if (reportMisnamed(context)) return;
  const fix = `Add ${String(path.at(-1))}: ${describe(context, path)}`;
  report.error("missing_key", path, `${nameOf(path)} is missing.`, fix);
}

/** True where the missing key is of an entry that an overlay has made by a slip: it was meant for one that is there. */
function reportMisnamed({ path, report, texts, misnamed }: Context): boolean {
  const added = texts.added?.(path) ?? null;
  if (added === null) return false;
  const { entry, known } = added;
  const name = String(entry.at(-1));
  if (nearest(name, known) === null) return false;
  const place = formatPath(entry);
  if (misnamed.has(place)) return true;
  misnamed.add(place);
  const message = `Before this overlay there is no "${name}" in ${formatPath(entry.slice(0, -1))}, and ${nameOf(path)} is missing.`;
  report.error("missing_key", entry, message, suggestion(name, known, ""), { key: true });
  return true;
}

const WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
};

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? "text" : `${typeof value} ${String(value)}`;
}

/** The published description of what belongs at `path`. */
function describe({ schema, root }: Context, path: Path): string {
  return descriptionOf(schemaAt(schema, root, path, true)) ?? "See the published schema.";
}

function pathOf(issue: Issue): Path {
  return issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
}

function isSilent(path: Path, silent: readonly Path[]): boolean {
  return silent.some((quiet) => isUnder(path, quiet));
}

function isUnder(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((segment, index) => segment === path[index]);
}

function nameOf(path: Path): string {
  if (path.length === 0) return "The policy";
  // A position in a list says nothing without the list's name.
  const start = Math.max(0, path.length - 2);
  return formatPath(path.slice(typeof path[start] === "number" ? Math.max(0, start - 1) : start));
}

function decapitalise(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
