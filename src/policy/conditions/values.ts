/**
 * Comparisons of a field with something written out: those that can never differ from request to request,
 * and those that a rule cannot match without.
 */
import type { RuleRequirement } from "../../core/snapshot.ts";
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
import { type Interval, neverIn, numberField, wordsForField } from "./number-field.ts";
import { CALLER_FIELDS, FIELD_VALUES, REQUEST_FIELDS, SIGNAL_FIELDS } from "./rule-facts.ts";

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

/** All that a text field can hold, by `owner.field`. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** The first comparison with a value that the field never has; null when there is none. */
export function impossibleComparison(
  ast: unknown,
  known: KnownValues = FIELD_VALUES,
): ConditionProblem | null {
  if (typeof ast !== "object" || ast === null) return null;
  if (!isNode(ast)) return firstOf(Object.values(ast), known);
  if (COMPARISONS.has(ast.op)) {
    const problem = judge(ast, known);
    if (problem !== null) return problem;
  }
  return firstOf(Array.isArray(ast.args) ? ast.args : [ast.args], known);
}

function firstOf(values: readonly unknown[], known: KnownValues): ConditionProblem | null {
  for (const value of values) {
    const problem = impossibleComparison(value, known);
    if (problem !== null) return problem;
  }
  return null;
}

function judge(node: SyntaxNode, known: KnownValues): ConditionProblem | null {
  const [left, right] = argumentsOf(node);
  const field = fieldOf(left) ?? (node.op === "in" ? null : fieldOf(right));
  if (field === null) return null;
  const isLeft = fieldOf(left) !== null;
  const other = isLeft ? right : left;
  const operator = isLeft ? node.op : (MIRRORED[node.op] ?? node.op);
  for (const literal of node.op === "in" ? (listOf(other) ?? []) : [other]) {
    const problem = impossibleText(field, literal, known) ?? impossibleNumber(field, operator, literal);
    if (problem !== null) return problem;
  }
  return null;
}

function impossibleText(
  { owner, field }: FieldNode,
  literal: unknown,
  known: KnownValues,
): ConditionProblem | null {
  const values = known[`${owner}.${field}`];
  const text = textOf(literal);
  if (values === undefined || text === null || values.includes(text) || !isNode(literal)) return null;
  const message = `${owner}.${field} is never "${text}".`;
  return { message, fix: suggestion(text, values, "Use one that exists."), offset: literal.start };
}

/** What a comparison says with its sides exchanged. */
const MIRRORED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** One beyond the most is let pass where it can hold: `hour < 24` means what it says. */
function impossibleNumber(
  { owner, field }: FieldNode,
  operator: string,
  literal: unknown,
): ConditionProblem | null {
  const name = `${owner}.${field}`;
  const known = numberField(name);
  const number = numberOf(literal);
  if (known === undefined || number === null || !isNode(literal)) return null;
  const { least, most } = known;
  const slack = most > 1 ? 1 : 0;
  const offset = literal.start;
  if (Number.isFinite(most) && (number < least - slack || number > most + slack)) {
    const message = `${name} lies between ${least} and ${most}, never at ${number}.`;
    return { message, fix: `Compare it with a number from ${least} to ${most}.`, offset };
  }
  const interval = intervalOf(operator, number);
  if (interval === null || !neverIn(interval, known)) return null;
  const what = wordsForField(known);
  const compared = operator === "in" ? "==" : operator;
  const message = `${name} ${compared} ${number} never holds: it is ${what}.`;
  return { message, fix: `Compare it with ${what}.`, offset };
}

/** Null: all but one number. */
function intervalOf(operator: string, number: number): Interval | null {
  if (operator === "!=") return null;
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
