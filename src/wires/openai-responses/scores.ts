/** Log probabilities as this wire lists them. Owns what its types promise of each, whoever gave them. */
import { isRecord } from "../../core/json.ts";

export const NO_SCORES: readonly unknown[] = [];
const utf8 = new TextEncoder();

/** `logprobs` of a provider of this wire, which is a list, or of OpenAI Chat, whose lists it holds. */
export function scoresOf(logprobs: unknown): readonly unknown[] {
  if (Array.isArray(logprobs)) return logprobs.map(promised);
  return isRecord(logprobs) && Array.isArray(logprobs.content) ? logprobs.content.map(promised) : NO_SCORES;
}

/** Every token has its bytes here and a list of others; in OpenAI Chat bytes may be null. */
function promised(score: unknown): unknown {
  if (!isRecord(score)) return score;
  const others = Array.isArray(score.top_logprobs) ? score.top_logprobs : NO_SCORES;
  return {
    ...withBytes(score),
    top_logprobs: others.map((other) => (isRecord(other) ? withBytes(other) : other)),
  };
}

function withBytes<Score extends Readonly<Record<string, unknown>>>(score: Score): Score {
  const { bytes, token } = score;
  if (Array.isArray(bytes) || typeof token !== "string") return score;
  return { ...score, bytes: [...utf8.encode(token)] };
}
