/** What a simulated model thinks before it answers. Owns the words, their number and their signature. */
import { createHash } from "node:crypto";
import type { StreamEvent } from "../../core/events.ts";
import type { Effort, ReasoningControl } from "../../core/request.ts";
import { effortOf } from "../../wires/effort.ts";
import type { Utterance } from "./question.ts";
import { splitTokens } from "./tokens.ts";

/** How many of the sentences an effort is good for. */
const SENTENCES: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1,
  low: 1,
  medium: 2,
  high: 3,
  xhigh: 3,
};

/** One event a token; empty where no reasoning is asked for. */
export function reasoningEvents(
  control: ReasoningControl | undefined,
  said: Utterance,
  choice: number,
): readonly StreamEvent[] {
  if (control === undefined) return [];
  const budget = control.budgetTokens ?? Number.POSITIVE_INFINITY;
  const effort = control.effort ?? effortOf(control.budgetTokens ?? 0);
  const text = thoughts(said).slice(0, SENTENCES[effort]).join(" ");
  return splitTokens(text)
    .slice(0, budget)
    .map((token) => ({ type: "reasoning", choice, text: token }));
}

/** Ends `reasoning` with a signature that depends on its text alone, after `prefix`. */
export function signatureOf(reasoning: readonly StreamEvent[], choice: number, prefix: string): StreamEvent {
  const hash = createHash("sha256");
  for (const event of reasoning) if (event.type === "reasoning") hash.update(event.text);
  return { type: "reasoning", choice, text: "", signature: prefix + hash.digest("base64") };
}

function thoughts(said: Utterance): readonly string[] {
  return [
    said.topic === ""
      ? "[simulated reasoning] There is no text to think about."
      : `[simulated reasoning] The question is about “${said.topic}”.`,
    "Nobody weighs it here: these thoughts are made up, so that their way through the gateway can be seen.",
    "What follows is the simulated answer.",
  ];
}
