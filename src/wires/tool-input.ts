/** A tool call's arguments: JSON text in the contract, an object on this wire. Owns what stands for other text. */
import { isRecord } from "../core/json.ts";
import type { JsonObject } from "./wire.ts";

/** Under this key goes, as it is, what a model wrote that is not a JSON object. */
const RAW = "_raw";

/**
 * The object to send. Text that is no JSON object becomes `{"_raw": text}`, so that whoever runs the tool sees
 * what the model wrote; an empty object would pass a broken call for one without arguments.
 */
export function toInput(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Not JSON: the text itself is all there is to tell.
  }
  return { [RAW]: text };
}
