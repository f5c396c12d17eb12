/**
 * The white space where a second answer is joined to a first that broke off. Owns which of it the caller has been
 * told already; where the words of the two meet is alignment.ts's.
 */

/** White space that is waited for where it differs from what was told, before it is judged as it stands. */
const MAX_HELD_CHARS = 256;

/** What comes after the join, from its first character on. */
export interface Seam {
  /** What of it the caller has not been told; empty while that cannot be said. */
  push(text: string): string;
  /** Nothing more comes: what was still waited with. */
  end(): string;
}

/**
 * `told` is what the told text ends in, from the join on. What comes loses exactly that, in whatever pieces. Where
 * its white space is another, its words stay apart and its lines too, once: a line break that was told is not told
 * again, one more is; an indentation is filled up; a single space for a told line break is left out.
 */
export function createSeam(told: string): Seam {
  return new ToldSeam(told);
}

class ToldSeam implements Seam {
  readonly #told: string;
  /** How far what came is what was told. */
  #same = 0;
  /** What came after that, where the two differ. */
  #held = "";
  #open = true;

  constructor(told: string) {
    this.#told = told;
  }

  push(text: string): string {
    if (!this.#open) return text;
    const told = this.#told;
    let at = 0;
    if (this.#held === "") {
      while (at < text.length && this.#same < told.length && told[this.#same] === text[at]) {
        this.#same++;
        at++;
      }
      if (this.#same === told.length) {
        this.#open = false;
        return text.slice(at);
      }
    }
    this.#held += text.slice(at);
    const spaceOnly = leadingSpace(this.#held) === this.#held.length;
    return spaceOnly && this.#held.length <= MAX_HELD_CHARS ? "" : this.end();
  }

  end(): string {
    if (!this.#open) return "";
    this.#open = false;
    const came = this.#told.slice(0, this.#same) + this.#held;
    const space = came.slice(0, leadingSpace(came));
    return came.slice(Math.max(this.#same, skipped(this.#told.slice(0, leadingSpace(this.#told)), space)));
  }
}

/** How many characters of the white space `came` are left out after the white space `told`. */
function skipped(told: string, came: string): number {
  if (told.startsWith(came)) return came.length;
  if (came.startsWith(told)) return told.length;
  const toldLines = told.split("\n");
  const cameLines = came.split("\n");
  if (cameLines.length > toldLines.length) return cameLines.slice(0, toldLines.length).join("\n").length;
  if (came === " ") return 1;
  const toldIndent = toldLines.at(-1) ?? "";
  const cameIndent = cameLines.at(-1) ?? "";
  if (!cameIndent.startsWith(toldIndent)) return came.length;
  return came.length - cameIndent.length + toldIndent.length;
}

function leadingSpace(text: string): number {
  return text.length - text.trimStart().length;
}

/**
 * What to put before a model that goes on from a given beginning. `given` has no white space at its end, which some
 * APIs refuse, nor half of a surrogate pair; `taken` is what was taken off, which the continuation may begin with.
 */
export function splitPrefill(told: string): { readonly given: string; readonly taken: string } {
  const given = told.replace(/[\ud800-\udbff]$/, "").trimEnd();
  return { given, taken: told.slice(given.length) };
}
