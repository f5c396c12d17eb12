/**
 * Joining a second answer to the text of a first that broke off. Owns finding where the second one has said all
 * that the first had; knows no stream and no wire. What is compared is words: white space may differ.
 */

/** Characters of the end of the told text that must be found again where the answers differ before it. */
const ANCHOR_CHARS = 32;
/** Below this, a differing answer cannot be told from another one, and only an exact beginning counts. */
const MINIMUM_ANCHOR_CHARS = 16;
/** A fresh answer may be so much longer than the told text before its anchor must have been found. */
const PATIENCE = 2;
const PATIENCE_CHARS = 400;

export type Alignment =
  | { readonly state: "seeking" }
  /** `text`: what of the second answer the caller has not been told yet. */
  | { readonly state: "aligned"; readonly text: string }
  | { readonly state: "lost" };

const SEEKING: Alignment = { state: "seeking" };
const LOST: Alignment = { state: "lost" };

/** A fresh answer to the same question, which is to take over after `told`. */
export interface FreshAligner {
  /** More of its text. After `aligned` or `lost` it is done. */
  push(text: string): Alignment;
  /** The answer ended: what was not found yet is not there. */
  end(): Alignment;
}

/**
 * Aligned once the fresh answer begins with `told`, or says the end of it in nearly the same place. Costs time
 * linear in the text.
 */
export function createFreshAligner(told: string): FreshAligner {
  return new Aligner(told);
}

class Aligner implements FreshAligner {
  readonly #wanted: string;
  readonly #anchor: RegExp | null;
  /** The told text ends between two words: the fresh one must not space them twice. */
  readonly #spaced: boolean;
  #fresh = "";
  /** How far `#fresh` and `#wanted` say the same; null: they differ. */
  #same: { fresh: number; wanted: number } | null = { fresh: 0, wanted: 0 };
  /** No anchor ends before here. */
  #sought = 0;

  constructor(told: string) {
    this.#wanted = squeeze(told);
    this.#anchor = anchorOf(this.#wanted);
    this.#spaced = /\s$/.test(told);
  }

  push(text: string): Alignment {
    this.#fresh += text;
    return this.#seek();
  }

  end(): Alignment {
    const last = this.#seek();
    return last.state === "seeking" ? LOST : last;
  }

  #seek(): Alignment {
    if (this.#same !== null) {
      this.#same = this.#goOn(this.#same);
      if (this.#same?.wanted === this.#wanted.length) return this.#aligned(this.#same.fresh);
      if (this.#same !== null) return SEEKING;
    }
    if (this.#anchor === null) return LOST;
    // Wide enough for an anchor that was half there the last time.
    this.#anchor.lastIndex = Math.max(0, this.#sought - 2 * ANCHOR_CHARS);
    const found = this.#anchor.exec(this.#fresh);
    if (found) return this.#aligned(found.index + found[0].length);
    this.#sought = this.#fresh.length;
    return this.#fresh.length > this.#wanted.length * PATIENCE + PATIENCE_CHARS ? LOST : SEEKING;
  }

  #aligned(at: number): Alignment {
    const rest = this.#fresh.slice(at);
    return { state: "aligned", text: this.#spaced ? rest.trimStart() : rest };
  }

  /** Compares what is new; null where the words differ. */
  #goOn(from: { fresh: number; wanted: number }): { fresh: number; wanted: number } | null {
    const { length } = this.#fresh;
    let at = from.wanted === 0 ? skipSpace(this.#fresh, from.fresh) : from.fresh;
    let i = from.wanted;
    while (i < this.#wanted.length && at < length) {
      const sought = this.#wanted.charCodeAt(i);
      if (sought === SPACE) {
        const after = skipSpace(this.#fresh, at);
        // More white space may follow in the next piece.
        if (after === length) break;
        if (after === at) return null;
        at = after;
      } else if (this.#fresh.charCodeAt(at) === sought) at++;
      else return null;
      i++;
    }
    return { fresh: at, wanted: i };
  }
}

const SPACE = 32;

/** White space as one space, none at the ends. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Finds the last words of `wanted`; null where they are too few to be recognised by. */
function anchorOf(wanted: string): RegExp | null {
  const anchor = wanted.slice(-ANCHOR_CHARS).trimStart();
  if (anchor.length < MINIMUM_ANCHOR_CHARS) return null;
  const words = anchor.split(" ").map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(words.join("\\s{1,8}"), "g");
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at++;
  return at;
}

/**
 * What to put before a model that goes on from a given beginning: `given` without white space at its end, which
 * some APIs refuse, and a filter that takes that white space off the continuation's start.
 */
export function createPrefill(told: string): {
  readonly given: string;
  readonly trim: (first: string) => string;
} {
  const given = told.trimEnd();
  const spaced = given.length < told.length;
  return { given, trim: (first) => (spaced ? first.trimStart() : first) };
}
