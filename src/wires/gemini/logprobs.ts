/**
 * Log probabilities, both ways. Owns the mapping between this wire's lists and the shape in which OpenAI's
 * clients read them, which is what events carry.
 */
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

/** `logprobsResult` as `{content: [{token, logprob, bytes, top_logprobs}], refusal}`; undefined if it is none. */
export function readLogprobs(result: unknown): JsonObject | undefined {
  if (!isRecord(result) || !Array.isArray(result.chosenCandidates)) return undefined;
  const tops = Array.isArray(result.topCandidates) ? result.topCandidates : [];
  const content = result.chosenCandidates.map((chosen: unknown, position) => {
    const top: unknown = tops[position];
    const alternatives = isRecord(top) && Array.isArray(top.candidates) ? top.candidates : [];
    return { ...readToken(chosen), top_logprobs: alternatives.map(readToken) };
  });
  return { content, refusal: null };
}

/** The reverse; null where `logprobs` has another shape. */
export function renderLogprobs(logprobs: unknown): JsonObject | null {
  if (!isRecord(logprobs) || !Array.isArray(logprobs.content)) return null;
  const tokens = logprobs.content.filter(isRecord);
  return {
    topCandidates: tokens.map(({ top_logprobs: top }) => ({
      candidates: Array.isArray(top) ? top.map(renderToken) : [],
    })),
    chosenCandidates: tokens.map(renderToken),
  };
}

function readToken(value: unknown): JsonObject {
  const { token, logProbability } = isRecord(value) ? value : {};
  return { token: token ?? "", logprob: logProbability ?? 0, bytes: null };
}

function renderToken(value: unknown): JsonObject {
  const { token, logprob } = isRecord(value) ? value : {};
  return { token: token ?? "", logProbability: logprob ?? 0 };
}
