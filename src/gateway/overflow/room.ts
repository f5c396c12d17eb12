/** How many tokens of input a deployment has room for. Owns the sum, and the words for a request beyond it. */
import type { Deployment } from "../../core/deployment.ts";
import { type Fault, fault } from "../../core/faults.ts";

/** The window without the output that may be asked for; what a model cannot produce needs no room. */
export function roomFor({ model }: Deployment, outputTokens: number): number {
  return model.contextWindow - Math.min(outputTokens, model.maxOutputTokens);
}

/** For the application to shorten: no repetition would help. */
export function tooLong(tokens: number, deployments: readonly Deployment[]): Fault {
  const largest = Math.max(...deployments.map(({ model }) => model.contextWindow));
  return fault(
    "context_overflow",
    "context_length_exceeded",
    `The request has about ${tokens} tokens of input, and the models of this use case hold ${largest} with ` +
      "their answer. Shorten the conversation, or ask for fewer output tokens.",
    { param: "messages" },
  );
}
