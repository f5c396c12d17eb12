/**
 * Comparisons of a field with something written out: those that name what the field never has, and those that a rule
 * cannot match without.
 */
import type { RuleRequirement } from "../../core/route-rule.ts";
import { suggestion } from "../suggest.ts";
import {
  argumentsOf,
  type ConditionProblem,
  type FieldNode,
  fieldOf,
  isNode,
  listOf,
  numberOf,
  type SyntaxNode,
  textOf,
} from "./node.ts";
import {
  ANY_NUMBER,
  type Interval,
  isOutside,
  neverIn,
  numberField,
  sundayHint,
  wordsForField,
} from "./number-field.ts";
import { CALLER_FIELDS, REQUEST_FIELDS, SIGNAL_FIELDS } from "./rule-facts.ts";

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

/** All that a text field can hold, by `owner.field`. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** What texts there are, as far as that is known. */
export interface KnownTexts {
  readonly values: KnownValues;
  /** What to do about a text that is an alias of a use case; null: it is none. */
  readonly aliasHint: (text: string) => string | null;
}

/** A comparison of a field, with the field on the left of `operator`. */
interface Comparison {
  readonly field: FieldNode;
  readonly operator: string;
  /** Members of the list for `in`, else one; only some of them may be written out. */
  readonly literals: readonly unknown[];
}

/** The first comparison, among those joined by `&&` at the condition's top, that can never hold; null: each can. */
export function impossibleComparison(ast: unknown, known: KnownTexts): ConditionProblem | null {
  if (!isNode(ast)) return null;
  if (ast.op === "&&") {
    const [left, right] = argumentsOf(ast);
    return impossibleComparison(left, known) ?? impossibleComparison(right, known);
  }
  const comparison = comparisonOf(ast);
  return comparison !== null && neverHolds(comparison, known) ? oddLiteral(comparison, known) : null;
}

/** The first comparison anywhere in it with a value that its field never has; null: there is none. */
export function oddComparison(ast: unknown, known: KnownTexts): ConditionProblem | null {
  if (typeof ast !== "object" || ast === null) return null;
  if (!isNode(ast)) return firstOdd(Object.values(ast), known);
  const comparison = comparisonOf(ast);
  const problem = comparison && oddLiteral(comparison, known);
  return problem ?? firstOdd(Array.isArray(ast.args) ? ast.args : [ast.args], known);
}

function firstOdd(values: readonly unknown[], known: KnownTexts): ConditionProblem | null {
  for (const value of values) {
    const problem = oddComparison(value, known);
    if (problem !== null) return problem;
  }
  return null;
}

export function comparisonOf(node: SyntaxNode): Comparison | null {
  if (!COMPARISONS.has(node.op)) return null;
  const [left, right] = argumentsOf(node);
  const onLeft = fieldOf(left);
  if (node.op === "in") {
    // A list that is not written out has members all the same.
    return onLeft && { field: onLeft, operator: "in", literals: listOf(right) ?? [right] };
  }
  if (onLeft !== null) return { field: onLeft, operator: node.op, literals: [right] };
  const onRight = fieldOf(right);
  return onRight && { field: onRight, operator: MIRRORED[node.op] ?? node.op, literals: [left] };
}

/** What a comparison says with its sides exchanged. */
const MIRRORED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

function neverHolds({ field, operator, literals }: Comparison, { values }: KnownTexts): boolean {
  if (operator === "!=" || literals.length === 0) return false;
  return literals.every(
    (literal) => isUnknownText(field, literal, values) || isBeyond(field, operator, literal),
  );
}

function isUnknownText({ owner, field }: FieldNode, literal: unknown, values: KnownValues): boolean {
  const known = values[`${owner}.${field}`];
  const text = textOf(literal);
  return known !== undefined && text !== null && !known.includes(text);
}

/** Whether no number of the field compares so with the literal. */
function isBeyond({ owner, field }: FieldNode, operator: string, literal: unknown): boolean {
  const known = numberField(`${owner}.${field}`);
  const number = numberOf(literal);
  return known !== undefined && number !== null && neverIn(intervalOf(operator, number), known);
}

/** The first value of the comparison that its field never has. */
function oddLiteral({ field, operator, literals }: Comparison, known: KnownTexts): ConditionProblem | null {
  for (const literal of literals) {
    const problem = oddText(field, literal, known) ?? oddNumber(field, operator, literal);
    if (problem !== null) return problem;
  }
  return null;
}

function oddText(
  { owner, field }: FieldNode,
  literal: unknown,
  { values, aliasHint }: KnownTexts,
): ConditionProblem | null {
  const name = `${owner}.${field}`;
  const text = textOf(literal);
  if (!isUnknownText({ owner, field }, literal, values) || text === null || !isNode(literal)) return null;
  const alias = name === "request.use_case" ? aliasHint(text) : null;
  const fix = alias ?? suggestion(text, values[name] ?? [], "Use one that exists.");
  return { message: `${name} is never "${text}".`, fix, offset: literal.start };
}

/** One beyond the most is let pass where it can hold: `hour < 24` means what it says. */
function oddNumber({ owner, field }: FieldNode, operator: string, literal: unknown): ConditionProblem | null {
  const name = `${owner}.${field}`;
  const known = numberField(name);
  const number = numberOf(literal);
  if (known === undefined || number === null || !isNode(literal)) return null;
  const { least, most } = known;
  const offset = literal.start;
  const what = wordsForField(known);
  const sunday = sundayHint(name, number);
  if (isOutside(number, known)) {
    const message = `${name} lies between ${least} and ${most}, never at ${number}.`;
    return { message, fix: `Compare it with a number from ${least} to ${most}.`, offset };
  }
  const fix = `Compare it with ${what}.${sunday}`;
  if (neverIn(intervalOf(operator, number), known)) {
    const compared = operator === "in" ? "==" : operator;
    return { message: `${name} ${compared} ${number} never holds: it is ${what}.`, fix, offset };
  }
  const isNamed = operator === "!=" || (operator === "<=" && sunday !== "");
  if (!isNamed || !neverIn(intervalOf("==", number), known)) return null;
  return { message: `${name} is never ${number}: it is ${what}.`, fix, offset };
}

/** `!=` says all but one number, which is as good as any. */
export function intervalOf(operator: string, number: number): Interval {
  if (operator === "!=") return ANY_NUMBER;
  const isUpper = operator === "<" || operator === "<=";
  const isLower = operator === ">" || operator === ">=";
  const included = operator !== "<" && operator !== ">";
  return {
    least: isUpper ? Number.NEGATIVE_INFINITY : number,
    most: isLower ? Number.POSITIVE_INFINITY : number,
    leastIncluded: included,
    mostIncluded: included,
  };
}

/** Text fields that must have one of some values for the condition to hold, joined by `&&` at its top. */
export function requirementsOf(ast: unknown): readonly RuleRequirement[] {
  if (!isNode(ast)) return [];
  const [left, right] = argumentsOf(ast);
  if (ast.op === "&&") return [...requirementsOf(left), ...requirementsOf(right)];
  if (ast.op !== "==" && ast.op !== "in") return [];
  const field = fieldOf(left) ?? (ast.op === "==" ? fieldOf(right) : null);
  if (field === null || !isTextField(field)) return [];
  const other = fieldOf(left) === null ? left : right;
  const values = (ast.op === "in" ? (listOf(other) ?? []) : [other]).map(textOf);
  if (values.length === 0 || values.includes(null)) return [];
  return [{ field: `${field.owner}.${field.field}`, values: values.filter((value) => value !== null) }];
}

/** A flag is evaluated when it is read, which looking rules up by it would do for every request. */
function isTextField({ owner, field }: FieldNode): boolean {
  if (owner === "flags") return false;
  const fields: Readonly<Record<string, string>> =
    owner === "request" ? REQUEST_FIELDS : owner === "caller" ? CALLER_FIELDS : SIGNAL_FIELDS;
  return Object.hasOwn(fields, field) && fields[field] === "string";
}
