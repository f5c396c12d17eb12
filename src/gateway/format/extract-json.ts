/** JSON in a text, alone or among other words: a fence of Markdown, a sentence before it. Owns where a value begins and ends. */

/** A JSON value and the text that it was written as. */
export interface JsonPassage {
  readonly text: string;
  readonly value: unknown;
}

/** Characters that are looked through. */
const MAX_CHARS = 1024 * 1024;
/** Places at which a value might begin that are tried, and characters that are read for them all together. */
const MAX_STARTS = 200;
const MAX_READ = 4 * MAX_CHARS;

const FENCE_BEGINS = /^[ \t]*(?:```|~~~)[^`]*$/;
const FENCE_ENDS = /^[ \t]*(?:```|~~~)[ \t\r]*$/;

/**
 * The JSON that the author may have meant, best guess first: the whole text, where it is JSON; else what stands in a
 * fence, then the objects and lists that parse, from left to right. None where there is none.
 */
export function jsonPassages(text: string): readonly JsonPassage[] {
  const whole = parse(text);
  if (whole !== null) return [whole];
  if (text.length > MAX_CHARS) return [];
  const fenced = parse(firstFenced(text).trim());
  return fenced === null ? [...passagesOf(text)] : [fenced, ...passagesOf(text)];
}

/** Line by line: an expression for all of it would look for the end anew from each beginning. */
function firstFenced(text: string): string {
  let inside = -1;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const line = text.slice(at, newline === -1 ? text.length : newline);
    if (inside !== -1 && FENCE_ENDS.test(line)) return text.slice(inside, at);
    if (newline === -1) return "";
    if (inside === -1 && FENCE_BEGINS.test(line)) inside = newline + 1;
    at = newline + 1;
  }
  return "";
}

/** Objects and lists that parse, from left to right, none inside another. */
function* passagesOf(text: string): Generator<JsonPassage> {
  let read = 0;
  let starts = 0;
  for (let at = nextStart(text, 0); at !== -1; at = nextStart(text, at)) {
    if (++starts > MAX_STARTS || read > MAX_READ) return;
    const end = endOf(text, at);
    read += (end === -1 ? text.length : end) - at;
    const passage = end === -1 ? null : parse(text.slice(at, end));
    if (passage) yield passage;
    at = passage ? end : at + 1;
  }
}

function nextStart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x7b || character === 0x5b) return at;
  }
  return -1;
}

/** Past the bracket that closes the one at `start`; brackets within strings do not count. -1: none does. */
function endOf(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return -1;
}

function parse(text: string): JsonPassage | null {
  if (text === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return { text, value };
  } catch {
    return null;
  }
}
