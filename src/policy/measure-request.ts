/** The size of a request in tokens, exact only where it matters. Owns when to count instead of guess. */
import type { ModelRequest } from "../core/request.ts";
import type { UseCase } from "../core/snapshot.ts";
import { estimateTokens, textTokens } from "./estimate-tokens.ts";

/** From this share of the smallest context window on, an estimate is not good enough to refuse by. */
const NEAR = 0.6;
/** Characters encoded in one go: byte-pair encoding of this many takes about a millisecond. */
const SLICE_CHARS = 16_384;

/**
 * Input tokens of `request`: the estimate, or near a window of the use case a promise of the count by the
 * o200k vocabulary. The count yields between slices, so that no other request waits for it.
 */
export function measureRequest(request: ModelRequest, useCase: UseCase): number | Promise<number> {
  const estimate = estimateTokens(request);
  return estimate < NEAR * smallestWindow(useCase) ? estimate : countTokens(request);
}

const windows = new WeakMap<UseCase, number>();

function smallestWindow(useCase: UseCase): number {
  let smallest = windows.get(useCase);
  if (smallest === undefined) {
    smallest = Number.POSITIVE_INFINITY;
    const arms = useCase.rollouts.flatMap((rollout) => rollout.arms.map(({ ladder }) => ladder?.rungs ?? []));
    for (const ladder of [useCase.ladder, ...useCase.rules.map((rule) => rule.ladder), ...arms]) {
      for (const rung of ladder) {
        for (const { model } of rung.deployments) smallest = Math.min(smallest, model.contextWindow);
      }
    }
    windows.set(useCase, smallest);
  }
  return smallest;
}

/** Every text by its count; images, tools and schemas by their estimate. */
export async function countTokens(request: ModelRequest): Promise<number> {
  const { countTokens: count } = await import("gpt-tokenizer/encoding/o200k_base");
  let tokens = estimateTokens(request);
  for (const message of request.messages) {
    for (const part of message.content) {
      if (part.type !== "text") continue;
      tokens -= textTokens(part.text);
      for (let at = 0; at < part.text.length; at += SLICE_CHARS) {
        tokens += count(part.text.slice(at, at + SLICE_CHARS));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
  }
  return Math.ceil(tokens);
}
