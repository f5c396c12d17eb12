/** What a condition's syntax tree tells before it runs: whose health it reads, and loops within loops. */

/** What is wrong, what to do, and at which character of the condition. */
export interface ConditionProblem {
  readonly message: string;
  readonly fix: string;
  readonly offset: number;
}

export interface ConditionSyntax {
  readonly problem: ConditionProblem | null;
  readonly deployments: readonly { readonly id: string; readonly offset: number }[];
}

/** The library's node, as far as it is read here. */
interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
}

/** Maps by deployment id. They are looked up, never listed: nothing is computed for the rest. */
const LOOKUPS: ReadonlySet<unknown> = new Set(["healthy", "first_token_ms"]);

const LOOPS: ReadonlySet<unknown> = new Set(["all", "exists", "exists_one", "filter", "map"]);

export function inspectCondition(ast: unknown): ConditionSyntax {
  const deployments: { id: string; offset: number }[] = [];
  let problem: ConditionProblem | null = null;
  const visit = (value: unknown, loops: number): void => {
    if (typeof value !== "object" || value === null) return;
    if (!isNode(value)) {
      for (const item of Object.values(value)) visit(item, loops);
      return;
    }
    const lookup = lookupOf(value);
    if (lookup !== null) {
      deployments.push(lookup);
      return;
    }
    const inside = isLoop(value) ? loops + 1 : loops;
    problem ??= isLookupMap(value) ? wholeMap(value) : inside > 1 ? nestedLoop(value) : null;
    visit(value.args, inside);
  };
  visit(ast, 0);
  return { problem, deployments };
}

function wholeMap(node: SyntaxNode): ConditionProblem {
  const field = String((node.args as readonly unknown[])[1]);
  return {
    message: `The condition reads signals.${field} without naming a deployment.`,
    fix: `Name one in quotes: signals.${field}["deployment"].`,
    offset: node.start,
  };
}

function nestedLoop(node: SyntaxNode): ConditionProblem {
  return {
    message: "The condition loops within a loop, which can cost too much for every request.",
    fix: "Use one of all, exists, exists_one, filter and map, once.",
    offset: node.start,
  };
}

/** `signals.healthy["id"]` or `signals.healthy.id`. */
function lookupOf(node: SyntaxNode): { id: string; offset: number } | null {
  if ((node.op !== "[]" && node.op !== ".") || !Array.isArray(node.args)) return null;
  const [left, right] = node.args as readonly unknown[];
  if (!isNode(left) || !isLookupMap(left)) return null;
  if (node.op === ".") return { id: String(right), offset: node.start };
  const literal = isNode(right) && right.op === "value" && typeof right.args === "string" ? right : null;
  return literal === null ? null : { id: String(literal.args), offset: literal.start };
}

function isLookupMap(node: SyntaxNode): boolean {
  if (node.op !== "." || !Array.isArray(node.args)) return false;
  const [left, field] = node.args as readonly unknown[];
  return isNode(left) && left.op === "id" && left.args === "signals" && LOOKUPS.has(field);
}

function isLoop(node: SyntaxNode): boolean {
  return node.op === "rcall" && Array.isArray(node.args) && LOOPS.has(node.args[0]);
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}
