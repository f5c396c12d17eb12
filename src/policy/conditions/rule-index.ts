/**
 * The first rule that matches, without asking each of a thousand. Owns the index of a use case's rules by
 * the one text field that parts them best; the order of the policy stands.
 */
import type { RouteRule } from "../../core/route-rule.ts";
import type { RuleContext } from "../../core/rule-context.ts";

/** Fewer rules are asked one after another sooner than they are looked up. */
const SMALL = 24;
/** An index must spare at least this share of the rules. */
const MOST_LEFT = 0.75;

interface Placed {
  /** Place among all rules of the use case. */
  readonly place: number;
  readonly rule: RouteRule;
}

interface RuleIndex {
  readonly owner: keyof RuleContext;
  readonly field: string;
  readonly byValue: ReadonlyMap<unknown, readonly Placed[]>;
  /** Rules that do not ask for the field. */
  readonly others: readonly Placed[];
}

const NONE: readonly Placed[] = [];
const indexes = new WeakMap<readonly RouteRule[], RuleIndex | null>();

/** The first of `rules` whose condition holds; `context` is read when the first condition wants it. */
export function firstMatch(
  rules: readonly RouteRule[],
  subject: { readonly context: RuleContext },
): RouteRule | null {
  const index = rules.length <= SMALL ? null : indexOf(rules);
  if (index !== null) return firstByIndex(index, subject.context);
  let facts: RuleContext | null = null;
  for (const rule of rules) {
    if (rule.when === null) return rule;
    facts ??= subject.context;
    if (rule.when(facts)) return rule;
  }
  return null;
}

function firstByIndex(index: RuleIndex, context: RuleContext): RouteRule | null {
  const { others } = index;
  const value = (context[index.owner] as Readonly<Record<string, unknown>>)[index.field];
  const asking = index.byValue.get(value) ?? NONE;
  let a = 0;
  let o = 0;
  for (;;) {
    const one = asking[a];
    const other = others[o];
    const next = one === undefined ? other : other === undefined || one.place < other.place ? one : other;
    if (next === undefined) return null;
    if (next === one) a++;
    else o++;
    if (next.rule.when === null || next.rule.when(context)) return next.rule;
  }
}

function indexOf(rules: readonly RouteRule[]): RuleIndex | null {
  let index = indexes.get(rules);
  if (index === undefined) {
    index = buildIndex(rules);
    indexes.set(rules, index);
  }
  return index;
}

/** By the field that leaves the fewest rules to ask, for the value that most rules ask for. */
function buildIndex(rules: readonly RouteRule[]): RuleIndex | null {
  const placed = rules.map((rule, place) => ({ rule, place }));
  const fields = new Set(rules.flatMap(({ requires }) => requires.map(({ field }) => field)));
  // An estimate would have to be made for every request, also where an earlier rule decides without it.
  for (const rule of rules) for (const signal of rule.reads) fields.delete(`signals.${signal}`);
  let best: RuleIndex | null = null;
  let least = rules.length * MOST_LEFT;
  for (const field of fields) {
    const index = indexBy(field, placed);
    const left = index.others.length + Math.max(...[...index.byValue.values()].map(({ length }) => length));
    if (left >= least) continue;
    best = index;
    least = left;
  }
  return best;
}

function indexBy(path: string, placed: readonly Placed[]): RuleIndex {
  const byValue = new Map<unknown, Placed[]>();
  const others: Placed[] = [];
  for (const one of placed) {
    const requirement = one.rule.requires.find(({ field }) => field === path);
    if (requirement === undefined) others.push(one);
    for (const value of new Set(requirement?.values)) {
      const same = byValue.get(value);
      if (same === undefined) byValue.set(value, [one]);
      else same.push(one);
    }
  }
  const [owner = "", field = ""] = path.split(".");
  return { owner: owner as keyof RuleContext, field, byValue, others };
}
