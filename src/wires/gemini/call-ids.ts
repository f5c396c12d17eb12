/** Ids of calls that the provider left without one. Owns how they look, so that they are never sent to it. */

const MADE = "gemini_call_";

/** The same on every reading of the same answer, and no longer than the 40 characters that OpenAI takes. */
export function makeCallId(answerId: string, choice: number, index: number): string {
  const answer = answerId.replace(/[^A-Za-z0-9]/g, "").slice(-16);
  return `${MADE}${answer}_${choice}_${index}`;
}

/** For a call in a conversation: `position` counts its calls. */
export function makeTurnCallId(position: number): string {
  return MADE + position;
}

export function isMadeCallId(id: string): boolean {
  return id.startsWith(MADE);
}
