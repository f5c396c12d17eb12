/**
 * Conditions of rules: CEL, checked against the declared facts when the policy is read, run as a function
 * afterwards. Owns the language's set-up and its errors in a policy author's words; knows no rule.
 */
import { Environment } from "@marcbachmann/cel-js";
import type { RuleRequirement } from "../../core/route-rule.ts";
import type { Condition, RuleContext } from "../../core/rule-context.ts";
import { nearest, suggestion } from "../suggest.ts";
import { contradictionIn } from "./contradiction.ts";
import { type ConditionProblem, fieldOf } from "./node.ts";
import { plainCondition } from "./plain-condition.ts";
import {
  adoptFacts,
  CALLER_FIELDS,
  CallerFacts,
  FIELD_VALUES,
  REQUEST_FIELDS,
  RequestFacts,
  SIGNAL_FIELDS,
  SignalFacts,
} from "./rule-facts.ts";
import { inspectCondition } from "./syntax.ts";
import {
  impossibleComparison,
  type KnownTexts,
  type KnownValues,
  oddComparison,
  requirementsOf,
} from "./values.ts";

export type CompiledCondition =
  | {
      readonly ok: true;
      readonly condition: Condition;
      /** Deployments it names, for the compiler to look up. */
      readonly deployments: readonly { readonly id: string; readonly offset: number }[];
      /** Signals it reads for which something is made, kept or shown, or which change with time. */
      readonly reads: ReadonlySet<string>;
      readonly requires: readonly RuleRequirement[];
      /** A comparison with what its field never has, where others can hold; null: none. */
      readonly doubt: ConditionProblem | null;
    }
  | { readonly ok: false; readonly problem: ConditionProblem };

type Fields = Readonly<Record<string, Readonly<Record<string, string>>>>;

const FIELDS: Fields = {
  request: REQUEST_FIELDS,
  caller: CALLER_FIELDS,
  signals: SIGNAL_FIELDS,
};

/** What conditions of one policy may speak of. */
export interface Vocabulary extends KnownTexts {
  readonly environment: Environment;
  readonly fields: Fields;
}

/** The flags of a policy, as conditions see them. */
export interface FlagVocabulary {
  /** Class of the facts, by which the language recognises them. */
  readonly facts: abstract new (
    ...args: never[]
  ) => object;
  readonly fields: Readonly<Record<string, "bool" | "double" | "string">>;
  /** What each text flag can be, by name. */
  readonly values: KnownValues;
}

const EXAMPLE = 'For example: signals.input_tokens < 40 && caller.tier == "free".';

const BASIC: Vocabulary = {
  environment: createEnvironment(),
  fields: FIELDS,
  values: FIELD_VALUES,
  aliasHint: () => null,
};

/** What there is to speak of where these are the use cases, by their own ids. */
export function withUseCases(ids: readonly string[], aliasHint: KnownTexts["aliasHint"]): Vocabulary {
  return { ...BASIC, values: { ...FIELD_VALUES, "request.use_case": ids }, aliasHint };
}

/** `basic` with `flags`. */
export function withFlags(basic: Vocabulary, { facts, fields, values }: FlagVocabulary): Vocabulary {
  const environment = basic.environment
    .clone()
    .registerType("Flags", {
      ctor: facts,
      fields: { ...fields },
      convert: (plain: object) => adoptFacts(facts.prototype as object, plain),
    })
    .registerVariable("flags", "Flags");
  const named = Object.entries(values).map(([name, known]) => [`flags.${name}`, known] as const);
  return {
    ...basic,
    environment,
    fields: { ...basic.fields, flags: fields },
    values: { ...basic.values, ...Object.fromEntries(named) },
  };
}

/**
 * Checks `source` once and returns a function, which costs next to nothing where the condition is plain and about a
 * microsecond where the language runs it (docs/adr/0016). It gives false, and never throws, where a condition cannot be
 * evaluated, such as a division by zero.
 */
export function compileCondition(source: string, vocabulary: Vocabulary = BASIC): CompiledCondition {
  const { environment, fields } = vocabulary;
  let parsed: ReturnType<Environment["parse"]>;
  try {
    parsed = environment.parse(source);
  } catch (thrown) {
    return { ok: false, problem: explain(readError(thrown), source, fields) };
  }
  const { problem, deployments, reads } = inspectCondition(parsed.ast);
  if (problem !== null) return { ok: false, problem };
  const checked = parsed.check();
  if (!checked.valid) return { ok: false, problem: explain(readError(checked.error), source, fields) };
  if (checked.type !== "bool") {
    const message = `The condition gives ${nameOfType(checked.type ?? "dyn")}, not true or false.`;
    return { ok: false, problem: { message, fix: `Compare it with something. ${EXAMPLE}`, offset: 0 } };
  }
  const impossible = impossibleComparison(parsed.ast, vocabulary) ?? contradictionIn(parsed.ast);
  if (impossible !== null) return { ok: false, problem: impossible };
  const condition = plainCondition(parsed.ast) ?? runner(parsed);
  const doubt = oddComparison(parsed.ast, vocabulary);
  return { ok: true, condition, deployments, reads, requires: requirementsOf(parsed.ast), doubt };
}

function runner(run: (context: RuleContext) => unknown): Condition {
  return (context) => {
    try {
      return run(context) === true;
    } catch {
      return false;
    }
  };
}

/**
 * Numbers of facts are doubles and literals are ints: CEL orders the two as they stand, and the operators
 * below let equality, membership and arithmetic mix them too, so that no fact must become a BigInt.
 */
function createEnvironment(): Environment {
  const limits = { maxAstNodes: 400, maxDepth: 32, maxListElements: 256, maxMapEntries: 64 };
  return new Environment({ limits })
    .registerType("Request", {
      ctor: RequestFacts,
      fields: REQUEST_FIELDS,
      convert: (plain: object) => adoptFacts(RequestFacts.prototype, plain),
    })
    .registerType("Caller", {
      ctor: CallerFacts,
      fields: CALLER_FIELDS,
      convert: (plain: object) => adoptFacts(CallerFacts.prototype, plain),
    })
    .registerType("Signals", {
      ctor: SignalFacts,
      fields: SIGNAL_FIELDS,
      convert: (plain: object) => adoptFacts(SignalFacts.prototype, plain),
    })
    .registerVariable("request", "Request")
    .registerVariable("caller", "Caller")
    .registerVariable("signals", "Signals")
    .registerOperator("double == int: bool", (a: number, b: bigint) => a === Number(b))
    .registerOperator("double in list<int>: bool", (a: number, list: readonly bigint[]) =>
      list.some((item) => Number(item) === a),
    )
    .registerOperator("double + int: double", (a: number, b: bigint) => a + Number(b))
    .registerOperator("int + double: double", (a: bigint, b: number) => Number(a) + b)
    .registerOperator("double - int: double", (a: number, b: bigint) => a - Number(b))
    .registerOperator("int - double: double", (a: bigint, b: number) => Number(a) - b)
    .registerOperator("double * int: double", (a: number, b: bigint) => a * Number(b))
    .registerOperator("int * double: double", (a: bigint, b: number) => Number(a) * b)
    .registerOperator("double / int: double", (a: number, b: bigint) => a / Number(b))
    .registerOperator("int / double: double", (a: bigint, b: number) => Number(a) / b)
    .registerOperator("double % int: double", (a: number, b: bigint) => a % Number(b));
}

interface CelProblem {
  readonly code: string;
  readonly summary: string;
  readonly start: number;
  readonly node: unknown;
}

/** The library's errors carry a code, a one-line summary and a range; anything else gets blanks. */
function readError(thrown: unknown): CelProblem {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as Partial<
    Record<"code" | "summary" | "message" | "range" | "node", unknown>
  >;
  const range = error.range as { readonly start?: unknown } | undefined;
  return {
    code: typeof error.code === "string" ? error.code : "",
    summary: String(error.summary ?? error.message ?? "It cannot be read."),
    start: typeof range?.start === "number" ? range.start : 0,
    node: error.node,
  };
}

function explain(problem: CelProblem, source: string, fields: Fields): ConditionProblem {
  const offset = problem.start;
  const args = (problem.node as { readonly args?: unknown } | undefined)?.args;
  if (problem.code === "unknown_variable") return unknownVariable(String(args), offset, fields);
  const read = problem.code === "no_such_key" ? fieldOf(problem.node) : null;
  if (read !== null) {
    const { owner, field } = read;
    const elsewhere = Object.keys(fields).find((other) => Object.hasOwn(fields[other] ?? {}, field));
    const fix =
      elsewhere === undefined
        ? suggestion(field, Object.keys(fields[owner] ?? {}), EXAMPLE)
        : `Did you mean "${elsewhere}.${field}"?`;
    return { message: `The condition reads ${owner}.${field}, which does not exist.`, fix, offset };
  }
  const summary = inPlainWords(problem.summary);
  const message = `The condition is not valid: ${summary}.`;
  switch (problem.code) {
    case "no_such_overload": {
      const what = summary.replace(/^no such overload: /, "");
      const fix = "Compare like with like: text in quotes, numbers without, true and false as they are.";
      return { message: `The condition puts together what does not fit: ${what}.`, fix, offset };
    }
    case "no_matching_overload": {
      const called = /'(.*)'/.exec(summary)?.[1] ?? "that";
      const fix = "There are startsWith, endsWith, contains, matches, size, in, exists, all, has.";
      return { message: `The condition calls ${called}, which does not exist.`, fix, offset };
    }
    case "cannot_index_type":
      return { message, fix: "Only request, caller and signals have fields.", offset };
    case "limit_exceeded": {
      const fix = "Split it into several rules, or list values in a match table.";
      return { message: `The condition is too large: ${summary}.`, fix, offset };
    }
    default:
      return { message, fix: syntaxFix(source, offset), offset };
  }
}

/** The library's names of types, and of things that carry one, as a policy author thinks of them. */
function inPlainWords(summary: string): string {
  return summary
    .replaceAll("google.protobuf.", "")
    .replaceAll(/\b(?:double|int|uint)\b/g, "number")
    .replaceAll(/\bstring\b/g, "text")
    .replaceAll(/\bbool\b/g, "true-or-false")
    .replace(/\.$/, "");
}

function unknownVariable(name: string, offset: number, known: Fields): ConditionProblem {
  const message = `The condition reads ${name}, which does not exist.`;
  if (name === "flags") {
    const fix = "Add the flag under flags; the rules of a flag itself cannot read another one.";
    return { message: "The condition reads flags, and there are none here.", fix, offset };
  }
  for (const [owner, fields] of Object.entries(known)) {
    if (Object.hasOwn(fields, name)) return { message, fix: `Write ${owner}.${name}.`, offset };
  }
  const near = nearest(name, Object.keys(known));
  const fix = near === null ? `There are request, caller and signals. ${EXAMPLE}` : `Did you mean "${near}"?`;
  return { message, fix, offset };
}

function syntaxFix(source: string, offset: number): string {
  if (/^(?:and|or|not)\b/.test(source.slice(offset))) return "CEL writes && for and, || for or, ! for not.";
  if (source[offset] === "=") return "CEL compares with ==.";
  return EXAMPLE;
}

function nameOfType(type: string): string {
  return type === "double" || type === "int" ? "a number" : type === "string" ? "text" : `a ${type}`;
}
