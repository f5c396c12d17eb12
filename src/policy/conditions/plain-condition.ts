/**
 * Conditions of the plain kind, which most are, as functions of our own: fields compared with what is written out,
 * joined by `&&`, `||` and `!`. Owns the translation; whether a condition is valid the language said before. What is
 * not plain is null here and run by the language, with the same results (plain-condition.test.ts), for some ten times
 * the price and its garbage.
 */
import type { Condition, RuleContext } from "../../core/rule-context.ts";
import { argumentsOf, fieldOf, isNode, listOf, numberOf, type SyntaxNode, textOf } from "./node.ts";
import { CALLER_FIELDS, REQUEST_FIELDS, SIGNAL_FIELDS } from "./rule-facts.ts";

type Kind = "bool" | "double" | "string";
type Value = boolean | number | string;
type Read = (context: RuleContext) => Value;

/** Something that has a value of one kind for every request. */
interface Operand {
  readonly kind: Kind;
  readonly read: Read;
}

/** Flags are not among them: reading one asks whoever keeps them, which may fail. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  request: REQUEST_FIELDS,
  caller: CALLER_FIELDS,
  signals: SIGNAL_FIELDS,
};

const ORDERS: Readonly<Record<string, (left: Read, right: Read) => Condition>> = {
  "<": (left, right) => (context) => left(context) < right(context),
  "<=": (left, right) => (context) => left(context) <= right(context),
  ">": (left, right) => (context) => left(context) > right(context),
  ">=": (left, right) => (context) => left(context) >= right(context),
};

const TEXT_TESTS: Readonly<Record<string, (read: Read, part: string) => Condition>> = {
  startsWith: (read, part) => (context) => String(read(context)).startsWith(part),
  endsWith: (read, part) => (context) => String(read(context)).endsWith(part),
  contains: (read, part) => (context) => String(read(context)).includes(part),
};

/** `ast` is of a condition that was found valid. Null: it is not of the plain kind. */
export function plainCondition(ast: unknown): Condition | null {
  if (!isNode(ast)) return null;
  const [left, right] = argumentsOf(ast);
  switch (ast.op) {
    case "&&":
      return joined(left, right, (one, other) => (context) => one(context) && other(context));
    case "||":
      return joined(left, right, (one, other) => (context) => one(context) || other(context));
    case "!_": {
      const inner = plainCondition(ast.args);
      return inner && ((context) => !inner(context));
    }
    case "==":
    case "!=":
      return equality(operandOf(left), operandOf(right), ast.op === "==");
    case "in":
      return membership(operandOf(left), listOf(right));
    case "rcall":
      return textTest(ast);
    default:
      return Object.hasOwn(ORDERS, ast.op) ? order(ast.op, operandOf(left), operandOf(right)) : truth(ast);
  }
}

function joined(
  left: unknown,
  right: unknown,
  join: (one: Condition, other: Condition) => Condition,
): Condition | null {
  const one = plainCondition(left);
  const other = plainCondition(right);
  return one && other && join(one, other);
}

function equality(left: Operand | null, right: Operand | null, wanted: boolean): Condition | null {
  if (left === null || right === null || left.kind !== right.kind) return null;
  const [one, other] = [left.read, right.read];
  return wanted ? (context) => one(context) === other(context) : (context) => one(context) !== other(context);
}

function membership(member: Operand | null, list: readonly unknown[] | null): Condition | null {
  if (member === null || list === null) return null;
  const values = new Set<Value>();
  for (const item of list) {
    const literal = literalOf(item);
    if (literal === null || typeof literal !== LITERALS[member.kind]) return null;
    values.add(literal);
  }
  const { read } = member;
  return (context) => values.has(read(context));
}

function order(op: string, left: Operand | null, right: Operand | null): Condition | null {
  if (left?.kind !== "double" || right?.kind !== "double") return null;
  return ORDERS[op]?.(left.read, right.read) ?? null;
}

/** `caller.key.startsWith("key-")` and its like. */
function textTest(node: SyntaxNode): Condition | null {
  const [name, subject, written] = argumentsOf(node);
  const operand = operandOf(subject);
  const part = Array.isArray(written) && written.length === 1 ? textOf(written[0]) : null;
  if (operand?.kind !== "string" || part === null || typeof name !== "string") return null;
  return Object.hasOwn(TEXT_TESTS, name) ? (TEXT_TESTS[name]?.(operand.read, part) ?? null) : null;
}

function truth(node: SyntaxNode): Condition | null {
  const operand = operandOf(node);
  if (operand?.kind !== "bool") return null;
  const { read } = operand;
  return (context) => read(context) === true;
}

const LITERALS = { bool: "boolean", double: "number", string: "string" } as const;

function operandOf(node: unknown): Operand | null {
  const literal = literalOf(node);
  if (literal !== null) return constant(literal);
  return lookupOf(node) ?? readOf(node);
}

function constant(literal: Value): Operand {
  const kind = typeof literal === "number" ? "double" : typeof literal === "string" ? "string" : "bool";
  return { kind, read: () => literal };
}

/** A whole number that a double does not hold is not plain. */
function literalOf(node: unknown): Value | null {
  if (!isNode(node)) return null;
  if (node.op === "value" && typeof node.args === "boolean") return node.args;
  const number = numberOf(node);
  if (number === null) return textOf(node);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? null : number;
}

function readOf(node: unknown): Operand | null {
  const field = fieldOf(node);
  const fields = field && Object.hasOwn(FIELDS, field.owner) ? FIELDS[field.owner] : undefined;
  if (field === null || fields === undefined || !Object.hasOwn(fields, field.field)) return null;
  const kind = fields[field.field];
  if (kind !== "bool" && kind !== "double" && kind !== "string") return null;
  const owner = field.owner as "request" | "caller" | "signals";
  const name = field.field as never;
  return { kind, read: (context) => context[owner][name] };
}

/** `signals.healthy["id"]`, `signals.first_token_ms.id`. */
function lookupOf(node: unknown): Operand | null {
  if (!isNode(node) || (node.op !== "[]" && node.op !== ".")) return null;
  const [map, key] = argumentsOf(node);
  const field = fieldOf(map);
  const id = node.op === "." ? key : textOf(key);
  if (field?.owner !== "signals" || typeof id !== "string") return null;
  if (field.field === "healthy") {
    return { kind: "bool", read: ({ signals }) => signals.isHealthy(id) };
  }
  return field.field === "first_token_ms"
    ? { kind: "double", read: ({ signals }) => signals.firstTokenOf(id) }
    : null;
}
