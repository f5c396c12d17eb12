/** The size of a request in tokens, exact only where it matters. Owns when to count instead of guess. */
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { estimateTokens, inputTokens, textTokens } from "./estimate-tokens.ts";

/** From this share of the smallest context window on, an estimate is not good enough to refuse by. */
const NEAR = 0.6;
/** Characters encoded in one go: byte-pair encoding of this many takes about a millisecond. */
const SLICE_CHARS = 16_384;

/** Input tokens. */
export interface RequestSize {
  /** Of all of the request: what is paid for. */
  readonly tokens: number;
  /** Of what has to fit a model's window at once: of several inputs to embed the longest, else all of it. */
  readonly longest: number;
}

/**
 * The size of `request`: the estimate, or near a window of the use case a promise of the count by the
 * o200k vocabulary. The count yields between slices, so that no other request waits for it.
 */
export function measureRequest(request: ModelRequest, useCase: UseCase): RequestSize | Promise<RequestSize> {
  const near = NEAR * smallestWindow(useCase);
  if (request.embedding !== undefined) return measureInputs(request.embedding.inputs, near);
  const estimate = estimateTokens(request);
  return estimate < near ? whole(estimate) : countTokens(request).then(whole);
}

function whole(tokens: number): RequestSize {
  return { tokens, longest: tokens };
}

type Inputs = EmbeddingInput["inputs"];

function measureInputs(inputs: Inputs, near: number): RequestSize | Promise<RequestSize> {
  const sizes = inputs.map(inputTokens);
  const unsure = inputs.some((input, at) => typeof input === "string" && (sizes[at] ?? 0) >= near);
  return unsure ? countInputs(inputs, sizes, near) : sizeOf(sizes);
}

/** The texts that are near a window by their count, all others by their estimate. */
async function countInputs(inputs: Inputs, sizes: number[], near: number): Promise<RequestSize> {
  for (const [at, input] of inputs.entries()) {
    if (typeof input === "string" && (sizes[at] ?? 0) >= near) sizes[at] = await countText(input);
  }
  return sizeOf(sizes);
}

function sizeOf(sizes: readonly number[]): RequestSize {
  let tokens = 0;
  let longest = 0;
  for (const size of sizes) {
    tokens += size;
    if (size > longest) longest = size;
  }
  return { tokens: Math.ceil(tokens), longest: Math.ceil(longest) };
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
  let tokens = estimateTokens(request);
  for (const message of request.messages) {
    for (const part of message.content) {
      if (part.type === "text") tokens += (await countText(part.text)) - textTokens(part.text);
    }
  }
  return Math.ceil(tokens);
}

async function countText(text: string): Promise<number> {
  const { countTokens: count } = await import("gpt-tokenizer/encoding/o200k_base");
  let tokens = 0;
  for (let at = 0; at < text.length; at += SLICE_CHARS) {
    tokens += count(text.slice(at, at + SLICE_CHARS));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return tokens;
}
