/**
 * A JSON Schema that the API's constrained output takes. Owns which keywords it refuses, and the words that ask for JSON
 * where nothing enforces it; the answer is checked against the caller's own schema elsewhere, so nothing is given up by
 * describing what cannot be enforced.
 */
import { isRecord } from "../core/json.ts";
import type { ResponseFormat } from "../core/request.ts";
import type { JsonObject } from "./wire.ts";

/** Refused by the API: https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
const DESCRIBED: ReadonlySet<string> = new Set([
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
]);
const ANY_JSON =
  "Answer with one JSON object and nothing else: no words before or after it, no Markdown fence.";
const MAPS: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const LISTS: ReadonlySet<string> = new Set(["anyOf", "allOf", "oneOf"]);

/** What a model is told that is to answer in `format`, and cannot be made to. */
export function inWords(format: Exclude<ResponseFormat, { type: "text" }>): string {
  if (format.type === "json") return ANY_JSON;
  return `${ANY_JSON} It must satisfy this JSON Schema: ${JSON.stringify(format.schema)}`;
}

/**
 * `schema` with closed objects, and with what cannot be enforced as words in the description. Null where an
 * object must stay open to have any content, as a map with free keys must.
 */
export function enforceable(schema: JsonObject): JsonObject | null {
  const found = { open: Object.keys(schema).length === 0 };
  const made = rewrite(schema, found);
  return found.open ? null : made;
}

function rewrite(schema: JsonObject, found: { open: boolean }): JsonObject {
  const made: Record<string, unknown> = {};
  const described: string[] = [];
  for (const key in schema) {
    const value = schema[key];
    if (key === "__proto__" || key === "$schema" || key === "additionalProperties") continue;
    if (DESCRIBED.has(key) && !isSmallMinimum(key, value)) described.push(`${key}: ${JSON.stringify(value)}`);
    else made[key === "oneOf" ? "anyOf" : key] = subschema(key, value, found);
  }
  if (schema.type === "object" || isRecord(schema.properties)) {
    if (isFree(schema)) found.open = true;
    made.additionalProperties = false;
  }
  if (described.length > 0) {
    const words = `Must satisfy ${described.join(", ")}.`;
    made.description = typeof made.description === "string" ? `${made.description} ${words}` : words;
  }
  return made;
}

function isFree(schema: JsonObject): boolean {
  if (isRecord(schema.additionalProperties) || schema.patternProperties !== undefined) return true;
  const named = isRecord(schema.properties) && Object.keys(schema.properties).length > 0;
  return !named && schema.additionalProperties !== false;
}

function subschema(key: string, value: unknown, found: { open: boolean }): unknown {
  const inner = (one: unknown) => (isRecord(one) ? rewrite(one, found) : one);
  if (MAPS.has(key) && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
  }
  if (LISTS.has(key) && Array.isArray(value)) return value.map(inner);
  return key === "items" ? inner(value) : value;
}

function isSmallMinimum(key: string, value: unknown): boolean {
  return key === "minItems" && (value === 0 || value === 1);
}
