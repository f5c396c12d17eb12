/**
 * How hard a request is, as a number: a local, deterministic estimate without a model call. Owns the score
 * and its account; which deployment a score leads to is the policy's business.
 */
import type { ModelRequest } from "../../core/request.ts";
import { featuresOf } from "./complexity/features.ts";
import { BIAS, COMPLEXITY_VERSION, type FeatureName, WEIGHTS } from "./complexity/weights.ts";

export { COMPLEXITY_VERSION };

export interface ComplexityContribution {
  readonly feature: FeatureName;
  /** Between 0 and 1. */
  readonly value: number;
  readonly weight: number;
  /** `value × weight`: what it adds to the log-odds. */
  readonly contribution: number;
}

export interface ComplexityAccount {
  readonly version: number;
  /** Between 0 and 1. */
  readonly score: number;
  readonly bias: number;
  /** Every feature, the one that moved the score most first. */
  readonly contributions: readonly ComplexityContribution[];
}

const NAMES = Object.keys(WEIGHTS) as readonly FeatureName[];

/**
 * Between 0 and 1: 1 / (1 + e^-(bias + Σ weight × feature)), rounded to four digits so that a threshold can
 * be written down. About 50 µs for 4 KB of text, and no more for longer ones.
 */
export function estimateComplexity(request: ModelRequest): number {
  const features = featuresOf(request);
  let logOdds = BIAS;
  for (const name of NAMES) logOdds += WEIGHTS[name] * features[name];
  return squash(logOdds);
}

/** The same score with what it is made of. */
export function explainComplexity(request: ModelRequest): ComplexityAccount {
  const features = featuresOf(request);
  const contributions = NAMES.map((feature) => ({
    feature,
    value: features[feature],
    weight: WEIGHTS[feature],
    contribution: WEIGHTS[feature] * features[feature],
  })).toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const score = estimateComplexity(request);
  return { version: COMPLEXITY_VERSION, score, bias: BIAS, contributions };
}

function squash(logOdds: number): number {
  return Math.round(10_000 / (1 + Math.exp(-logOdds))) / 10_000;
}
