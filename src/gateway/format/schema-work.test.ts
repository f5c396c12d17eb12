import { describe, expect, test } from "bun:test";
import { judgeBySchema } from "./judge-schema.ts";
import { isLittleWork } from "./schema-work.ts";

const parts = (count: number, part: unknown) => Array.from({ length: count }, () => part);
const TREE = { properties: { children: { items: { $ref: "#" } } }, required: ["children"] };
const tree = (depth: number): unknown => ({ children: depth === 0 ? [] : parts(2, tree(depth - 1)) });

describe("little work", () => {
  test.each<[string, object, unknown]>([
    ["nothing", {}, { a: [1, "x", null] }],
    ["the usual", { type: "object", properties: { id: { type: "string" } }, required: ["id"] }, { id: "x" }],
    ["what means nothing", { title: "T", description: "D", examples: [{}], default: {}, "x-a": 1 }, 1],
    ["references", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { const: { x: 1 } } } }, { x: 1 }],
    ["references to true", { items: { $ref: "#/definitions/any" }, definitions: { any: true } }, [1]],
    ["a schema that is part of itself", TREE, tree(5)],
    ["alternatives", { anyOf: [{ type: ["string", "null"] }, { not: { enum: [1, 2] } }] }, 3],
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of the schema
    ["conditions", { if: { minimum: 3 }, then: { multipleOf: 2 }, else: false }, 4],
    ["lists", { prefixItems: [{ type: "number" }], items: { type: "string" }, contains: true }, [1, "x"]],
    ["names", { propertyNames: { maxLength: 3 }, additionalProperties: { type: "number" } }, { a: 1 }],
    ["dates", { format: "date-time" }, "2026-01-01T00:00:00Z"],
    ["a long list", { items: { properties: { a: { type: "number" } } } }, parts(1000, { a: 1 })],
  ])("%s", (_what, schema, value) => {
    expect(isLittleWork(schema, [value])).toBeTrue();
    expect(judgeBySchema(schema, [[value]])).toEqual([{ type: "fits", at: 0 }]);
  });
});

describe("too much, or unknown", () => {
  let nested: object = {};
  for (let depth = 0; depth < 20_000; depth++) nested = { not: nested };
  const fork = { anyOf: parts(2, { items: { $ref: "#" } }) };
  let list: unknown = 1;
  for (let depth = 0; depth < 20; depth++) list = [list];

  test.each<[string, object, unknown]>([
    ["a pattern", { properties: { a: { pattern: "^a$" } } }, {}],
    ["a pattern in what only a reference applies", { $defs: { a: { pattern: "^a$" } } }, {}],
    ["patterns of names", { patternProperties: { "^a$": true } }, {}],
    ["items that differ", { uniqueItems: true }, []],
    ["a format that may take long", { format: "uri" }, "x"],
    ["names of schemas, which change what references mean", { $defs: { a: { $anchor: "b" } } }, 1],
    ["names of schemas where none are expected", { "x-a": { $id: "b" } }, 1],
    ["an address", { $id: "https://example.com/s" }, 1],
    ["a note of the validator's own", { $ref: "#/$defs/a", __absolute_ref__: "b", $defs: { a: {} } }, 1],
    ["a reference to nothing", { $ref: "#/$defs/none" }, 1],
    ["a reference to elsewhere", { $ref: "https://example.com/s" }, 1],
    ["a reference to what is no schema", { $ref: "#/default", default: { a: 1 } }, 1],
    ["a reference to itself", { $ref: "#" }, 1],
    ["a schema that is none", { properties: { a: 1 } }, 1],
    ["a limit that is no number", { minimum: ["1"] }, 1],
    ["a schema too deep to be read", nested, 1],
    ["a value too deep", { items: { $ref: "#" } }, JSON.parse("[".repeat(500) + "]".repeat(500))],
    ["alternatives that double at every level", fork, list],
    ["many alternatives for many items", { items: { anyOf: parts(200, { type: "string" }) } }, parts(200, 1)],
    ["a long list of words for many items", { items: { enum: parts(5000, "word") } }, parts(200, 1)],
    ["a long text for many limits", { anyOf: parts(100, { minLength: 1 }) }, "x".repeat(1_000_000)],
    ["long names above many parts", { properties: { ["k".repeat(9000)]: { anyOf: parts(100, true) } } }, 1],
    ["long references", { $defs: { a: { $ref: `#/$defs/${"x".repeat(100_000)}` } } }, 1],
  ])("%s", (_what, schema, value) => {
    expect(isLittleWork(schema, [value])).toBeFalse();
  });

  test("little that comes often", () => {
    const schema = { items: { type: "number" } };
    const value = parts(1000, 1);
    expect(isLittleWork(schema, parts(5, value))).toBeTrue();
    expect(isLittleWork(schema, parts(50, value))).toBeFalse();
  });
});

describe("what the validator cannot run", () => {
  test.each<[string, object, unknown]>([
    ["a pattern of another language", { pattern: "(?i)a" }, "a"],
    ["a pattern that Unicode does not allow", { pattern: "^[\\w-.]+@x$" }, "me@x"],
    ["an external reference", { $ref: "https://example.invalid/x.json" }, 1],
    ["a reference to itself", { $ref: "#" }, 1],
  ])("%s has no verdict", (_what, schema, value) => {
    expect(judgeBySchema(schema, [[value]])).toBeNull();
  });
});
