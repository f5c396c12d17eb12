/**
 * Comparisons joined by `&&` that can each hold and never together: `hour >= 22 && hour < 6`. Owns what is left of each
 * field; what is not a comparison with something written out takes nothing away.
 */
import { argumentsOf, type ConditionProblem, isNode, numberOf, type SyntaxNode, textOf } from "./node.ts";
import {
  ANY_NUMBER,
  type Interval,
  isEmpty,
  neverIn,
  numberField,
  overlapOf,
  wordsForField,
} from "./number-field.ts";
import { comparisonOf, intervalOf } from "./values.ts";

/** What a field can still be; `texts` null: any. */
interface Rest {
  readonly interval: Interval;
  readonly texts: ReadonlySet<string> | null;
  /** Numbers and texts that it is not. */
  readonly excluded: readonly unknown[];
  readonly count: number;
}

const ANYTHING: Rest = { interval: ANY_NUMBER, texts: null, excluded: [], count: 0 };

/** What a comparison says where it does not hold; a list may fail by any member, which narrows nothing. */
const NEGATED: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** The first comparison that leaves nothing of its field; null: the condition can hold, as far as this sees. */
export function contradictionIn(ast: unknown): ConditionProblem | null {
  const rests = new Map<string, Rest>();
  for (const { node, holds } of conjunctsOf(ast, true)) {
    const comparison = comparisonOf(node);
    const operator = comparison && (holds ? comparison.operator : NEGATED[comparison.operator]);
    if (!comparison || operator === undefined) continue;
    const name = `${comparison.field.owner}.${comparison.field.field}`;
    const rest = narrowed(rests.get(name) ?? ANYTHING, operator ?? "", comparison.literals);
    if (isNothing(rest, name)) return problemOf(name, rest, node);
    rests.set(name, rest);
  }
  return null;
}

/** Parts that must all hold, or all not hold: `!(a || b)` is neither of the two. */
function conjunctsOf(
  ast: unknown,
  holds: boolean,
): readonly { readonly node: SyntaxNode; readonly holds: boolean }[] {
  if (!isNode(ast)) return [];
  if (ast.op === "!_") return conjunctsOf(ast.args, !holds);
  if (ast.op === (holds ? "&&" : "||")) return argumentsOf(ast).flatMap((part) => conjunctsOf(part, holds));
  return [{ node: ast, holds }];
}

function narrowed(rest: Rest, operator: string, literals: readonly unknown[]): Rest {
  const count = rest.count + 1;
  const texts = literals.map(textOf).filter((text) => text !== null);
  const numbers = literals.map(numberOf).filter((number) => number !== null);
  if (operator === "!=") return { ...rest, count, excluded: [...rest.excluded, ...texts, ...numbers] };
  if (texts.length === literals.length) {
    const known = rest.texts;
    return {
      ...rest,
      count,
      texts: new Set(known === null ? texts : texts.filter((text) => known.has(text))),
    };
  }
  if (numbers.length !== literals.length) return { ...rest, count };
  const interval =
    operator === "in"
      ? { ...ANY_NUMBER, least: Math.min(...numbers), most: Math.max(...numbers) }
      : intervalOf(operator, numbers[0] ?? 0);
  return { ...rest, count, interval: overlapOf(rest.interval, interval) };
}

function isNothing({ interval, texts, excluded }: Rest, name: string): boolean {
  if (texts !== null && [...texts].every((text) => excluded.includes(text))) return true;
  if (isEmpty(interval)) return true;
  if (interval.least === interval.most && excluded.includes(interval.least)) return true;
  const known = numberField(name);
  return known !== undefined && neverIn(interval, known);
}

function problemOf(name: string, { texts, count, interval }: Rest, node: SyntaxNode): ConditionProblem {
  const offset = node.start;
  if (count > 1) {
    const message = `No ${name} meets this and what is joined with it by &&.`;
    return { message, fix: "Join them with || where either will do, or remove one.", offset };
  }
  const known = numberField(name);
  if (known !== undefined && texts === null && !isEmpty(interval)) {
    const message = `This never holds: ${name} is ${wordsForField(known)}.`;
    return { message, fix: `Compare it with ${wordsForField(known)}.`, offset };
  }
  return {
    message: `This never holds: no ${name} is in an empty list.`,
    fix: "List what it may be.",
    offset,
  };
}
