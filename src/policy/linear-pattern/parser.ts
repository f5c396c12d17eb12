/** The text of a pattern as a tree. Owns the syntax and its complaints; knows nothing of matching. */
import { type CharacterTest, classOf, literal, NOT_LINE_BREAK, type Range, shorthand } from "./characters.ts";

export type PatternNode =
  | { readonly type: "character"; readonly test: CharacterTest }
  | { readonly type: "assertion"; readonly at: Assertion }
  | { readonly type: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly type: "choice"; readonly options: readonly PatternNode[] }
  /** `most`: null without a bound. */
  | {
      readonly type: "repeat";
      readonly part: PatternNode;
      readonly least: number;
      readonly most: number | null;
    };

export type Assertion = "start" | "end" | "boundary" | "inside";

export type ParsedPattern =
  | { readonly ok: true; readonly node: PatternNode }
  | { readonly ok: false; readonly message: string; readonly offset: number };

const MAX_REPEATS = 100;
const MAX_DEPTH = 20;

class PatternError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export function parsePattern(source: string): ParsedPattern {
  const parser = new Parser(source);
  try {
    return { ok: true, node: parser.whole() };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { ok: false, message: error.message, offset: error.offset };
  }
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#characters = [...source];
  }

  whole(): PatternNode {
    const node = this.#choice();
    if (this.#peek() !== "") throw this.#error("has a ) without its (");
    return node;
  }

  #choice(): PatternNode {
    if (++this.#depth > MAX_DEPTH) throw this.#error("has groups too deep in each other");
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only ? only : { type: "choice", options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#peek() !== "" && this.#peek() !== "|" && this.#peek() !== ")") parts.push(this.#repeated());
    return { type: "sequence", parts };
  }

  #repeated(): PatternNode {
    let part = this.#atom();
    for (let bounds = this.#bounds(); bounds; bounds = this.#bounds()) {
      if (part.type === "assertion") throw this.#error("repeats what has no length");
      // Lazy or not: whether there is a match is the same.
      this.#take("?");
      part = { type: "repeat", part, ...bounds };
    }
    return part;
  }

  #bounds(): { readonly least: number; readonly most: number | null } | null {
    if (this.#take("?")) return { least: 0, most: 1 };
    if (this.#take("*")) return { least: 0, most: null };
    if (this.#take("+")) return { least: 1, most: null };
    if (this.#peek() !== "{") return null;
    const start = this.#at++;
    const least = this.#number();
    let most: number | null = least;
    if (this.#take(",")) most = this.#peek() === "}" ? null : this.#number();
    const fits = this.#take("}") && least !== null && (most === null || most >= least);
    if (!fits || least > MAX_REPEATS || (most ?? 0) > MAX_REPEATS) {
      this.#at = start;
      throw this.#error(
        `has a { that is no count such as {2,5}, at most ${MAX_REPEATS}; write \\{ for itself`,
      );
    }
    return { least, most };
  }

  #number(): number | null {
    let digits = "";
    while (/^\d$/.test(this.#peek())) digits += this.#next();
    return digits === "" || digits.length > 4 ? null : Number(digits);
  }

  #atom(): PatternNode {
    const start = this.#at;
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { type: "character", test: this.#class() };
      case ".":
        return { type: "character", test: NOT_LINE_BREAK };
      case "^":
        return { type: "assertion", at: "start" };
      case "$":
        return { type: "assertion", at: "end" };
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
      case "{":
        this.#at = start;
        throw this.#error(`has a ${character} with nothing to repeat`);
      default:
        return { type: "character", test: literal(character) };
    }
  }

  #group(): PatternNode {
    const start = this.#at - 1;
    if (this.#take("?") && !this.#take(":")) {
      this.#at = start;
      throw this.#error("has a (?…) that is not (?:…): looks around and names are no part of these patterns");
    }
    const node = this.#choice();
    if (this.#take(")")) return node;
    this.#at = start;
    throw this.#error("has a ( without its )");
  }

  #escaped(): PatternNode {
    const name = this.#next();
    if (name === "b") return { type: "assertion", at: "boundary" };
    if (name === "B") return { type: "assertion", at: "inside" };
    return { type: "character", test: shorthand(name) ?? literal(this.#plain(name)) };
  }

  /** What an escape of one character stands for. */
  #plain(name: string): string {
    const control = { n: "\n", t: "\t", r: "\r" }[name];
    if (control !== undefined) return control;
    if (name !== "" && !/^[\p{L}\p{N}]$/u.test(name)) return name;
    this.#at = Math.max(0, this.#at - 2);
    throw this.#error(`has \\${name}, which is no part of these patterns`);
  }

  #class(): CharacterTest {
    const start = this.#at - 1;
    const negated = this.#take("^");
    const ranges: Range[] = [];
    const tests: CharacterTest[] = [];
    for (let first = true; this.#peek() !== "]" || first; first = false) {
      if (this.#peek() === "") {
        this.#at = start;
        throw this.#error("has a [ without its ]");
      }
      const from = this.#member();
      if (typeof from !== "string") tests.push(from);
      else if (this.#peek() === "-" && this.#peek(1) !== "]") {
        this.#at++;
        const to = this.#member();
        if (typeof to !== "string" || to < from) throw this.#error("has a range that does not rise");
        ranges.push([codeOf(from), codeOf(to)]);
      } else ranges.push([codeOf(from), codeOf(from)]);
    }
    this.#at++;
    return classOf(ranges, tests, negated);
  }

  #member(): string | CharacterTest {
    const character = this.#next();
    if (character !== "\\") return character;
    const name = this.#next();
    return shorthand(name) ?? this.#plain(name);
  }

  #peek(ahead = 0): string {
    return this.#characters[this.#at + ahead] ?? "";
  }

  #next(): string {
    const character = this.#peek();
    if (character === "") throw this.#error("ends too early");
    this.#at++;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #error(message: string): PatternError {
    return new PatternError(message, this.#characters.slice(0, this.#at).join("").length);
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
