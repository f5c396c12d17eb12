/**
 * How much of the gap between a small and a large model a router closes, by the share of requests that it gives to
 * the large one. Owns the arithmetic of PGR, APGR and CPT as RouteLLM defines them (Ong et al., 2024,
 * arXiv:2406.18665, section 3): 0.5 is what a router achieves that draws lots.
 */
import { seededRandom } from "../../../core/clock.ts";

/** One request: what the router says of it, and how well each model did. Any scale, the same for both. */
export interface Judged {
  readonly complexity: number;
  readonly weak: number;
  readonly strong: number;
}

/** With the hardest `share` of requests at the large model, `recovered` of the gap is closed. */
export interface GapPoint {
  readonly share: number;
  readonly recovered: number;
  /** Requests of this complexity and above are the share. */
  readonly threshold: number;
}

export interface GapReport {
  readonly requests: number;
  /** Mean performance of either model alone. */
  readonly weak: number;
  readonly strong: number;
  /** Average performance gap recovered: the mean of `recovered` over all shares. */
  readonly apgr: number;
  /** Of 95 in 100 samples drawn from these requests. */
  readonly apgrInterval: readonly [low: number, high: number];
  /** Of a router that knows how both models will do. */
  readonly bestApgr: number;
  /** From the smallest share to all; requests of one complexity cannot be parted and make one point. */
  readonly curve: readonly GapPoint[];
}

const RESAMPLES = 500;

/** Null where the large model is not better on the whole: there is no gap to recover. */
export function measureGap(judged: readonly Judged[]): GapReport | null {
  const gap = totalGain(judged);
  if (judged.length === 0 || !(gap > 0)) return null;
  const count = judged.length;
  const mean = (of: (one: Judged) => number) => judged.reduce((sum, one) => sum + of(one), 0) / count;
  const curve = curveOf(judged, (one) => one.complexity);
  return {
    requests: count,
    weak: mean(({ weak }) => weak),
    strong: mean(({ strong }) => strong),
    apgr: areaUnder(curve),
    apgrInterval: intervalOf(judged),
    bestApgr: areaUnder(curveOf(judged, gainOf)),
    curve,
  };
}

/**
 * CPT: the first point at which at least `wanted` (0 to 1) of the gap is recovered; null where none does, which
 * can only be for more than 1.
 */
export function firstRecovering(curve: readonly GapPoint[], wanted: number): GapPoint | null {
  return curve.find(({ recovered }) => recovered >= wanted - 1e-12) ?? null;
}

function gainOf({ weak, strong }: Judged): number {
  return strong - weak;
}

function totalGain(judged: readonly Judged[]): number {
  return judged.reduce((sum, one) => sum + gainOf(one), 0);
}

function curveOf(judged: readonly Judged[], hardness: (one: Judged) => number): readonly GapPoint[] {
  const falling = judged.toSorted((a, b) => hardness(b) - hardness(a));
  const gap = totalGain(judged);
  const curve: GapPoint[] = [];
  let gained = 0;
  falling.forEach((one, i) => {
    gained += gainOf(one);
    const next = falling[i + 1];
    if (next !== undefined && hardness(next) === hardness(one)) return;
    curve.push({ share: (i + 1) / falling.length, recovered: gained / gap, threshold: hardness(one) });
  });
  return curve;
}

/** By trapezoids from nothing recovered at share 0: those that cannot be parted are taken in any order. */
function areaUnder(curve: readonly GapPoint[]): number {
  let area = 0;
  let before = { share: 0, recovered: 0 };
  for (const point of curve) {
    area += ((point.recovered + before.recovered) / 2) * (point.share - before.share);
    before = point;
  }
  return area;
}

/** The percentile bootstrap, with the same draws every time; resamples without a gap say nothing. */
function intervalOf(judged: readonly Judged[]): readonly [number, number] {
  const random = seededRandom(1);
  const found: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const sample = judged.map((one) => judged[Math.floor(random() * judged.length)] ?? one);
    if (totalGain(sample) > 0) found.push(areaUnder(curveOf(sample, ({ complexity }) => complexity)));
  }
  found.sort((a, b) => a - b);
  const at = (q: number) => found[Math.min(found.length - 1, Math.floor(q * found.length))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}
