/** Signatures and encrypted reasoning. Owns telling Anthropic's from other providers'; cannot verify either. */
import type { ContentPart } from "../../core/request.ts";
import type { JsonObject } from "../wire.ts";

/**
 * Whether the API may have made it: it writes base64. Seals of other providers go abroad with a mark and a
 * colon before them, and what nobody signed has none; for either the API would refuse the whole request.
 */
function isOwn(seal: unknown): boolean {
  return typeof seal === "string" && seal !== "" && !seal.includes(":");
}

/** Whether reasoning of an earlier answer can go back to the API. */
export function isSealed(part: Extract<ContentPart, { type: "reasoning" }>): boolean {
  return isOwn(part.redacted ?? part.signature);
}

/** Whether a content block can: any but thinking that the API did not make. */
export function canReturn(block: JsonObject): boolean {
  if (block.type === "thinking") return isOwn(block.signature);
  return block.type !== "redacted_thinking" || isOwn(block.data);
}
