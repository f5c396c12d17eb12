/**
 * The API's own schemas, a subset of OpenAPI 3.0 with types in capitals, as JSON Schema. Owns the difference;
 * the other direction is not needed, since the API also takes JSON Schema.
 */
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

/** Fields that hold a schema, a list of schemas, and schemas by name. */
const ONE: ReadonlySet<string> = new Set(["items", "additionalProperties"]);
const LIST: ReadonlySet<string> = new Set(["anyOf", "prefixItems"]);
const NAMED: ReadonlySet<string> = new Set(["properties", "defs", "$defs"]);
/** Bounds that the API's JSON spells as strings, being 64-bit integers. */
const COUNTS: ReadonlySet<string> = new Set([
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "minProperties",
  "maxProperties",
]);

/** JSON Schema as it is comes out as it went in. */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const read: Record<string, unknown> = {};
  for (const key in schema) {
    if (key === "nullable") continue;
    read[key] = readField(key, schema[key]);
  }
  if (schema.nullable === true && typeof read.type === "string") read.type = [read.type, "null"];
  return read;
}

function readField(key: string, value: unknown): unknown {
  if (key === "type" && typeof value === "string") return value.toLowerCase();
  if (COUNTS.has(key) && typeof value === "string") return Number(value);
  if (ONE.has(key) && isRecord(value)) return toJsonSchema(value);
  if (LIST.has(key) && Array.isArray(value))
    return value.map((one) => (isRecord(one) ? toJsonSchema(one) : one));
  if (NAMED.has(key) && isRecord(value)) return readNamed(value);
  return value;
}

function readNamed(schemas: JsonObject): JsonObject {
  const read: Record<string, unknown> = {};
  for (const name in schemas) {
    const schema = schemas[name];
    read[name] = isRecord(schema) ? toJsonSchema(schema) : schema;
  }
  return read;
}
