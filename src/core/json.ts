/** JSON from strangers: decoded strictly, bounded in depth, without keys or numbers that bite. */
import { failed, ok, type Result } from "./faults.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Whether `value` is what JSON calls an object: neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses untrusted bytes. Faults are `invalid` with code `invalid_utf8`, `invalid_json`, `json_too_deep`,
 * `forbidden_key` or `invalid_number`. Cost grows with the number of values, not of bytes.
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): Result<unknown> {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return failed(
      "invalid",
      "invalid_utf8",
      "The request body is not valid UTF-8. Send JSON encoded as UTF-8.",
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message may quote the body, which must not travel.
    return failed(
      "invalid",
      "invalid_json",
      text.trim() === ""
        ? "The request body is empty. Send a JSON object."
        : "The request body is not valid JSON. Check quotes, commas and brackets.",
    );
  }
  const defect = inspect(value, maxDepth);
  if (defect === "depth") {
    return failed(
      "invalid",
      "json_too_deep",
      `The request body nests deeper than ${maxDepth} levels. Flatten it.`,
    );
  }
  if (defect === "key") {
    return failed("invalid", "forbidden_key", 'The request body has a key named "__proto__". Rename it.');
  }
  if (defect === "number") {
    return failed(
      "invalid",
      "invalid_number",
      "The request body has a number beyond the range of a double. Use a finite number.",
    );
  }
  return ok(value);
}

type Defect = "depth" | "key" | "number" | null;

function inspect(value: unknown, depthLeft: number): Defect {
  if (typeof value === "number") return Number.isFinite(value) ? null : "number";
  if (typeof value !== "object" || value === null) return null;
  if (depthLeft === 0) return "depth";
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const defect = inspect(value[i], depthLeft - 1);
      if (defect) return defect;
    }
    return null;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    if (key === "__proto__") return "key";
    const defect = inspect(record[key], depthLeft - 1);
    if (defect) return defect;
  }
  return null;
}
