/** Reading and joining JSON Schemas. Owns references and the merge that `allOf` needs; fills nothing. */
import { isRecord } from "../../core/json.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Both schemas at once, as far as one schema can say it. */
export function merge(left: unknown, right: unknown): unknown {
  if (left === false || right === false) return false;
  if (!isRecord(left)) return right ?? true;
  if (!isRecord(right)) return left;
  const merged: Record<string, unknown> = { ...left };
  for (const [keyword, value] of Object.entries(right)) {
    merged[keyword] = keyword in left ? both(keyword, left[keyword], value) : value;
  }
  return merged;
}

function both(keyword: string, left: unknown, right: unknown): unknown {
  switch (keyword) {
    case "properties":
      return mergeProperties(left, right);
    case "required":
      return [...new Set([...strings(left), ...strings(right)])];
    case "allOf":
      return [...(Array.isArray(left) ? left : []), ...(Array.isArray(right) ? right : [])];
    case "items":
    case "additionalProperties":
    case "contains":
      return merge(left, right);
    case "type":
      return commonTypes(typesOf(left), typesOf(right));
    case "enum":
      return Array.isArray(left) && Array.isArray(right) ? left.filter((one) => right.includes(one)) : right;
    case "minimum":
    case "minLength":
    case "minItems":
    case "minProperties":
    case "exclusiveMinimum":
      return typeof left === "number" && typeof right === "number" ? Math.max(left, right) : right;
    case "maximum":
    case "maxLength":
    case "maxItems":
    case "maxProperties":
    case "exclusiveMaximum":
      return typeof left === "number" && typeof right === "number" ? Math.min(left, right) : right;
    default:
      return right;
  }
}

function mergeProperties(left: unknown, right: unknown): unknown {
  if (!isRecord(left) || !isRecord(right)) return right;
  const merged: Record<string, unknown> = { ...left };
  for (const [key, value] of Object.entries(right))
    merged[key] = key in left ? merge(left[key], value) : value;
  return merged;
}

function commonTypes(left: readonly string[], right: readonly string[]): readonly string[] {
  const common = left.filter(
    (type) => right.includes(type) || (type === "integer" && right.includes("number")),
  );
  return right.includes("integer") && left.includes("number") ? [...common, "integer"] : common;
}

/** The target of `#` or `#/$defs/Name`; undefined where it dangles, leaves the document, or is an anchor. */
export function resolve(root: JsonSchema, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const part of reference.slice(2).split("/")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isRecord(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return at;
}

export function typesOf(type: unknown): readonly string[] {
  return typeof type === "string" ? [type] : strings(type);
}

export function hasType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isRecord(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
