/** Input that does not fit its schema, in words: which part, and what belongs there. */
import { z } from "@hono/zod-openapi";
import { type Fault, fault } from "../core/faults.ts";
import { isRecord } from "../core/json.ts";

/** What is looked at of a JSON Schema. */
type Wanted = Readonly<Record<string, unknown>>;

/** `given`: what was parsed. Never quotes a value, which may be a secret or a prompt. */
export function misfit(schema: z.ZodType, given: unknown, error: z.ZodError): Fault {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const param = [...issue.path, issue.keys[0]].join(".");
    const message = `There is no field ${JSON.stringify(param.slice(0, 100))} here. Leave it out.`;
    return fault("invalid", "invalid_value", message, { param });
  }
  const param = issue?.path.join(".") ?? "";
  const name = param === "" ? "The input" : param;
  return fault("invalid", "invalid_value", `${name}${complaint(schema, given, issue)}`, { param });
}

function complaint(schema: z.ZodType, given: unknown, issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return " does not fit.";
  if (/^must /.test(issue.message)) return ` ${issue.message}.`;
  // Words of the schema's own say more than its bounds.
  if (!/^(Too (small|big)|Invalid )/.test(issue.message)) return `: ${issue.message}.`;
  const wanted = wantedAt(schema, issue.path);
  const what = wanted && inWords(wanted);
  const isMissing = issue.path.length > 0 && valueAt(given, issue.path) === undefined;
  if (isMissing) return what ? ` is missing. Send ${what}.` : " is missing.";
  return what ? ` must be ${what}.` : ` has the wrong form: ${issue.message}.`;
}

function wantedAt(schema: z.ZodType, path: readonly PropertyKey[]): Wanted | null {
  let wanted: unknown = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  for (const step of path) {
    wanted = formsOf(wanted)
      .map((form) => partOf(form, step))
      .find((part) => part !== undefined);
  }
  return isRecord(wanted) ? wanted : null;
}

function partOf({ properties, items, additionalProperties }: Wanted, step: PropertyKey): unknown {
  if (isRecord(properties) && Object.hasOwn(properties, step)) return properties[String(step)];
  return typeof step === "number" ? items : additionalProperties || undefined;
}

/** Those that a value may have, be it one. */
function formsOf(wanted: unknown): readonly Wanted[] {
  if (!isRecord(wanted)) return [];
  return Array.isArray(wanted.anyOf) ? wanted.anyOf.filter(isRecord) : [wanted];
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return value;
}

/** Null: the schema says nothing that would help. */
function inWords(wanted: Wanted): string | null {
  if (Array.isArray(wanted.anyOf)) {
    const forms = formsOf(wanted).map((form) =>
      isRecord(form.properties) ? withFields(form) : inWords(form),
    );
    return forms.includes(null) ? null : forms.join(", or ");
  }
  if (Array.isArray(wanted.enum)) return `one of: ${wanted.enum.join(", ")}`;
  if (wanted.const !== undefined) return JSON.stringify(wanted.const);
  switch (wanted.type) {
    case "integer":
      return `a whole number${between(wanted.minimum, wanted.maximum, "")}`;
    case "number":
      return `a number${between(wanted.minimum, wanted.maximum, "")}`;
    case "string":
      return `text${between(wanted.minLength, wanted.maxLength, " characters")}`;
    case "array":
      return `a list${between(wanted.minItems, wanted.maxItems, " entries")}`;
    case "boolean":
      return "true or false";
    case "object":
      return "an object";
    default:
      return null;
  }
}

/** What tells it from other forms. */
function withFields({ required }: Wanted): string {
  return Array.isArray(required) ? `an object with ${required.join(", ")}` : "an object";
}

function between(min: unknown, max: unknown, unit: string): string {
  // Safe integers end there anyway; that is no bound that anybody chose.
  const least = typeof min === "number" && min > Number.MIN_SAFE_INTEGER ? min : null;
  const most = typeof max === "number" && max < Number.MAX_SAFE_INTEGER ? max : null;
  if (least !== null && most !== null) return ` ${unit === "" ? "from" : "of"} ${least} to ${most}${unit}`;
  if (most !== null) return ` of at most ${most}${unit}`;
  if (least === null) return "";
  return least === 1 && unit !== "" ? ", and not empty" : ` of at least ${least}${unit}`;
}
