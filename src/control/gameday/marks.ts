/**
 * How the page tells one thing from another: by colour, by lightness and by a pattern, so that no eye needs the hue.
 * Bars have colours; the states of circuits have none, so that no state passes for an ending. Owns the marks; where
 * they stand is the drawing's.
 */
import type { Served } from "./tally.ts";
import type { LaneState } from "./watch-circuits.ts";

export type Mark = Served | Exclude<LaneState, "closed"> | "fault";

/** What the page's style says of the colours: light, then dark. */
export const MARK_COLOURS = {
  light:
    "--primary: #2a9d6a; --cross-region: #a9d5f5; --fallback: #553399; --degraded: #f0b429; " +
    "--refused: #c3c9cf; --failed: #b3161c; --fault: rgba(214, 58, 58, .15);",
  dark:
    "--primary: #2f9d6c; --cross-region: #bfe0fa; --fallback: #7d5fd0; --degraded: #e6b04a; " +
    "--refused: #59626b; --failed: #ff5a5a; --fault: rgba(255, 107, 107, .2);",
} as const;

interface Pattern {
  readonly ground: string;
  readonly stripe: string;
  readonly degrees: number;
}

/** Side of a pattern's tile, and how much of it the stripe takes. */
const TILE = 6;
const STRIPE = 2;

const PATTERNS: Readonly<Partial<Record<Mark, Pattern>>> = {
  degraded: { ground: "var(--degraded)", stripe: "var(--paper)", degrees: 45 },
  refused: { ground: "var(--refused)", stripe: "var(--ink)", degrees: 90 },
  failed: { ground: "var(--failed)", stripe: "var(--paper)", degrees: 0 },
  "half-open": { ground: "var(--paper)", stripe: "var(--ink)", degrees: 45 },
  cooling: { ground: "var(--paper)", stripe: "var(--soft)", degrees: 90 },
};

export function fillOf(mark: Mark): string {
  if (PATTERNS[mark]) return `url(#mark-${mark})`;
  return mark === "open" ? "var(--ink)" : `var(--${mark})`;
}

/** For an SVG's `defs`, once a page. */
export function renderPatterns(): string {
  return Object.entries(PATTERNS)
    .map(
      ([mark, { ground, stripe, degrees }]) =>
        `<pattern id="mark-${mark}" width="${TILE}" height="${TILE}" patternUnits="userSpaceOnUse" patternTransform="rotate(${degrees})">` +
        `<rect width="${TILE}" height="${TILE}" fill="${ground}"/><rect width="${STRIPE}" height="${TILE}" fill="${stripe}"/></pattern>`,
    )
    .join("");
}

const SERVED_WORDS: readonly (readonly [Mark, string])[] = [
  ["primary", "primary"],
  ["cross-region", "cross-region"],
  ["fallback", "fallback"],
  ["degraded", "degraded"],
  ["refused", "refused, with a Retry-After"],
  ["failed", "failed"],
];

const LANE_WORDS: readonly (readonly [Mark, string])[] = [
  ["fault", "fault"],
  ["open", "circuit open"],
  ["half-open", "half-open"],
  ["cooling", "cooling down"],
];

/** Bars and lanes on a line of their own each. */
export function renderLegend(): string {
  return [SERVED_WORDS, LANE_WORDS].map((words) => `<p class="legend soft">${listed(words)}</p>`).join("\n");
}

function listed(words: readonly (readonly [Mark, string])[]): string {
  return words
    .map(([mark, text]) => {
      const square = `<rect x=".5" y=".5" width="13" height="13" fill="${fillOf(mark)}" stroke="var(--soft)"/>`;
      return `<span><svg class="mark" viewBox="0 0 14 14" aria-hidden="true">${square}</svg>${text}</span>`;
    })
    .join(" ");
}
