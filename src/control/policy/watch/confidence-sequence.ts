/**
 * How sure one can be of an error rate, at any time one looks. Owns the statistics; knows no policy and no clock.
 *
 * For a Bernoulli rate p, the mixture of likelihood ratios over a Beta(1/2, 1/2) prior,
 *
 *     M_n(p) = B(s + 1/2, n − s + 1/2) / B(1/2, 1/2) / (p^s (1 − p)^(n − s)),     s errors in n requests,
 *
 * is a non-negative martingale with mean 1 when p is the true rate. By Ville's inequality it ever reaches 1/α with a
 * probability of at most α, so that { p : M_n(p) < 1/α } has the true rate in it at all n together with a probability of
 * at least 1 − α. So it may be looked at after every request, and looking often costs nothing. Source: Robbins (1970),
 * "Statistical methods related to the law of the iterated logarithm"; Howard, Ramdas, McAuliffe and Sekhon (2021),
 * "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49(2), section 3 on mixtures.
 */

export interface ErrorCount {
  readonly requests: number;
  /** Of them. */
  readonly errors: number;
}

export interface RateBounds {
  readonly lower: number;
  readonly upper: number;
}

/** Enough for a double. */
const HALVINGS = 60;

/** The rates that are not ruled out at level `alpha`; everything while nothing was seen. */
export function rateBounds({ requests, errors }: ErrorCount, alpha: number): RateBounds {
  if (requests === 0) return { lower: 0, upper: 1 };
  const limit = Math.log(1 / alpha);
  const evidence = logBeta(errors + 0.5, requests - errors + 0.5) - logBeta(0.5, 0.5);
  const isOut = (p: number) => evidence - logLikelihood(requests, errors, p) >= limit;
  const rate = errors / requests;
  // The mixture is convex in p and least at the observed rate, so each bound is where it is crossed once.
  const lower = errors === 0 ? 0 : crossing(rate, 0, isOut);
  const upper = errors === requests ? 1 : crossing(rate, 1, isOut);
  return { lower, upper };
}

function crossing(inside: number, outside: number, isOut: (p: number) => boolean): number {
  let [near, far] = [inside, outside];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (near + far) / 2;
    if (isOut(middle)) far = middle;
    else near = middle;
  }
  return far;
}

function logLikelihood(requests: number, errors: number, p: number): number {
  const failed = errors === 0 ? 0 : errors * Math.log(p);
  const rest = requests - errors;
  return failed + (rest === 0 ? 0 : rest * Math.log1p(-p));
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series after shifting the argument beyond 10: wrong by less than 1e-12 for positive arguments. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) shift += Math.log(z++);
  const inverse = 1 / z;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
