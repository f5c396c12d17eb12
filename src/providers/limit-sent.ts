/** The limit on an answer as a provider is told it. Owns where each dialect's body states it. */
import { isRecord } from "../core/json.ts";
import type { Lowered } from "../wires/wire.ts";

const PLACES: readonly (readonly string[])[] = [
  ["max_tokens"],
  ["max_completion_tokens"],
  ["max_output_tokens"],
  ["inferenceConfig", "maxTokens"],
  ["generationConfig", "maxOutputTokens"],
  ["sampling", "max_tokens"],
];

/** In tokens; null: none is sent. */
export function limitSent({ body, limit }: Lowered): number | null {
  if (limit !== undefined) return limit;
  for (const place of PLACES) {
    let value: unknown = body;
    for (const key of place) value = isRecord(value) ? value[key] : undefined;
    if (typeof value === "number") return value;
  }
  return null;
}
