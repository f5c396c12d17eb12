/**
 * Simulated vectors: the same text has the same vector of one model everywhere, and texts that share words have
 * near ones. Owns the features and their hashing; knows no wire.
 */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { EmbeddingInput } from "../../core/request.ts";
import { hash } from "./schedule.ts";

const USUAL_DIMENSIONS = 256;
const MAX_DIMENSIONS = 4096;
const MAX_INPUTS = 2048;

/** How many coordinates a feature touches: fewer, and unlike texts would often meet in one. */
const SPREAD = 4;
/** A word weighs by itself and by its pieces of three letters, so that forms of one word are near. */
const PIECE_WEIGHT = 0.3;
/** Short words say little. */
const SHORT_WEIGHT = 0.3;
const WORDS = /[\p{L}\p{N}]+/gu;

/** Unit vectors in the order of the inputs. Faults: `invalid` past 4,096 dimensions or 2,048 inputs. */
export function composeVectors(asked: EmbeddingInput, model: string): Result<readonly (readonly number[])[]> {
  const dimensions = asked.dimensions ?? USUAL_DIMENSIONS;
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    const message = `Simulated: vectors have between 1 and ${MAX_DIMENSIONS} dimensions.`;
    return failed("invalid", "invalid_value", message, { param: "dimensions" });
  }
  if (asked.inputs.length > MAX_INPUTS) {
    const message = `Simulated: one request has at most ${MAX_INPUTS} inputs.`;
    return failed("invalid", "invalid_value", message, { param: "input" });
  }
  return ok(asked.inputs.map((input) => vectorOf(input, dimensions, model)));
}

function vectorOf(input: string | readonly number[], dimensions: number, model: string): readonly number[] {
  const vector = new Float64Array(dimensions);
  const add = (feature: string, weight: number) => {
    for (let turn = 0; turn < SPREAD; turn++) {
      const value = hash(`${model}|${turn}|${feature}`);
      const at = (value >>> 1) % dimensions;
      vector[at] = (vector[at] ?? 0) + (value & 1 ? weight : -weight);
    }
  };
  if (typeof input === "string") for (const [word] of input.toLowerCase().matchAll(WORDS)) addWord(word, add);
  else for (const token of input) add(String(token), 1);
  return normalised(vector);
}

function addWord(word: string, add: (feature: string, weight: number) => void): void {
  const weight = word.length > 3 ? 1 : SHORT_WEIGHT;
  add(word, weight);
  for (let at = 0; at + 3 < word.length + 1 && word.length > 3; at++) {
    add(`~${word.slice(at, at + 3)}`, PIECE_WEIGHT);
  }
}

/** Of length 1, in eight decimals; nothing said points along the first axis. */
function normalised(vector: Float64Array): readonly number[] {
  const length = Math.hypot(...vector);
  if (length === 0) return Array.from(vector, (_zero, at) => (at === 0 ? 1 : 0));
  return Array.from(vector, (value) => Number((value / length).toFixed(8)));
}
