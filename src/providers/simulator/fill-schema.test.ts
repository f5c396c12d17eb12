import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { accepts, fillSchema, violateSchema } from "./fill-schema.ts";
import type { FillHints } from "./fill-value.ts";
import { samplePattern } from "./sample-pattern.ts";
import type { JsonSchema } from "./schema-parts.ts";

const NO_HINTS: FillHints = { text: "", names: [], numbers: [], index: 0 };
const hints = (text: string, names: string[], numbers: number[] = []): FillHints => ({
  text,
  names,
  numbers,
  index: 0,
});

const string = fc.oneof(
  fc.record({ minLength: fc.nat(20), longer: fc.nat(20) }).map(({ minLength, longer }) => ({
    type: "string",
    minLength,
    maxLength: minLength + longer,
  })),
  fc
    .constantFrom("date-time", "date", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "time", "duration")
    .map((format) => ({ type: "string", format })),
  fc
    .constantFrom(
      "^[A-Z]{3}-\\d{4}$",
      "^(yes|no)$",
      "^\\+?[1-9]\\d{1,14}$",
      "^#[0-9a-f]{6}$",
      "[^\\s@]+@[\\w.]+",
    )
    .map((pattern) => ({ type: "string", pattern })),
);

const number = fc.oneof(
  fc
    .record({ minimum: fc.integer({ min: -1000, max: 1000 }), wide: fc.nat(50) })
    .map(({ minimum, wide }) => ({
      type: "integer",
      minimum,
      maximum: minimum + wide,
    })),
  fc
    .record({ exclusiveMinimum: fc.integer({ min: -50, max: 50 }), wide: fc.integer({ min: 1, max: 9 }) })
    .map(({ exclusiveMinimum, wide }) => ({
      type: "number",
      exclusiveMinimum,
      exclusiveMaximum: exclusiveMinimum + wide,
    })),
  fc
    .record({ multipleOf: fc.constantFrom(1, 5, 7, 0.5, 0.25), minimum: fc.integer({ min: -20, max: 20 }) })
    .map((bounds) => ({ type: "number", ...bounds })),
);

const leaf = fc.oneof(
  string,
  number,
  fc.constant({ type: "boolean" }),
  fc.constant({ type: "null" }),
  fc.constant({ type: ["string", "null"] }),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 4 })
    .map((values) => ({ enum: values })),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => ({ const: value })),
  fc.constant({ $ref: "#/$defs/Money" }),
  fc.constant({ $ref: "#/$defs/Tree" }),
  fc.constant({}),
);

const { schema } = fc.letrec<{ schema: JsonSchema; object: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("object"),
    fc.record({ items: tie("schema"), minItems: fc.nat(3) }).map((array) => ({ type: "array", ...array })),
    fc.record({ minItems: fc.nat(4) }).map((array) => ({
      type: "array",
      items: { type: "string" },
      uniqueItems: true,
      ...array,
    })),
    fc
      .array(tie("schema"), { minLength: 1, maxLength: 3 })
      .map((prefixItems) => ({ type: "array", prefixItems })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.constant({
      oneOf: [
        { type: "number", minimum: 5 },
        { type: "integer", maximum: 3 },
      ],
    }),
    fc
      .tuple(
        tie("object"),
        fc.constant({ required: ["always"], properties: { always: { type: "integer" } } }),
      )
      .map((allOf) => ({ allOf })),
  ),
  object: fc
    .record({
      properties: fc.dictionary(fc.constantFrom("id", "name", "notes", "price", "__proto__x"), tie("schema")),
      all: fc.boolean(),
      closed: fc.boolean(),
    })
    .map(({ properties, all, closed }) => ({
      type: "object",
      properties,
      required: all ? Object.keys(properties) : Object.keys(properties).slice(0, 1),
      ...(closed && {
        additionalProperties: false,
        properties: { ...properties, always: { type: "integer" } },
      }),
    })),
}));

const DEFINITIONS = {
  Money: {
    type: "object",
    properties: {
      amount: { type: "number", minimum: 0, multipleOf: 0.25 },
      currency: { enum: ["EUR", "USD"] },
    },
    required: ["amount", "currency"],
    additionalProperties: false,
  },
  Tree: {
    type: "object",
    properties: {
      label: { type: "string", maxLength: 12 },
      children: { type: "array", items: { $ref: "#/$defs/Tree" } },
      parent: { anyOf: [{ $ref: "#/$defs/Tree" }, { type: "null" }] },
    },
    required: ["label", "children", "parent"],
  },
};

describe("fillSchema", () => {
  test("whatever it fills, a validator accepts, and the same seed fills the same", () => {
    fc.assert(
      fc.property(schema, fc.nat(), (one, seed) => {
        const whole = { ...one, $defs: DEFINITIONS };
        const value = fillSchema(whole, NO_HINTS, seed);
        expect(accepts(whole, value)).toBe(true);
        expect(fillSchema(whole, NO_HINTS, seed)).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, JsonSchema]>([
    [
      "a recursive root",
      { type: "object", properties: { next: { $ref: "#" }, n: { type: "integer" } }, required: ["n"] },
    ],
    [
      "dependentRequired",
      { type: "object", properties: { a: { const: 1 } }, dependentRequired: { a: ["b"] } },
    ],
    ["minProperties", { type: "object", minProperties: 3 }],
    ["contains", { type: "array", items: { type: "integer" }, contains: { minimum: 100 }, minItems: 2 }],
    ["not", { type: "string", not: { const: "simulated text" } }],
    ["a false branch", { anyOf: [false, { type: "boolean" }] }],
    [
      "an optional false property",
      { type: "object", properties: { never: false, ever: { type: "string" } } },
    ],
    ["unique numbers", { type: "array", items: { type: "integer" }, uniqueItems: true, minItems: 3 }],
    ["unique choices", { type: "array", items: { enum: ["a", "b", "c"] }, uniqueItems: true, minItems: 3 }],
    ["a property named __proto__", JSON.parse('{"type":"object","required":["__proto__"]}')],
    ["no declared type", { minimum: 4, maximum: 5 }],
    [
      "if/then",
      JSON.parse('{"type":"object","properties":{"k":{"const":1}},"if":{},"then":{"required":["k"]}}'),
    ],
  ])("%s", (_name, one) => {
    expect(accepts(one, fillSchema(one, NO_HINTS, 1))).toBe(true);
  });

  test("fields are filled from the caller's words", () => {
    const one = {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 1, maximum: 10 },
        unit: { enum: ["celsius", "fahrenheit"] },
      },
      required: ["city", "days", "unit"],
    };
    const value = fillSchema(one, hints("Paris in fahrenheit, 400 or 3 days", ["Paris"], [400, 3]), 1);
    expect(value).toEqual({ city: "Paris", days: 3, unit: "fahrenheit" });
  });

  test.each<[string, JsonSchema]>([
    ["unsatisfiable", { type: "object", required: ["a"], properties: { a: false } }],
    ["dangling reference", { $ref: "#/$defs/Missing" }],
    ["endless reference", { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }],
    ["endless requirement", { type: "object", required: ["a"], properties: { a: { $ref: "#" } } }],
    ["nonsense", { type: 7, properties: "no", required: {}, enum: "x", minItems: -1 }],
  ])("%s schemas still end", (_name, one) => {
    expect(() => JSON.stringify(fillSchema(one, NO_HINTS, 1))).not.toThrow();
  });
});

describe("violateSchema", () => {
  test("gives JSON that the schema refuses", () => {
    const one = { type: "object", properties: { id: { type: "integer" } }, required: ["id"] };
    expect(accepts(one, violateSchema(one, { id: 4 }))).toBe(false);
    expect(accepts({ type: "integer" }, violateSchema({ type: "integer" }, 4))).toBe(false);
    expect(violateSchema({}, "anything")).toBe("anything");
  });
});

describe("samplePattern", () => {
  test.each([
    "^\\d{3}-\\d{2}$",
    "^[a-z]+(?:-[a-z]+)*$",
    "^(?<year>\\d{4})-(0[1-9]|1[0-2])$",
    "colou?r",
    "^[^\\w]{2}$",
    "^\\p{Lu}\\p{L}+$",
    "^\\u0041\\x42$",
    "^[\\d.]+$",
    "^.{5,}$",
    "^$",
    "a|b|c",
  ])("%p matches its sample", (pattern) => {
    for (const least of [0, 1, 5]) {
      const sample = samplePattern(pattern, least);
      if (sample !== null) expect(sample).toMatch(new RegExp(pattern, "u"));
      if (least === 0) expect(sample).not.toBeNull();
    }
  });

  test("repetition reaches a minimum length", () => {
    expect(samplePattern("^[a-z]+$", 12)?.length).toBeGreaterThanOrEqual(12);
  });

  test.each([
    "(?=x)y",
    "(?<!a)b",
    "(a",
    "[a",
    "a{999999}",
    "\\1",
    "(((a{99}){99}){99})",
    "*",
    "a".repeat(501),
  ])("%p is declined", (pattern) => {
    expect(samplePattern(pattern, 0)).toBeNull();
  });
});
