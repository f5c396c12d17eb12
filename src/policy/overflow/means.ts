/**
 * What fitting a request needs of whoever asks for it: sizes, calls and costs so far, and summaries, which a plan only
 * supposes. Owns how the same decision is made at once, or with pauses between its steps.
 */
import type { NanoDollars } from "../../core/money.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import type { AsideQuestion } from "../aside/plan-aside.ts";
import { estimateTokens } from "../estimates/estimate-tokens.ts";
import { measureRequest, type RequestSize } from "../estimates/measure-request.ts";
import type { RouteInput } from "../routing/plan.ts";

/** A decision in steps: yields what it waits for (`Wait`), is told what came of it, and returns its result. */
export type Fitting<Wait, T> = Generator<Wait, T, unknown>;

/** Tokens of a request's input. */
export type Sizing<Wait> = (request: ModelRequest, useCase: UseCase) => Fitting<Wait, number>;

/** `supposed`: it would be asked for, and is taken to be as long as it may be. Null: there is none. */
export type Summary = { readonly text: string } | "supposed" | null;

export interface Means<Wait> {
  readonly size: Sizing<Wait>;
  /** Made for the request so far, those for summaries among them. */
  readonly calls: () => number;
  /** On the request so far. */
  readonly spent: () => NanoDollars;
  readonly summarize: (question: AsideQuestion, route: RouteInput) => Fitting<Wait, Summary>;
}

/** As traffic is measured: counted where an estimate is too near a window. */
export function* measuredSize(
  request: ModelRequest,
  useCase: UseCase,
): Fitting<Promise<RequestSize>, number> {
  const size = measureRequest(request, useCase);
  const { tokens } = size instanceof Promise ? ((yield size) as RequestSize) : size;
  return tokens;
}

/** By estimates alone, in the proportion in which `input`'s stated size stands to its own estimate. */
export function estimatedSize({ request, estimatedInputTokens }: RouteInput): Sizing<never> {
  const scale = estimatedInputTokens / Math.max(1, estimateTokens(request));
  // biome-ignore lint/correctness/useYield: nothing is waited for
  return function* (shorter) {
    return Math.ceil(scale * estimateTokens(shorter));
  };
}

/** To its end, whatever it waits for. Rejects with what that rejects with. */
export async function carriedOut<T>(fitting: Fitting<Promise<unknown>, T>): Promise<T> {
  let step = fitting.next();
  while (!step.done) step = fitting.next(await step.value);
  return step.value;
}
