/**
 * How much work it is to hold values to a JSON schema, worked out without running it: an upper bound of how often the
 * validator applies a part of the schema to a part of a value, in steps of some half a microsecond. Owns which schemas
 * can be bounded; what is not known to be harmless (patterns, `uniqueItems`, names of schemas) cannot.
 */
import { isRecord } from "../../core/json.ts";

/** Steps of one check, and applications within each other, that are not too many for the event loop. */
const MAX_STEPS = 10_000;
const MAX_DEPTH = 100;
/** Of a schema's text: of the pointers to its parts, and of its references, which cost more. */
const MAX_POINTER_CHARS = 400_000;
const REFERENCE_FACTOR = 16;
/** What goes into one step. */
const LISTED_A_STEP = 8;
const DATA_CHARS_A_STEP = 128;
const NAME_CHARS_A_STEP = 32;

type Kind =
  /** Subschemas of the same value: one, or a list. */
  | "here"
  | "here-list"
  /** Of members: by name, of those that are not named, of the names themselves. */
  | "by-name"
  | "other-members"
  | "names"
  /** Of items: by place, or of each. */
  | "by-place"
  | "items"
  | "each-item"
  /** Subschemas that only a reference applies. */
  | "definitions"
  | "reference"
  | "number"
  | "list"
  | "constant"
  | "format"
  | "annotation"
  | "beyond";

const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    here: ["not", "if", "then", "else"],
    "here-list": ["allOf", "anyOf", "oneOf"],
    "by-name": ["properties"],
    "other-members": ["additionalProperties", "unevaluatedProperties"],
    names: ["propertyNames"],
    "by-place": ["prefixItems"],
    items: ["items"],
    "each-item": ["contains", "unevaluatedItems"],
    definitions: ["$defs", "definitions"],
    reference: ["$ref"],
    number: [
      ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
      ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
      ...["minContains", "maxContains"],
    ],
    list: ["required", "enum", "type"],
    constant: ["const"],
    format: ["format"],
    // Neither read nor looked through for subschemas.
    annotation: ["$schema", "$comment", "$vocabulary", "default"],
    beyond: [
      ...["$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"],
      // Notes of the validator's own, which a caller could write as well.
      ...["__absolute_uri__", "__absolute_ref__", "__absolute_recursive_ref__"],
      ...["pattern", "patternProperties", "uniqueItems"],
      ...["dependentRequired", "dependentSchemas", "dependencies", "additionalItems"],
    ],
  } satisfies Record<Kind, readonly string[]>).flatMap(([kind, keywords]) =>
    keywords.map((keyword) => [keyword, kind as Kind] as const),
  ),
);

/** Formats that are checked in linear time, and some that mean nothing to the validator. */
const LINEAR_FORMATS: ReadonlySet<unknown> = new Set([
  ...["date-time", "date", "time", "uuid", "email"],
  ...["int32", "int64", "float", "double"],
]);

/** A schema as far as work goes. By references it may be part of itself. */
class Shape {
  /** Steps of applying it to one value, its subschemas apart. */
  weight = 1;
  here: Shape[] | null = null;
  byName: Map<string, Shape> | null = null;
  otherMembers: Shape[] | null = null;
  names: Shape | null = null;
  byPlace: Shape[] | null = null;
  eachItem: Shape[] | null = null;
}

/** Of `true` and `false`. */
const PLAIN = new Shape();
PLAIN.weight = 0.25;

const BEYOND = new Error("beyond what can be bounded");

/** Whether all of `values` together can be held to `schema` at once, on the event loop. */
export function isLittleWork(schema: object, values: Iterable<unknown>): boolean {
  const shape = shapeOf(schema);
  if (shape === null) return false;
  const purse = { steps: MAX_STEPS };
  for (const value of values) if (!spend(purse, shape, value, 0)) return false;
  return true;
}

/** Null where the work cannot be bounded; a schema that is too deep to be read is such a one. */
function shapeOf(schema: object): Shape | null {
  try {
    return new Reader(schema).shape();
  } catch {
    return null;
  }
}

/** Reads every part of a schema that the validator reads, once. Throws where it goes beyond what is known. */
class Reader {
  readonly #root: object;
  readonly #shapes = new Map<object, Shape>();
  readonly #references: (readonly [Shape, string])[] = [];
  #pointerChars = 0;

  constructor(root: object) {
    this.#root = root;
  }

  shape(): Shape {
    const shape = this.#read(this.#root, 0);
    for (const [from, reference] of this.#references) {
      const target = pointedAt(this.#root, reference);
      const found = typeof target === "boolean" ? PLAIN : this.#shapes.get(target as object);
      if (found === undefined) throw BEYOND;
      from.here = added(from.here, found);
    }
    return shape;
  }

  #pointTo(chars: number): void {
    this.#pointerChars += chars;
    if (this.#pointerChars > MAX_POINTER_CHARS) throw BEYOND;
  }

  /** `at`: characters of the pointer to `schema`. */
  #read(schema: unknown, at: number): Shape {
    this.#pointTo(at);
    if (typeof schema === "boolean") return PLAIN;
    const shape = new Shape();
    const members = membersOf(schema);
    this.#shapes.set(members, shape);
    for (const keyword in members)
      this.#readKeyword(shape, keyword, members[keyword], at + keyword.length + 1);
    return shape;
  }

  #readKeyword(shape: Shape, keyword: string, value: unknown, at: number): void {
    this.#pointTo(at);
    switch (KINDS.get(keyword)) {
      case "here":
        shape.here = added(shape.here, this.#read(value, at));
        return;
      case "here-list":
        for (const part of listOf(value)) shape.here = added(shape.here, this.#read(part, at + 4));
        return;
      case "by-name":
        shape.byName = this.#readMap(value, at);
        shape.weight += shape.byName.size / LISTED_A_STEP;
        return;
      case "other-members":
        shape.otherMembers = added(shape.otherMembers, this.#read(value, at));
        return;
      case "names":
        shape.names = this.#read(value, at);
        return;
      case "items":
        if (Array.isArray(value)) throw BEYOND;
        shape.eachItem = added(shape.eachItem, this.#read(value, at));
        return;
      case "by-place":
        shape.byPlace = listOf(value).map((part) => this.#read(part, at + 4));
        return;
      case "each-item":
        shape.eachItem = added(shape.eachItem, this.#read(value, at));
        return;
      case "definitions":
        this.#readMap(value, at);
        return;
      case "reference":
        if (typeof value !== "string") throw BEYOND;
        this.#pointTo(value.length * REFERENCE_FACTOR);
        this.#references.push([shape, value]);
        return;
      case "number":
        if (typeof value !== "number") throw BEYOND;
        return;
      case "list":
        if (typeof value === "string" && keyword === "type") return;
        shape.weight += weightOf(listOf(value));
        return;
      case "constant":
        shape.weight += weightOf(value);
        return;
      case "format":
        if (!LINEAR_FORMATS.has(value)) throw BEYOND;
        return;
      case "annotation":
        return;
      case "beyond":
        throw BEYOND;
      case undefined:
        // The validator looks for subschemas in an object of any name.
        if (isRecord(value)) throw BEYOND;
    }
  }

  #readMap(value: unknown, at: number): Map<string, Shape> {
    const members = membersOf(value);
    const read = new Map<string, Shape>();
    for (const name in members) {
      read.set(name, this.#read(members[name], at + name.length + 1));
    }
    return read;
  }
}

/** Takes what applying `shape` to `value` costs at the most; false when that is more than there was. */
function spend(purse: { steps: number }, shape: Shape, value: unknown, depth: number): boolean {
  purse.steps -= shape.weight;
  if (typeof value === "string") purse.steps -= value.length / DATA_CHARS_A_STEP;
  if (purse.steps < 0 || depth > MAX_DEPTH) return false;
  if (shape.here !== null) {
    for (const part of shape.here) if (!spend(purse, part, value, depth + 1)) return false;
  }
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return spendOnItems(purse, shape, value, depth + 1);
  return spendOnMembers(purse, shape, value as Readonly<Record<string, unknown>>, depth + 1);
}

function spendOnItems(
  purse: { steps: number },
  { byPlace, eachItem }: Shape,
  items: readonly unknown[],
  depth: number,
): boolean {
  if (byPlace !== null) {
    for (const [place, part] of byPlace.entries()) {
      if (place < items.length && !spend(purse, part, items[place], depth)) return false;
    }
  }
  if (eachItem === null) return true;
  for (const part of eachItem) {
    for (const item of items) if (!spend(purse, part, item, depth)) return false;
  }
  return true;
}

function spendOnMembers(
  purse: { steps: number },
  { byName, otherMembers, names }: Shape,
  members: Readonly<Record<string, unknown>>,
  depth: number,
): boolean {
  for (const name in members) {
    purse.steps -= 1 / LISTED_A_STEP + name.length / NAME_CHARS_A_STEP;
    if (names !== null && !spend(purse, names, name, depth)) return false;
    const named = byName?.get(name);
    if (named !== undefined) {
      if (!spend(purse, named, members[name], depth)) return false;
    } else if (otherMembers !== null) {
      for (const part of otherMembers) if (!spend(purse, part, members[name], depth)) return false;
    }
  }
  return purse.steps >= 0;
}

function added(parts: Shape[] | null, part: Shape): Shape[] {
  if (parts === null) return [part];
  parts.push(part);
  return parts;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw BEYOND;
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw BEYOND;
  return value;
}

/** Of data that each application compares with, or quotes. */
function weightOf(data: unknown): number {
  if (typeof data === "string") return 1 / LISTED_A_STEP + data.length / DATA_CHARS_A_STEP;
  let weight = 1 / LISTED_A_STEP;
  if (typeof data !== "object" || data === null) return weight;
  for (const [name, value] of Object.entries(data)) {
    weight += weightOf(value) + name.length / DATA_CHARS_A_STEP;
  }
  return weight;
}

/** What a reference within the document points at; a reference of another kind is beyond. */
function pointedAt(root: object, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) throw BEYOND;
  let found: unknown = root;
  for (const segment of reference.slice(2).split("/")) {
    const name = decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) throw BEYOND;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}
