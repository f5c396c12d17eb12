/** Strings and numbers within a schema's bounds, from the caller's words where they fit. Knows no structure. */
import type { Random } from "../../core/clock.ts";
import { samplePattern } from "./sample-pattern.ts";
import type { JsonSchema } from "./schema-parts.ts";

/** What to fill from. Names and numbers are used up in order, so that a form's fields differ. */
export interface FillHints {
  readonly text: string;
  readonly names: string[];
  readonly numbers: number[];
  /** Which item of an array this is. */
  readonly index: number;
}

const FORMATS: Readonly<Record<string, (index: number) => string>> = {
  "date-time": (index) => `2030-01-${day(index)}T09:30:00Z`,
  date: (index) => `2030-01-${day(index)}`,
  time: (index) => `09:30:${day(index)}Z`,
  duration: (index) => `PT${index + 1}H`,
  email: (index) => `simulated${index || ""}@example.com`,
  "idn-email": (index) => `simulated${index || ""}@example.com`,
  hostname: (index) => `host${index || ""}.example.com`,
  "idn-hostname": (index) => `host${index || ""}.example.com`,
  ipv4: (index) => `192.0.2.${(index % 250) + 1}`,
  ipv6: (index) => `2001:db8::${(index + 1).toString(16)}`,
  uri: (index) => `https://example.com/simulated/${index + 1}`,
  url: (index) => `https://example.com/simulated/${index + 1}`,
  iri: (index) => `https://example.com/simulated/${index + 1}`,
  "uri-reference": (index) => `/simulated/${index + 1}`,
  "iri-reference": (index) => `/simulated/${index + 1}`,
  "uri-template": (index) => `https://example.com/{id}/${index + 1}`,
  uuid: (index) => `00000000-0000-4000-8000-${(index + 1).toString(16).padStart(12, "0")}`,
  "json-pointer": (index) => `/simulated/${index}`,
  "relative-json-pointer": (index) => `${index + 1}`,
  regex: () => "^simulated$",
};

function day(index: number): string {
  return String((index % 28) + 1).padStart(2, "0");
}

/** A string of the schema's format, pattern and length; else a name the caller gave; else its own name. */
export function fillString(schema: JsonSchema, hints: FillHints, name: string): string | undefined {
  const least = whole(schema.minLength, 0);
  const most = whole(schema.maxLength, Number.POSITIVE_INFINITY);
  if (least > most) return undefined;
  const format = typeof schema.format === "string" ? FORMATS[schema.format] : undefined;
  if (format) return format(hints.index);
  if (typeof schema.pattern === "string") {
    const sample = samplePattern(schema.pattern, least);
    if (sample !== null) return sample;
  }
  const said = hints.names.shift();
  const suffix = hints.index > 0 ? ` ${hints.index + 1}` : "";
  return fitLength(said ?? `simulated ${name || "text"}${suffix}`, least, most, hints.index);
}

/** Characters are code points, as JSON Schema counts them. */
function fitLength(text: string, least: number, most: number, index: number): string {
  const characters = [...text];
  if (characters.length > most) {
    // Short strings must still differ from one another inside an array.
    if (most <= 3) return index.toString(36).padStart(most, "s").slice(0, most);
    return characters.slice(-most).join("");
  }
  return characters.length < least ? text + ".".repeat(least - characters.length) : text;
}

/** A number within the bounds and a multiple where asked; undefined where none exists. */
export function fillNumber(
  schema: JsonSchema,
  hints: FillHints,
  type: "integer" | "number",
  random: Random,
): number | undefined {
  const step = stepOf(schema, type);
  const [low, high] = bounds(schema, step);
  const fits = (value: number) => value >= low && value <= high && (step === null || isMultiple(value, step));
  const said = hints.numbers.findIndex(fits);
  if (said >= 0) return hints.numbers.splice(said, 1)[0];
  if (low > high) return undefined;
  const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 100 : 1;
  const to = Number.isFinite(high) ? high : from + 100;
  const wanted = from + random() * (to - from);
  if (step === null) return [Number(wanted.toFixed(2)), wanted, from].find(fits);
  const candidates = [Math.round(wanted / step), Math.ceil(from / step), Math.floor(to / step), 0];
  return candidates.map((times) => multiple(times, step)).find(fits);
}

function stepOf(schema: JsonSchema, type: "integer" | "number"): number | null {
  const asked = schema.multipleOf;
  if (typeof asked !== "number" || !(asked > 0)) return type === "integer" ? 1 : null;
  if (type === "number" || Number.isInteger(asked)) return asked;
  for (let times = 1; times <= 1_000; times++) {
    if (Number.isInteger(multiple(times, asked))) return multiple(times, asked);
  }
  return asked;
}

/** Closed bounds; an exclusive one moves in by a step, or by a hair where there is none. */
function bounds(schema: JsonSchema, step: number | null): readonly [number, number] {
  const above = exclusive(schema, "exclusiveMinimum", "minimum");
  const below = exclusive(schema, "exclusiveMaximum", "maximum");
  let low = finite(schema.minimum, Number.NEGATIVE_INFINITY);
  let high = finite(schema.maximum, Number.POSITIVE_INFINITY);
  const hair = step ?? gap(above, Number.isFinite(high) ? high : below);
  if (above !== null)
    low = Math.max(low, step === null ? above + hair : above + Number.EPSILON * Math.max(1, Math.abs(above)));
  if (below !== null)
    high = Math.min(
      high,
      step === null ? below - hair : below - Number.EPSILON * Math.max(1, Math.abs(below)),
    );
  return [low, high];
}

function gap(low: number | null, high: number | null): number {
  return low !== null && high !== null && high > low ? (high - low) / 4 : 0.25;
}

/** The exclusive bound as a number: its own, or draft 4's flag on the plain one. */
function exclusive(schema: JsonSchema, keyword: string, plain: string): number | null {
  const value = schema[keyword];
  if (typeof value === "number") return value;
  const bound = schema[plain];
  return value === true && typeof bound === "number" ? bound : null;
}

function multiple(times: number, step: number): number {
  // 3 × 0.1 is not 0.3 in binary; as many decimals as the step has make it so.
  const decimals = Math.min(100, (String(step).split(".")[1] ?? "").length);
  return Number.isInteger(step) ? times * step : Number((times * step).toFixed(decimals));
}

function isMultiple(value: number, step: number): boolean {
  const times = value / step;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function finite(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function whole(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? Math.min(value, 100_000) : otherwise;
}
