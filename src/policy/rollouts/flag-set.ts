/** The flags of one policy as conditions read them. Owns the facts' class; what a flag is decides evaluate-flag. */
import type { FlagDetails, FlagSet, FlagSubject, FlagValue } from "../../core/flags.ts";
import type { FlagVocabulary } from "../conditions/conditions.ts";
import { evaluateFlag, type Flag } from "./evaluate-flag.ts";

export interface CompiledFlags extends FlagSet {
  readonly vocabulary: FlagVocabulary;
}

/** `flags` by name; `reads`: the signals that their rules read. */
export function createFlagSet(flags: ReadonlyMap<string, Flag>, reads: ReadonlySet<string>): CompiledFlags {
  const Facts = factsOf(flags);
  const evaluate = (name: string, subject: FlagSubject): FlagDetails | null => {
    const flag = flags.get(name);
    return flag === undefined ? null : evaluateFlag(flag, subject);
  };
  const fields: Record<string, "bool" | "double" | "string"> = {};
  const values: Record<string, readonly string[]> = {};
  for (const [name, { variants, fallback }] of flags) {
    fields[name] = typeOf(fallback.value);
    if (fields[name] === "string") values[name] = [...variants.values()].map(String);
  }
  return {
    names: [...flags.keys()],
    reads,
    evaluate,
    facts: (subject) => new Facts(subject),
    vocabulary: { facts: Facts, fields, values },
  };
}

function typeOf(value: FlagValue): "bool" | "double" | "string" {
  return typeof value === "boolean" ? "bool" : typeof value === "number" ? "double" : "string";
}

type Facts = Readonly<Record<string, FlagValue>>;

/**
 * A class with a getter for each flag. The condition language recognises facts by their class, and a getter costs
 * nothing until a condition reads it.
 */
function factsOf(flags: ReadonlyMap<string, Flag>): new (subject: FlagSubject) => Facts {
  class FlagFacts {
    readonly #subject: FlagSubject;
    readonly #known = new Map<Flag, FlagValue>();

    constructor(subject: FlagSubject) {
      this.#subject = subject;
    }

    /** One request sees one value, however often it is read and whatever a provider says meanwhile. */
    static read(facts: FlagFacts, flag: Flag): FlagValue {
      let value = facts.#known.get(flag);
      if (value === undefined) {
        value = evaluateFlag(flag, facts.#subject).value;
        facts.#known.set(flag, value);
      }
      return value;
    }
  }
  for (const [name, flag] of flags) {
    Object.defineProperty(FlagFacts.prototype, name, {
      enumerable: true,
      get(this: FlagFacts) {
        return FlagFacts.read(this, flag);
      },
    });
  }
  return FlagFacts as unknown as new (
    subject: FlagSubject,
  ) => Facts;
}
