/** What is wrong with a request, in words. Owns codes, paths and sentences; never quotes the caller's values. */
import type { z } from "zod";
import { type Fault, fault } from "../core/faults.ts";
import { isRecord } from "../core/json.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Deepest path that a message names; what lies below is not shown. */
const MAX_SEGMENTS = 12;
const PLAIN_KEY = /^[A-Za-z_][\w-]{0,63}$/;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a finite number",
  int: "an integer",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
};

/** What to use in place of something this gateway refuses, by the value of a discriminating field. */
const INSTEAD: Readonly<Record<string, string>> = {
  input_audio: "Audio input is not supported. Send a transcript as a text part.",
  function: "Messages with the role `function` are not supported. Use the role `tool` with `tool_call_id`.",
  custom:
    "Custom tools are not supported. Describe the tool as a function whose parameters have one string property.",
  allowed_tools:
    "`allowed_tools` is not supported. Send only the allowed tools in `tools`, and `auto` or `required` here.",
};

/** The fault of the first issue; `body` is looked at for what is there, and not shown. */
export function issueFault(issues: readonly Issue[], body: unknown): Fault {
  const first = issues[0];
  if (first === undefined) return fault("invalid", "invalid_value", "The request is not valid.");
  const { issue, path } = deepest(first, first.path);
  const param = paramOf(path);
  const found = valueAt(body, path);
  const instead = insteadOf(found);
  if (instead !== undefined) return fault("invalid", "unsupported_value", instead, { param });
  const [code, message] = describe(issue, found, `\`${param}\``);
  return fault("invalid", code, message, { param });
}

/** Of a union's branches the one that got furthest, or had the right type at least: it is what was meant. */
function deepest(issue: Issue, path: Path): { issue: Issue; path: Path } {
  if (issue.code !== "invalid_union") return { issue, path };
  let best: { issue: Issue; path: Path } = { issue, path };
  for (const branch of issue.errors) {
    const first = branch[0];
    if (first === undefined) continue;
    const inner = deepest(first, [...path, ...first.path]);
    const rightType = best.issue === issue && inner.issue.code !== "invalid_type";
    if (inner.path.length > best.path.length || rightType) best = inner;
  }
  return best;
}

function describe(issue: Issue, found: unknown, field: string): readonly [string, string] {
  if (found === undefined && issue.code !== "custom") {
    return ["missing_field", `${field} is required. Add it${expectation(issue)}.`];
  }
  switch (issue.code) {
    case "invalid_type":
      return ["invalid_type", `${field} must be ${TYPE_WORDS[issue.expected] ?? "of another type"}.`];
    case "invalid_value":
      return ["invalid_value", `${field} must be ${oneOf(issue.values)}.`];
    case "invalid_union":
      return describeUnion(issue, field);
    case "too_small":
      return ["invalid_value", `${field} must ${bound(issue.origin, "at least", Number(issue.minimum))}.`];
    case "too_big":
      return ["invalid_value", `${field} must ${bound(issue.origin, "at most", Number(issue.maximum))}.`];
    default:
      return ["invalid_value", `${field} has a value that is not allowed.`];
  }
}

function describeUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  field: string,
): readonly [string, string] {
  const options = discriminators(issue);
  if (options.length > 0) return ["unsupported_value", `${field} must be ${oneOf(options)}.`];
  const kinds = new Set<string>();
  for (const [first] of issue.errors) {
    if (first?.code === "invalid_type") kinds.add(TYPE_WORDS[first.expected] ?? "of another type");
    else if (first?.code === "invalid_value") kinds.add(oneOf(first.values));
  }
  return ["invalid_type", `${field} must be ${[...kinds].join(" or ") || "of another type"}.`];
}

function expectation(issue: Issue): string {
  if (issue.code === "invalid_type") return ` as ${TYPE_WORDS[issue.expected] ?? "a value"}`;
  const options = discriminators(issue);
  if (options.length > 0) return `: ${oneOf(options)}`;
  if (issue.code === "invalid_value") return `: ${oneOf(issue.values)}`;
  return "";
}

/** The values that a discriminating field may have, where the issue is about one. */
function discriminators(issue: Issue): readonly unknown[] {
  return "options" in issue && Array.isArray(issue.options) ? issue.options : [];
}

/** The values of the schema, which are ours to quote. */
function oneOf(values: readonly unknown[]): string {
  const quoted = values.map((value) => `\`${String(value)}\``);
  return quoted.length === 1 ? `${quoted[0]}` : `one of ${quoted.join(", ")}`;
}

function bound(origin: string, word: string, limit: number): string {
  if (origin === "string") return `have ${word} ${limit} ${limit === 1 ? "character" : "characters"}`;
  if (origin === "array") return `have ${word} ${limit} ${limit === 1 ? "item" : "items"}`;
  return `be ${word} ${limit}`;
}

function insteadOf(found: unknown): string | undefined {
  return typeof found === "string" && Object.hasOwn(INSTEAD, found) ? INSTEAD[found] : undefined;
}

/** `messages[0].content[1].text`; stops at a key that is the caller's own text. */
function paramOf(path: Path): string {
  let param = "";
  for (const segment of path.slice(0, MAX_SEGMENTS)) {
    if (typeof segment === "number") param += `[${segment}]`;
    else if (typeof segment === "string" && PLAIN_KEY.test(segment)) param += param ? `.${segment}` : segment;
    else break;
  }
  return param;
}

function valueAt(body: unknown, path: Path): unknown {
  let value = body;
  for (const segment of path) {
    if (Array.isArray(value) && typeof segment === "number") value = value[segment];
    else if (isRecord(value) && typeof segment === "string" && Object.hasOwn(value, segment)) {
      value = value[segment];
    } else return undefined;
  }
  return value;
}
