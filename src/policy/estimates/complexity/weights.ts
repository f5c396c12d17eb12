/**
 * What each feature of a request weighs. Owns the numbers: set by judgement and held against public data, not
 * fitted to it; a threshold is what a policy calibrates. A change here or in a feature is a new version.
 */

/** Scores of different versions are not comparable: a threshold belongs to one. */
export const COMPLEXITY_VERSION = 2;

/** The log-odds of a request without any feature: a score of about 0.05. */
export const BIAS = -2.9;

/** Added to the log-odds for a feature at its full value of 1; every feature lies between 0 and 1. */
export const WEIGHTS = {
  length: 2.4,
  context: 0.7,
  reasoning: 2.6,
  steps: 1.5,
  constraints: 1.2,
  code: 1.6,
  maths: 1.8,
  quantities: 1.5,
  domain: 1.3,
  vocabulary: 1,
  output: 1.5,
  depth: 0.5,
  tools: 0.6,
  schema: 0.5,
  effort: 0.8,
  attachments: 0.4,
  uncovered: 2.4,
  smalltalk: -1.6,
  lookup: -1,
} as const;

export type FeatureName = keyof typeof WEIGHTS;
export type Features = Record<FeatureName, number>;
