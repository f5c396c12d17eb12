/**
 * A schema's common forms as functions of our own, which say yes without making anything: a body that fits and holds
 * nothing more is its own result. Owns the translation; what is wrong with a body, and the forms that are not here,
 * remain zod's, with the same results (plain-schema.test.ts). docs/adr/0017 says why.
 */
import type { z } from "zod";
import { isRecord } from "../core/json.ts";

type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes["_zod"]["def"];
type DefOf<Type extends Def["type"]> = Extract<Def, { type: Type }>;
type Fields = Readonly<Record<string, unknown>>;

const INVALID = Symbol("invalid");
/** What zod would return for the value; `INVALID` where it would refuse it. */
type Read = (value: unknown) => unknown;
type Test = (value: unknown) => boolean;
type Measured = { readonly length: number };
/** Forms whose bounds are told apart here; a check on any other is zod's. */
const MEASURED: ReadonlySet<string> = new Set(["string", "number", "array"] satisfies Def["type"][]);

/**
 * As `schema.safeParse` of what was parsed as JSON, but that what needs no change is returned as it is. The schema is
 * translated on the first call, and must not hold itself.
 */
export function plainly<S extends z.ZodType>(
  schema: S,
): (value: unknown) => z.ZodSafeParseResult<z.output<S>> {
  let read: Read | null = null;
  return (value) => {
    read ??= readerOf(schema);
    const data = read(value);
    return data === INVALID ? schema.safeParse(value) : { success: true, data: data as z.output<S> };
  };
}

function readerOf(schema: Schema): Read {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (hasChecks(def) && !MEASURED.has(def.type)) return zodReader(schema);
  switch (def.type) {
    case "string":
    case "number":
    case "boolean":
    case "literal":
    case "enum": {
      const test = testOf(def);
      return test === null ? zodReader(schema) : (value) => (test(value) ? value : INVALID);
    }
    case "unknown":
      return (value) => value;
    case "nullable":
      return orElse(def.innerType, (value) => value === null);
    case "optional":
      return replaces(def.innerType)
        ? zodReader(schema)
        : orElse(def.innerType, (value) => value === undefined);
    case "array":
      return arrayReader(def) ?? zodReader(schema);
    case "object":
      return objectReader(def) ?? zodReader(schema);
    case "record":
      return recordReader(def) ?? zodReader(schema);
    case "union":
      return unionReader(def) ?? zodReader(schema);
    default:
      return zodReader(schema);
  }
}

function zodReader(schema: Schema): Read {
  return (value) => {
    const parsed = (schema as z.ZodType).safeParse(value);
    return parsed.success ? parsed.data : INVALID;
  };
}

function orElse(inner: Schema, isThat: Test): Read {
  const read = readerOf(inner);
  return (value) => (isThat(value) ? value : read(value));
}

/** Whether something else stands for a value that is not there. */
function replaces(schema: Schema): boolean {
  return schema._zod.optin !== undefined && schema._zod.def.type !== "optional";
}

/** Null: it says more than what is told apart here. */
function testOf(def: Def): Test | null {
  switch (def.type) {
    case "string":
      return !("format" in def) && !def.coerce
        ? both((value) => typeof value === "string", lengthTest(def.checks))
        : null;
    case "number":
      return def.coerce ? null : numberTest(def);
    case "boolean":
      return def.coerce ? null : (value) => value === true || value === false;
    case "literal":
      return oneOf(def.values);
    case "enum":
      return Object.values(def.entries).every((value) => typeof value === "string")
        ? oneOf(Object.values(def.entries))
        : null;
    default:
      return null;
  }
}

function oneOf(values: readonly unknown[]): Test {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  const known = new Set(values);
  return (value) => known.has(value);
}

function both(isType: Test, fits: ((value: never) => boolean) | null): Test | null {
  return fits && ((value) => isType(value) && fits(value as never));
}

function hasChecks({ checks }: { readonly checks?: readonly unknown[] | undefined }): boolean {
  return checks !== undefined && checks.length > 0;
}

type Checks = readonly z.core.$ZodCheck<never>[] | undefined;

function lengthTest(checks: Checks): ((value: Measured) => boolean) | null {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const check of checks ?? []) {
    const { def } = (check as unknown as z.core.$ZodChecks)._zod;
    if (def.check === "min_length") least = Math.max(least, def.minimum);
    else if (def.check === "max_length") most = Math.min(most, def.maximum);
    else return null;
  }
  return ({ length }) => length >= least && length <= most;
}

function numberTest(def: DefOf<"number">): Test | null {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  let isWhole = false;
  if ("format" in def) {
    if (def.format !== "safeint") return null;
    isWhole = true;
  }
  for (const check of def.checks ?? []) {
    const { def: limit } = (check as unknown as z.core.$ZodChecks)._zod;
    if (limit.check === "greater_than" && limit.inclusive) least = Math.max(least, Number(limit.value));
    else if (limit.check === "less_than" && limit.inclusive) most = Math.min(most, Number(limit.value));
    else return null;
  }
  return (value) =>
    typeof value === "number" &&
    (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    value >= least &&
    value <= most;
}

function arrayReader(def: DefOf<"array">): Read | null {
  const fits = lengthTest(def.checks);
  if (fits === null) return null;
  const read = readerOf(def.element);
  return (value) => {
    if (!Array.isArray(value) || !fits(value)) return INVALID;
    let changed: unknown[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const item = read(value[i]);
      if (item === INVALID) return INVALID;
      if (item === value[i]) continue;
      changed ??= value.slice();
      changed[i] = item;
    }
    return changed ?? value;
  };
}

interface Field {
  readonly key: string;
  readonly read: Read;
  readonly isOptional: boolean;
}

function objectReader(def: DefOf<"object">): Read | null {
  const catchall = def.catchall?._zod.def.type;
  if (catchall !== undefined && catchall !== "never" && catchall !== "unknown") return null;
  const rest = catchall === undefined ? "left out" : catchall === "unknown" ? "kept" : "refused";
  const fields: Field[] = [];
  for (const [key, field] of Object.entries(def.shape)) {
    const need = needOf(field);
    if (need === null || key === "__proto__") return null;
    fields.push({ key, read: readerOf(field), isOptional: need === "optional" });
  }
  const keys = new Set(Object.keys(def.shape));
  return (value) => {
    if (!isRecord(value)) return INVALID;
    let isSame = true;
    for (let i = 0; i < fields.length; i++) {
      const { key, read, isOptional } = fields[i] as Field;
      const field = value[key];
      if (field === undefined && isOptional) continue;
      const found = field === undefined ? INVALID : read(field);
      if (found === INVALID) return INVALID;
      if (found !== field) isSame = false;
    }
    if (rest !== "kept") {
      for (const key in value) {
        if (keys.has(key)) continue;
        if (rest === "refused") return INVALID;
        isSame = false;
      }
    }
    return isSame ? value : changed(value, fields, rest);
  };
}

/** Once more, for the result: a field that does not stay as it is, or one too many, is the exception. */
function changed(value: Fields, fields: readonly Field[], rest: "kept" | "refused" | "left out"): Fields {
  const result: Record<string, unknown> = rest === "kept" ? { ...value } : {};
  for (const { key, read } of fields) {
    if (value[key] !== undefined) result[key] = read(value[key]);
  }
  return result;
}

/** Null: something is put in its place where it is missing, or it is not known whether it may be. */
function needOf(field: Schema): "required" | "optional" | null {
  const { optin, def } = field._zod;
  if (optin === undefined) return "required";
  return optin === "optional" && (def.type === "optional" || def.type === "nullable") ? "optional" : null;
}

function recordReader(def: DefOf<"record">): Read | null {
  const { def: key } = (def.keyType as z.core.$ZodTypes)._zod;
  if (key.type !== "string" || testOf(key) === null || hasChecks(key)) return null;
  const isAny = (def.valueType as z.core.$ZodTypes)._zod.def.type === "unknown";
  const read = readerOf(def.valueType);
  return (value) => {
    if (!isRecord(value)) return INVALID;
    if (isAny) return value;
    let result: Record<string, unknown> | null = null;
    for (const name in value) {
      const found = read(value[name]);
      if (found === INVALID) return INVALID;
      if (found === value[name]) continue;
      result ??= { ...value };
      result[name] = found;
    }
    return result ?? value;
  };
}

/** The first that fits, or the one that a field's value names. */
function unionReader(def: DefOf<"union">): Read | null {
  if ((def.inclusive === false) !== "discriminator" in def) return null;
  if ("discriminator" in def) return discriminatedReader(def as z.core.$ZodDiscriminatedUnionDef);
  const options = def.options.map(readerOf);
  return (value) => {
    for (let i = 0; i < options.length; i++) {
      const found = (options[i] as Read)(value);
      if (found !== INVALID) return found;
    }
    return INVALID;
  };
}

function discriminatedReader({
  discriminator,
  options,
  unionFallback,
}: z.core.$ZodDiscriminatedUnionDef): Read | null {
  if (unionFallback === true) return null;
  const readers = new Map<unknown, Read>();
  for (const option of options) {
    const named = option._zod.propValues?.[discriminator];
    if (named === undefined || named.has(undefined)) return null;
    const read = readerOf(option);
    for (const name of named) readers.set(name, read);
  }
  return (value) => {
    const read = isRecord(value) ? readers.get(value[discriminator]) : undefined;
    return read === undefined ? INVALID : read(value);
  };
}
