/** What the schema says, in words for a policy author. Owns messages and fixes; knows no rule of its own. */
import { z } from "zod";
import { formatPath, type Path, type Report } from "../finding.ts";
import { suggestion } from "../suggest.ts";
import { howToWrite } from "./written-value.ts";

type Issue = z.core.$ZodIssue;

/**
 * Reports every issue of one parse of `root`, except those at or under a path in `silent`. `written`: the value at a path
 * as it stands in the text, or null.
 */
export function reportIssues(
  schema: z.ZodType,
  root: unknown,
  issues: readonly Issue[],
  report: Report,
  silent: readonly Path[],
  written: (path: Path) => string | null,
): void {
  for (const issue of issues) {
    const path = pathOf(issue);
    if (!isSilent(path, silent)) reportIssue({ schema, root, report, issue, path, silent, written });
  }
}

interface Context {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly report: Report;
  readonly issue: Issue;
  readonly path: Path;
  readonly silent: readonly Path[];
  readonly written: (path: Path) => string | null;
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

function reportChoice({ root, report, path }: Context, choices: readonly unknown[]): void {
  const value = valueAt(root, path);
  if (value === undefined) {
    const fix = `Use one of: ${choices.join(", ")}.`;
    report.error("missing_key", path, `${nameOf(path)} is missing.`, fix);
    return;
  }
  const shown = typeof value === "string" && value.length <= 64 ? `"${value}"` : typeName(value);
  const message = `${shown} is not a valid ${String(path.findLast((part) => typeof part === "string"))}.`;
  const [only] = choices;
  const fix =
    typeof only === "number"
      ? `Write the number ${only}${typeof value === "string" ? ", without quotes" : ""}.`
      : suggestion(String(value), choices.map(String), "See the schema.");
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
  const plain = complaint === issue.message ? "" : howToWrite(value, issue.expected, context.written(path));
  const fix = `${plain}${plain === "" ? "" : " "}${describe(context, path)}`;
  report.error("invalid_type", path, `${nameOf(path)} ${complaint}.`, fix);
}

function reportMissing(context: Context): void {
  const { path, report } = context;
  const fix = `Add ${String(path.at(-1))}: ${describe(context, path)}`;
  report.error("missing_key", path, `${nameOf(path)} is missing.`, fix);
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

function descriptionOf(schema: z.ZodType | null): string | undefined {
  if (schema === null) return undefined;
  if (schema.description !== undefined) return schema.description;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? descriptionOf(schema.unwrap() as z.ZodType)
    : undefined;
}

/** The schema that governs `path` of `root`; unions are followed by what was written. */
function schemaAt(schema: z.ZodType, root: unknown, path: Path, wrapped = false): z.ZodType | null {
  let current: z.ZodType | null = schema;
  let value = root;
  for (const segment of path) {
    const inner: z.ZodType | null = current === null ? null : choose(unwrap(current), value);
    current = inner === null ? null : child(inner, segment);
    value = valueAt(value, [segment]);
  }
  if (wrapped || current === null) return current;
  return choose(unwrap(current), value);
}

function child(schema: z.ZodType, segment: string | number): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    return Object.hasOwn(shape, segment) ? (shape[segment] as z.ZodType) : null;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return null;
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;
}

function choose(schema: z.ZodType, value: unknown): z.ZodType {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const options = schema.options as readonly z.ZodType[];
  if (typeof value !== "object" || value === null) return schema;
  const kind = String(valueAt(value, ["kind"]));
  const objects = options.filter((option) => option instanceof z.ZodObject);
  return objects.find((option) => literalsOf(option, "kind").includes(kind)) ?? objects[0] ?? schema;
}

function literalsOf(option: unknown, key: string): readonly string[] {
  if (!(option instanceof z.ZodObject)) return [];
  const field: unknown = (option.shape as Readonly<Record<string, unknown>>)[key];
  return field instanceof z.ZodLiteral ? [...field.values].map(String) : [];
}

function keysOf(schema: z.ZodType | null): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[segment];
  }
  return value;
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
