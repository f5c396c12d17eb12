/** Made-up log probabilities in the chat-completions shape. Owns their plausibility; knows no answer. */
import { draw } from "./schedule.ts";

export interface TokenLogprob {
  readonly token: string;
  /** Natural logarithm, at most 0. */
  readonly logprob: number;
  readonly bytes: readonly number[];
}

const encoder = new TextEncoder();

/** `token` as the likeliest, and `alternatives` candidates in falling order, itself the first of them. */
export function tokenLogprob(
  token: string,
  key: string,
  alternatives: number,
): TokenLogprob & { readonly top_logprobs: readonly TokenLogprob[] } {
  const probability = 0.6 + 0.39 * draw(`${key}|chosen`);
  const chosen = entry(token, probability);
  const top = [chosen];
  let left = 1 - probability;
  for (let rank = 1; rank < alternatives; rank++) {
    left /= 2;
    top.push(entry(` option${rank}`, left));
  }
  return { ...chosen, top_logprobs: top.slice(0, alternatives) };
}

function entry(token: string, probability: number): TokenLogprob {
  return { token, logprob: Number(Math.log(probability).toFixed(6)), bytes: [...encoder.encode(token)] };
}
