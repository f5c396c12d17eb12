/**
 * Runs a program over a text: all places at once, one character after the other, so that no text makes it
 * begin anew (Thompson, 1968). Owns the walk; at most steps × characters of it.
 */
import { isWord } from "./characters.ts";
import type { Assertion } from "./parser.ts";
import type { Program } from "./program.ts";

/** Whether `program` fits somewhere in a text. */
export function createMatcher(program: Program): (text: string) => boolean {
  return (text) => new Walk(program, text.toLowerCase()).found();
}

class Walk {
  readonly #program: Program;
  readonly #codes: readonly number[];
  /** The last place at which each step was reached, so that none is taken twice there. */
  readonly #seenAt: Int32Array;
  #at = 0;
  #matched = false;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
    this.#seenAt = new Int32Array(program.length).fill(-1);
  }

  found(): boolean {
    let places: number[] = [];
    for (this.#at = 0; this.#at <= this.#codes.length; this.#at++) {
      // A match may begin anywhere.
      this.#reach(0, places);
      if (this.#matched) return true;
      places = this.#advance(places);
      if (this.#matched) return true;
    }
    return false;
  }

  /** Where the walk is after the character at hand. */
  #advance(places: readonly number[]): number[] {
    const next: number[] = [];
    const code = this.#codes[this.#at];
    if (code === undefined) return next;
    this.#at++;
    for (const place of places) {
      const step = this.#program[place];
      if (step?.type === "character" && step.test(code)) this.#reach(place + 1, next);
    }
    this.#at--;
    return next;
  }

  /** Adds `from` and all that follows from it without a character. */
  #reach(from: number, places: number[]): void {
    const open = [from];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (this.#seenAt[place] === this.#at) continue;
      this.#seenAt[place] = this.#at;
      const step = this.#program[place];
      switch (step?.type) {
        case "match":
          this.#matched = true;
          return;
        case "jump":
          open.push(step.to);
          break;
        case "split":
          open.push(step.to[1], step.to[0]);
          break;
        case "assertion":
          if (this.#holds(step.at)) open.push(place + 1);
          break;
        case "character":
          places.push(place);
      }
    }
  }

  #holds(assertion: Assertion): boolean {
    if (assertion === "start") return this.#at === 0;
    if (assertion === "end") return this.#at === this.#codes.length;
    const boundary = this.#isWordAt(this.#at - 1) !== this.#isWordAt(this.#at);
    return boundary === (assertion === "boundary");
  }

  #isWordAt(index: number): boolean {
    const code = this.#codes[index];
    return code !== undefined && isWord(code);
  }
}
