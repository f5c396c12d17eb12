/**
 * Thought signatures, both ways. The API refuses a signature that it did not make, so ours carry a mark while
 * they are abroad: what comes back without it was signed by another provider and is not sent.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */

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
