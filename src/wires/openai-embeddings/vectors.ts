/** Vectors on the wire: numbers, or base64 of little-endian 32-bit floats. Owns both spellings and their checks. */
import { decodeBase64, encodeBase64 } from "../base64.ts";

const BYTES = 4;

/** A provider's vector in either spelling; null where it is neither, empty, or holds what is no finite number. */
export function readVector(value: unknown): readonly number[] | null {
  if (typeof value === "string") return decodeVector(value);
  return Array.isArray(value) && value.length > 0 && areNumbers(value) ? value : null;
}

function areNumbers(values: readonly unknown[]): values is readonly number[] {
  // By index and without a closure: there are 1,536 of them and more, times as many inputs.
  for (let at = 0; at < values.length; at++) {
    if (!Number.isFinite(values[at])) return false;
  }
  return true;
}

function decodeVector(text: string): readonly number[] | null {
  const bytes = decodeBase64(text);
  if (bytes === null || bytes.length === 0 || bytes.length % BYTES !== 0) return null;
  const view = new DataView(bytes.buffer);
  const vector = new Array<number>(bytes.length / BYTES);
  for (let at = 0; at < vector.length; at++) {
    const number = view.getFloat32(at * BYTES, true);
    if (!Number.isFinite(number)) return null;
    vector[at] = number;
  }
  return vector;
}

/** Each number rounded to the nearest 32-bit float, as every provider computes them. */
export function encodeVector(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * BYTES));
  for (let at = 0; at < vector.length; at++) view.setFloat32(at * BYTES, vector[at] ?? 0, true);
  const bytes = new Uint8Array(view.buffer);
  // ECMAScript's own where the runtime has it already: forty times as fast.
  return bytes.toBase64?.() ?? encodeBase64(bytes);
}
