/** Holds values to a JSON schema. Owns the validator and what of its complaints may travel; knows no limits. */
import { type Schema, Validator } from "@cfworker/json-schema";

const MAX_POINTER_CHARS = 500;

/** Which of one choice's values was meant, or the keyword that the first of them fails, and where: a JSON pointer. */
export type Judgement =
  | { readonly type: "fits"; readonly at: number }
  | { readonly type: "violates"; readonly keyword: string; readonly where: string };

/**
 * Checks by schema that may take long, or may not end. Each of `choices` has the texts of JSON that it may mean, best
 * guess first. Null: the schema cannot be run, took too long, or too many waited. Never rejects.
 */
export interface SchemaChecks {
  judge(schema: object, choices: readonly (readonly string[])[]): Promise<readonly Judgement[] | null>;
}

/** One judgement for each of `choices`; null where the schema cannot be run, whatever the validator says of it. */
export function judgeBySchema(
  schema: object,
  choices: readonly (readonly unknown[])[],
): readonly Judgement[] | null {
  try {
    const validator = new Validator(schema as Schema, "2020-12", true);
    return choices.map((values) => judge(validator, values));
  } catch {
    return null;
  }
}

function judge(validator: Validator, values: readonly unknown[]): Judgement {
  let violation: Judgement | null = null;
  for (const [at, value] of values.entries()) {
    const { valid, errors } = validator.validate(value);
    if (valid) return { type: "fits", at };
    if (violation !== null) continue;
    const first = errors[errors.length - 1];
    const where = (first?.instanceLocation ?? "#").slice(0, MAX_POINTER_CHARS);
    violation = { type: "violates", keyword: first?.keyword ?? "the schema", where };
  }
  return violation ?? { type: "violates", keyword: "the schema", where: "#" };
}
