/** Embeddings of several jobs as one request, and its answer as theirs again. Pure; owns how tokens are parted. */
import type { JobOrder, MicroBatchShare } from "../../core/jobs.ts";
import { isRecord } from "../../core/json.ts";
import { canonical } from "./submit.ts";

/** Of one request, as the wire has it. */
export const MAX_INPUTS = 2048;
/** Of the requests that are joined, as JSON. */
export const MAX_JOINED_BYTES = 8 * 1024 * 1024;

type Body = Readonly<Record<string, unknown>>;

/** What can go into one request with it has the same key; null: it goes alone. */
export function batchKeyOf({
  endpoint,
  keyId,
  tenant,
  acceptDegraded,
  body,
  headers,
}: JobOrder): string | null {
  if (endpoint !== "/v1/embeddings") return null;
  const inputs = inputsOf(body);
  if (inputs === null || inputs.length > MAX_INPUTS) return null;
  const { input: _input, ...parameters } = body;
  const kind = typeof inputs[0] === "string" ? "text" : "tokens";
  return canonical([keyId, tenant, acceptDegraded, kind, parameters, headers]);
}

/** How many inputs it has; 0 where they are none. */
export function countInputs(body: Body): number {
  return inputsOf(body)?.length ?? 0;
}

/** One request with everybody's inputs, in order. All have the same key. */
export function joined(bodies: readonly Body[]): Body {
  return { ...bodies[0], input: bodies.flatMap((body) => inputsOf(body) ?? []) };
}

export interface Part {
  readonly body: Body;
  readonly share: MicroBatchShare;
}

/**
 * The answer to `joined(bodies)` as one a body. Vectors go back by their index; tokens in proportion to the length
 * of what was sent, rounded down, and what that leaves over goes one token each to the largest remainders, so that
 * the parts add up to the whole. Null where the answer does not have a vector for every input.
 */
export function split(answer: unknown, bodies: readonly Body[]): readonly Part[] | null {
  if (!isRecord(answer) || !Array.isArray(answer.data)) return null;
  const counts = bodies.map(countInputs);
  const vectors = inOrder(
    answer.data,
    counts.reduce((sum, count) => sum + count, 0),
  );
  if (vectors === null) return null;
  const usage = isRecord(answer.usage) ? answer.usage : {};
  const weights = bodies.map(lengthOf);
  const parted = new Map<string, readonly Portion[]>();
  for (const name of ["prompt_tokens", "total_tokens"]) {
    const tokens = usage[name];
    if (typeof tokens === "number" && Number.isSafeInteger(tokens))
      parted.set(name, portions(tokens, weights));
  }
  let start = 0;
  return bodies.map((_body, at) => {
    const count = counts[at] ?? 0;
    const data = vectors.slice(start, start + count).map((vector, index) => ({ ...vector, index }));
    start += count;
    const own: Record<string, unknown> = { ...usage };
    for (const [name, of] of parted) own[name] = of[at]?.tokens ?? 0;
    const total = parted.get("total_tokens") ?? parted.get("prompt_tokens");
    const share = {
      jobs: bodies.length,
      totalTokens: total?.reduce((sum, { tokens }) => sum + tokens, 0) ?? 0,
      remainderTokens: total?.[at]?.remainder ?? 0,
    };
    return { body: { ...answer, data, ...(isRecord(answer.usage) && { usage: own }) }, share };
  });
}

interface Portion {
  readonly tokens: number;
  /** 1: it was given one that was left over. */
  readonly remainder: 0 | 1;
}

/** Largest remainders (Hamilton's method): whole numbers in proportion to `weights` that add up to `total`. */
export function portions(total: number, weights: readonly number[]): readonly Portion[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (sum === 0 ? total / weights.length : (total * weight) / sum));
  const floors = exact.map(Math.floor);
  const left = total - floors.reduce((all, floor) => all + floor, 0);
  const luckiest = exact
    .map((value, at) => ({ at, fraction: value - Math.floor(value) }))
    .sort((a, b) => b.fraction - a.fraction || a.at - b.at)
    .slice(0, left);
  const given = new Set(luckiest.map(({ at }) => at));
  return floors.map((floor, at) => ({
    tokens: floor + (given.has(at) ? 1 : 0),
    remainder: given.has(at) ? 1 : 0,
  }));
}

/** By the index that each states; null where one is missing or doubled. */
function inOrder(data: readonly unknown[], count: number): readonly Body[] | null {
  const vectors = new Map<number, Body>();
  for (const [place, item] of data.entries()) {
    if (!isRecord(item)) return null;
    const index = typeof item.index === "number" ? item.index : place;
    if (vectors.has(index) || !Number.isInteger(index) || index < 0 || index >= count) return null;
    vectors.set(index, item);
  }
  return vectors.size === count ? Array.from({ length: count }, (_, at) => vectors.get(at) ?? {}) : null;
}

/** A text, texts, the tokens of a text, or those of several; null where it is none of these. */
function inputsOf({ input }: Body): readonly unknown[] | null {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || input.length === 0) return null;
  return typeof input[0] === "number" ? [input] : input;
}

function lengthOf(body: Body): number {
  let length = 0;
  for (const input of inputsOf(body) ?? []) {
    if (typeof input === "string" || Array.isArray(input)) length += input.length;
  }
  return length;
}
