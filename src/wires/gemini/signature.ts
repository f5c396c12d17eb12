/**
 * Thought signatures, both ways. The API refuses a signature that it did not make, so ours carry a mark while
 * they are abroad: what comes back without it was signed by another provider and is not sent.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
import { isRecord } from "../../core/json.ts";

const MARK = "gemini:";
/** What the API takes in place of a signature for calls that it did not make itself. */
export const UNSIGNED = "skip_thought_signature_validator";
/** Models from before signatures were demanded. */
const UNDEMANDING = /gemini-(?:1|2)(?:\.|-|$)/;

/** A part's `thoughtSignature` as the contract carries it; null where there is none. */
export function readSignature(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value !== UNSIGNED ? MARK + value : null;
}

/** A signature of the contract as the API made it; null where another provider made it. */
export function ownSignature(signature: string | undefined): string | null {
  return signature?.startsWith(MARK) ? signature.slice(MARK.length) : null;
}

/** Whether a model refuses a turn whose first call carries no signature. */
export function demandsSignatures(modelId: string): boolean {
  return !UNDEMANDING.test(modelId);
}

/** A caller's own contents in which the first call of every turn is signed: another model's turns are not. */
export function withSignedCalls(contents: unknown): unknown {
  if (!Array.isArray(contents)) return contents;
  return contents.map((content: unknown) => {
    if (!isRecord(content) || content.role !== "model" || !Array.isArray(content.parts)) return content;
    const first = content.parts.findIndex((part) => isRecord(part) && isRecord(part.functionCall));
    const part: unknown = content.parts[first];
    if (!isRecord(part) || part.thoughtSignature) return content;
    return { ...content, parts: content.parts.with(first, { ...part, thoughtSignature: UNSIGNED }) };
  });
}
