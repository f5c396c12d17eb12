/** The list with which a request asks for more than the usual. Owns its words that the contract knows. */

type Body = Record<string, unknown>;

/** Log probabilities of the output text. */
export const INCLUDE_LOGPROBS = "message.output_text.logprobs";
/** Reasoning that can go on in the next turn without stored state. */
export const INCLUDE_REASONING = "reasoning.encrypted_content";

export function include(body: Body, name: string): void {
  const names: readonly unknown[] = Array.isArray(body.include) ? body.include : [];
  if (!names.includes(name)) body.include = [...names, name];
}

export function exclude(body: Body, name: string): void {
  if (!Array.isArray(body.include)) return;
  const names = body.include.filter((known) => known !== name);
  if (names.length === 0) delete body.include;
  else body.include = names;
}
