/** Which part of a schema governs a path of a value, and what stands there. Owns the way; judges nothing. */
import { z } from "zod";
import type { Path } from "../finding.ts";

export function descriptionOf(schema: z.ZodType | null): string | undefined {
  if (schema === null) return undefined;
  if (schema.description !== undefined) return schema.description;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? descriptionOf(schema.unwrap() as z.ZodType)
    : undefined;
}

/** The schema that governs `path` of `root`; unions are followed by what was written. */
export function schemaAt(schema: z.ZodType, root: unknown, path: Path, wrapped = false): z.ZodType | null {
  let current: z.ZodType | null = schema;
  let value = root;
  for (const segment of path) {
    const inner: z.ZodType | null = current === null ? null : choose(unwrap(current), value);
    current = inner === null ? null : child(inner, segment);
    value = valueAt(value, [segment]);
  }
  if (wrapped || current === null) return current;
  return choose(unwrap(current), value);
}

function child(schema: z.ZodType, segment: string | number): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    return Object.hasOwn(shape, segment) ? (shape[segment] as z.ZodType) : null;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return null;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in as z.ZodType);
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;
}

function choose(schema: z.ZodType, value: unknown): z.ZodType {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const options = schema.options as readonly z.ZodType[];
  if (typeof value !== "object" || value === null) return schema;
  const kind = String(valueAt(value, ["kind"]));
  const objects = options.filter((option) => option instanceof z.ZodObject);
  return objects.find((option) => literalsOf(option, "kind").includes(kind)) ?? objects[0] ?? schema;
}

export function literalsOf(option: unknown, key: string): readonly string[] {
  if (!(option instanceof z.ZodObject)) return [];
  const field: unknown = (option.shape as Readonly<Record<string, unknown>>)[key];
  return field instanceof z.ZodLiteral ? [...field.values].map(String) : [];
}

export function keysOf(schema: z.ZodType | null): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[segment];
  }
  return value;
}
