/**
 * Signatures and encrypted reasoning, as Claude makes them on every wire. Owns telling them from other providers';
 * cannot verify either, and knows no wire's blocks.
 */
import type { ContentPart } from "../core/request.ts";

/**
 * Whether Claude may have made it: it writes base64. Seals of other providers go abroad with a mark and a
 * colon before them, and what nobody signed has none; for either the whole request would be refused.
 */
export function isClaudeSeal(seal: unknown): boolean {
  return typeof seal === "string" && seal !== "" && !seal.includes(":");
}

/** Whether reasoning of an earlier answer can go back to Claude. */
export function isSealed(part: Extract<ContentPart, { type: "reasoning" }>): boolean {
  return isClaudeSeal(part.redacted ?? part.signature);
}
