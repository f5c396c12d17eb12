/**
 * What a condition's syntax tree tells before it runs: whose health it reads, which signals must be
 * estimated for it, and whether it could cost too much or hide a mistake.
 */
import {
  argumentsOf,
  type ConditionProblem,
  fieldOf,
  isNode,
  isOwner,
  listOf,
  type SyntaxNode,
  textOf,
} from "./node.ts";
import { isTracked } from "./rule-facts.ts";

export interface ConditionSyntax {
  readonly problem: ConditionProblem | null;
  readonly deployments: readonly { readonly id: string; readonly offset: number }[];
  /** Signals it reads for which something is made, kept or shown, or which change with time. */
  readonly reads: ReadonlySet<string>;
}

/** Maps by deployment id. They are looked up, never listed: nothing is computed for the rest. */
const LOOKUPS: ReadonlySet<unknown> = new Set(["healthy", "first_token_ms"]);

const LOOPS: ReadonlySet<unknown> = new Set(["all", "exists", "exists_one", "filter", "map"]);
const MAX_LOOPS = 4;
/** Members of a list that is looped over; a list after `in` may have more. */
const MAX_LOOPED = 64;

const MAX_PATTERN = 100;
/** A group that repeats, a reference back, a look around: what makes a pattern take for ever on some text. */
const COSTLY_PATTERN = /\)[*+{]|\\[1-9k]|\(\?[^:]/;

export function inspectCondition(ast: unknown): ConditionSyntax {
  const inspector = new Inspector();
  inspector.visit(ast, 0);
  return inspector;
}

class Inspector implements ConditionSyntax {
  readonly deployments: { id: string; offset: number }[] = [];
  readonly reads = new Set<string>();
  problem: ConditionProblem | null = null;
  #loops = 0;

  visit(value: unknown, depth: number): void {
    if (typeof value !== "object" || value === null) return;
    if (!isNode(value)) {
      for (const item of Object.values(value)) this.visit(item, depth);
      return;
    }
    const lookup = lookupOf(value);
    if (lookup !== null) {
      const { signal, ...named } = lookup;
      this.deployments.push(named);
      this.reads.add(signal);
      return;
    }
    const field = fieldOf(value);
    if (field !== null) {
      if (isLookupMap(value)) this.#complain(wholeMap(value));
      if (field.owner === "signals" && isTracked(field.field)) this.reads.add(field.field);
      return;
    }
    const loop = isLoop(value);
    if (loop) this.#loops++;
    this.#complain(this.#costOf(value, loop, depth) ?? blindSpot(value));
    this.visit(value.args, loop ? depth + 1 : depth);
  }

  #complain(problem: ConditionProblem | null): void {
    this.problem ??= problem;
  }

  #costOf(node: SyntaxNode, loop: boolean, depth: number): ConditionProblem | null {
    if (loop && depth > 0) return costly(node, "loops within a loop", ONE_LOOP);
    if (loop && this.#loops > MAX_LOOPS) return costly(node, `loops more than ${MAX_LOOPS} times`, ONE_LOOP);
    if (loop && (listOf(argumentsOf(node)[1])?.length ?? 0) > MAX_LOOPED) {
      return costly(node, `loops over more than ${MAX_LOOPED} members`, "Use `in` with the list instead.");
    }
    return node.op === "rcall" && argumentsOf(node)[0] === "matches" ? patternProblem(node) : null;
  }
}

const ONE_LOOP = "Use one of all, exists, exists_one, filter and map, once.";

function costly(node: SyntaxNode, what: string, fix: string): ConditionProblem {
  const message = `The condition ${what}, which can cost too much for every request.`;
  return { message, fix, offset: node.start };
}

/** A pattern must be plain to see, short, and of a kind that ends in time for every text. */
function patternProblem(node: SyntaxNode): ConditionProblem | null {
  const [, , written] = argumentsOf(node);
  const literal = Array.isArray(written) ? written[0] : undefined;
  const pattern = textOf(literal);
  const at = isNode(literal) ? literal : node;
  if (pattern === null) {
    const fix = 'Write the pattern in quotes: caller.tenant.matches("^eu-").';
    return costly(at, "matches a pattern that is not written out", fix);
  }
  if (pattern.length > MAX_PATTERN || COSTLY_PATTERN.test(pattern)) {
    const fix = "Use startsWith, endsWith, contains or `in`, or a pattern without repeated groups.";
    return costly(at, "matches a pattern that can take very long", fix);
  }
  try {
    new RegExp(pattern);
    return null;
  } catch {
    const message = "The condition matches a pattern that is no regular expression.";
    return { message, fix: "Check its brackets and repetitions.", offset: at.start };
  }
}

/** Ways around the check of names and types: a mistake would only show as a rule that never matches. */
function blindSpot(node: SyntaxNode): ConditionProblem | null {
  if (isOwner(node)) {
    const message = `The condition uses ${String(node.args)} as a whole.`;
    return { message, fix: `Name a field: ${String(node.args)}.…`, offset: node.start };
  }
  if (node.op === "call" && argumentsOf(node)[0] === "dyn") {
    const message = "The condition uses dyn, which hides mistakes until a request meets them.";
    return { message, fix: "Compare the field itself.", offset: node.start };
  }
  return null;
}

function wholeMap(node: SyntaxNode): ConditionProblem {
  const field = fieldOf(node)?.field ?? "healthy";
  return {
    message: `The condition reads signals.${field} without naming a deployment.`,
    fix: `Name one in quotes: signals.${field}["deployment"].`,
    offset: node.start,
  };
}

/** `signals.healthy["id"]` or `signals.healthy.id`. */
function lookupOf(node: SyntaxNode): { signal: string; id: string; offset: number } | null {
  if (node.op !== "[]" && node.op !== ".") return null;
  const [left, right] = argumentsOf(node);
  if (!isNode(left) || !isLookupMap(left)) return null;
  const signal = String(fieldOf(left)?.field);
  if (node.op === ".") return { signal, id: String(right), offset: node.start };
  const id = textOf(right);
  return id === null || !isNode(right) ? null : { signal, id, offset: right.start };
}

function isLookupMap(node: SyntaxNode): boolean {
  const field = fieldOf(node);
  return field !== null && field.owner === "signals" && LOOKUPS.has(field.field);
}

function isLoop(node: SyntaxNode): boolean {
  return node.op === "rcall" && LOOPS.has(argumentsOf(node)[0]);
}
