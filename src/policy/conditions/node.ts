/** The condition language's syntax tree, as far as it is read here. Owns the shapes of nodes; judges nothing. */

/** What is wrong, what to do, and at which character of the condition. */
export interface ConditionProblem {
  readonly message: string;
  readonly fix: string;
  readonly offset: number;
}

/** The library's node. */
export interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

/** The node's arguments, where it has a list of them. */
export function argumentsOf(node: SyntaxNode): readonly unknown[] {
  return Array.isArray(node.args) ? node.args : [];
}

/** A field of a fact, written `caller.tier` or `caller["tier"]`. */
export interface FieldNode {
  readonly owner: string;
  readonly field: string;
}

const OWNERS: ReadonlySet<unknown> = new Set(["request", "caller", "signals", "flags"]);

/** Whether `node` is one of the facts itself: request, caller, signals or flags. */
export function isOwner(node: SyntaxNode): boolean {
  return node.op === "id" && OWNERS.has(node.args);
}

export function fieldOf(node: unknown): FieldNode | null {
  if (!isNode(node) || (node.op !== "." && node.op !== "[]")) return null;
  const [left, right] = argumentsOf(node);
  if (!isNode(left) || !isOwner(left)) return null;
  const field = node.op === "." ? right : textOf(right);
  return typeof field === "string" ? { owner: String(left.args), field } : null;
}

/** The text of a literal in quotes; null for anything else. */
export function textOf(node: unknown): string | null {
  return isNode(node) && node.op === "value" && typeof node.args === "string" ? node.args : null;
}

/** The number of a literal, also a negative one; null for anything else. */
export function numberOf(node: unknown): number | null {
  if (!isNode(node)) return null;
  if (node.op === "-_") {
    const inner = numberOf(node.args);
    return inner === null ? null : -inner;
  }
  if (node.op !== "value") return null;
  return typeof node.args === "number" || typeof node.args === "bigint" ? Number(node.args) : null;
}

/** Members of a list literal; null for anything else. */
export function listOf(node: unknown): readonly unknown[] | null {
  return isNode(node) && node.op === "list" ? argumentsOf(node) : null;
}
