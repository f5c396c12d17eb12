/**
 * A value that a JSON Schema accepts, made from the caller's words where they fit. Owns objects, arrays and
 * combinations; single values are in fill-value.ts. Knows no wire.
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import { type Random, seededRandom } from "../../core/clock.ts";
import { isRecord } from "../../core/json.ts";
import { type FillHints, fillNumber, fillString } from "./fill-value.ts";
import { hash } from "./schedule.ts";
import { hasType, type JsonSchema, merge, resolve, strings, typesOf } from "./schema-parts.ts";

const ATTEMPTS = 8;
/** Below this depth only what is required is filled; past the second bound nothing is. */
const GENEROUS_DEPTH = 4;
const MAX_DEPTH = 32;
const MAX_ITEMS = 1_000;
/** No value fits: a `false` schema, or a contradiction. */
const NOTHING = undefined;

interface Fill {
  readonly root: JsonSchema;
  readonly hints: FillHints;
  readonly random: Random;
  /** 0: the first branch of every choice; later attempts choose by chance. */
  readonly attempt: number;
}

/**
 * A value for `schema`. What goes beyond a walk over it (`not`, `if`, an `oneOf` whose branches overlap) is
 * met by trying again and asking the validator; the last try is returned when none fits. Same arguments,
 * same value.
 */
export function fillSchema(schema: JsonSchema, hints: FillHints, seed: number): unknown {
  let value: unknown = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const names = attempt === 0 ? [...hints.names] : [];
    const fill: Fill = {
      root: schema,
      hints: { ...hints, names, numbers: attempt === 0 ? [...hints.numbers] : [], index: attempt },
      random: seededRandom(hash(`${seed}|${attempt}`)),
      attempt,
    };
    value = fillAny(schema, fill, 0, "") ?? null;
    if (accepts(schema, value) !== false) break;
  }
  return value;
}

/** Whether `schema` accepts `value`; null when the schema itself cannot be read. */
export function accepts(schema: JsonSchema, value: unknown): boolean | null {
  try {
    // The validator writes into the schema it is given.
    return new Validator(structuredClone(schema) as Schema, "2020-12", true).validate(value).valid;
  } catch {
    return null;
  }
}

/** A JSON value that `schema` refuses, or the accepted `value` itself where it refuses nothing simple. */
export function violateSchema(schema: JsonSchema, value: unknown): unknown {
  const wrong: unknown[] = [
    { unexpected: "this property is not in the schema" },
    "not what was asked for",
    7,
    [],
  ];
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      const { [key]: _left, ...rest } = value;
      wrong.unshift(rest);
    }
  }
  const refused = wrong.find((candidate) => accepts(schema, candidate) === false);
  return refused === undefined ? value : refused;
}

function fillAny(schema: unknown, fill: Fill, depth: number, name: string): unknown {
  if (schema === false || depth > MAX_DEPTH) return NOTHING;
  if (!isRecord(schema)) return fillString({}, fill.hints, name);
  if (typeof schema.$ref === "string") {
    const target = resolve(fill.root, schema.$ref);
    if (target === NOTHING) return NOTHING;
    const { $ref: _followed, ...beside } = schema;
    return fillAny(merge(target, beside), fill, depth + 1, name);
  }
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.allOf)) {
    const { allOf: _merged, ...beside } = schema;
    const whole = schema.allOf.reduce<unknown>((all, part) => merge(all, part), beside);
    return fillAny(whole, fill, depth + 1, name);
  }
  for (const keyword of ["anyOf", "oneOf"] as const) {
    const branches = schema[keyword];
    if (Array.isArray(branches)) return fillBranch(schema, keyword, branches, fill, depth, name);
  }
  if (Array.isArray(schema.enum)) return fillEnum(schema.enum, schema, fill);
  return fillTyped(schema, fill, depth, name);
}

/** The first branch that can be filled; past the generous depth, one that leads no deeper if there is one. */
function fillBranch(
  schema: JsonSchema,
  keyword: "anyOf" | "oneOf",
  branches: readonly unknown[],
  fill: Fill,
  depth: number,
  name: string,
): unknown {
  const { [keyword]: _chosen, ...beside } = schema;
  const order = [...branches];
  if (fill.attempt > 0) order.sort(() => fill.random() - 0.5);
  if (depth > GENEROUS_DEPTH) order.sort((a, b) => reach(a) - reach(b));
  else order.sort((a, b) => Number(isNull(a)) - Number(isNull(b)));
  for (const branch of order) {
    const value = fillAny(merge(beside, branch), fill, depth + 1, name);
    if (value !== NOTHING) return value;
  }
  return NOTHING;
}

function reach(schema: unknown): number {
  if (!isRecord(schema) || "const" in schema || "enum" in schema) return 0;
  if ("$ref" in schema) return 3;
  if (schema.type === "object" || schema.type === "array") return 2;
  return isNull(schema) ? 0 : 1;
}

function isNull(schema: unknown): boolean {
  return isRecord(schema) && schema.type === "null";
}

/** The choice that the caller's words name, else one by chance; only those of the schema's type. */
function fillEnum(choices: readonly unknown[], schema: JsonSchema, fill: Fill): unknown {
  const types = typesOf(schema.type);
  const fitting = choices.filter(
    (choice) => types.length === 0 || types.some((type) => hasType(choice, type)),
  );
  const said = fill.hints.text.toLowerCase();
  const named = fitting.find(
    (choice) => typeof choice === "string" && choice && said.includes(choice.toLowerCase()),
  );
  if (named !== undefined && fill.attempt === 0) return named;
  const concrete = fitting.filter((choice) => choice !== null);
  const pool = concrete.length > 0 ? concrete : fitting;
  return pool[Math.floor(fill.random() * pool.length)];
}

function fillTyped(schema: JsonSchema, fill: Fill, depth: number, name: string): unknown {
  const types = typesOf(schema.type);
  if (depth > GENEROUS_DEPTH && types.includes("null")) return null;
  const concrete = types.filter((type) => type !== "null");
  const first =
    concrete[fill.attempt % Math.max(1, concrete.length)] ??
    (types.length > 0 ? "null" : impliedType(schema));
  switch (first) {
    case "object":
      return fillObject(schema, fill, depth);
    case "array":
      return fillArray(schema, fill, depth, name);
    case "integer":
    case "number":
      return fillNumber(schema, fill.hints, first, fill.random);
    case "boolean":
      return fill.random() < 0.5;
    case "null":
      return null;
    default:
      return fillString(schema, fill.hints, name);
  }
}

function impliedType(schema: JsonSchema): string {
  const has = (...keywords: string[]) => keywords.some((keyword) => keyword in schema);
  if (has("properties", "required", "additionalProperties", "minProperties")) return "object";
  if (has("items", "prefixItems", "minItems", "contains")) return "array";
  if (has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")) return "number";
  return "string";
}

function fillObject(schema: JsonSchema, fill: Fill, depth: number): unknown {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = new Set(strings(schema.required));
  const most = typeof schema.maxProperties === "number" ? schema.maxProperties : Number.POSITIVE_INFINITY;
  // A null prototype would not serialise differently, but a property may be called __proto__.
  const entries = new Map<string, unknown>();
  for (const [key, property] of Object.entries(properties)) {
    const wanted =
      required.has(key) || (depth <= GENEROUS_DEPTH && entries.size + missing(required, entries) < most);
    if (!wanted) continue;
    const value = fillAny(property, fill, depth + 1, key);
    if (value !== NOTHING) entries.set(key, value);
    else if (required.has(key)) return NOTHING;
  }
  for (const key of required) {
    if (entries.has(key)) continue;
    const value = fillAny(schema.additionalProperties ?? true, fill, depth + 1, key);
    if (value === NOTHING) return NOTHING;
    entries.set(key, value);
  }
  return padObject(schema, entries, fill, depth) ? Object.fromEntries(entries) : NOTHING;
}

function missing(required: ReadonlySet<string>, entries: ReadonlyMap<string, unknown>): number {
  let count = 0;
  for (const key of required) if (!entries.has(key)) count++;
  return count;
}

/** Adds what `dependentRequired` and `minProperties` still want. False when it cannot be done. */
function padObject(schema: JsonSchema, entries: Map<string, unknown>, fill: Fill, depth: number): boolean {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const least = typeof schema.minProperties === "number" ? Math.min(schema.minProperties, MAX_ITEMS) : 0;
  const dependents = isRecord(schema.dependentRequired) ? schema.dependentRequired : {};
  const wanted = [...entries.keys()].flatMap((key) => strings(dependents[key]));
  const optional = Object.keys(properties);
  const free = Array.from({ length: least }, (_none, index) => `extra_${index + 1}`);
  for (const [index, key] of [...wanted, ...optional, ...free].entries()) {
    if (entries.has(key) || (index >= wanted.length && entries.size >= least)) continue;
    const value = fillAny(properties[key] ?? schema.additionalProperties ?? true, fill, depth + 1, key);
    if (value !== NOTHING) entries.set(key, value);
  }
  return entries.size >= least;
}

function fillArray(schema: JsonSchema, fill: Fill, depth: number, name: string): unknown {
  const least = typeof schema.minItems === "number" ? schema.minItems : 0;
  const most = typeof schema.maxItems === "number" ? schema.maxItems : Number.POSITIVE_INFINITY;
  const heads = [schema.prefixItems, schema.items].find((list) => Array.isArray(list)) ?? [];
  const contained = "contains" in schema ? Number(schema.minContains ?? 1) : 0;
  const usual = depth <= GENEROUS_DEPTH ? Math.max(1, heads.length) : 0;
  const length = Math.min(Math.max(least, contained, usual), most, MAX_ITEMS);
  const items: unknown[] = [];
  const seen = new Set<string>();
  for (let index = 0; items.length < length && index < length * 4 + 8; index++) {
    const base = heads[items.length] ?? schema.items ?? true;
    const item = items.length < contained ? merge(base, schema.contains) : base;
    const value = fillAny(item, indexed(fill, index), depth + 1, name);
    if (value === NOTHING) break;
    const text = JSON.stringify(value);
    if (schema.uniqueItems === true && seen.has(text)) continue;
    seen.add(text);
    items.push(value);
  }
  return items.length >= least ? items : NOTHING;
}

/** Later items differ from the first, so that unique ones can be found. */
function indexed(fill: Fill, index: number): Fill {
  return index === 0
    ? fill
    : { ...fill, attempt: fill.attempt + index, hints: { ...fill.hints, index: fill.hints.index + index } };
}
