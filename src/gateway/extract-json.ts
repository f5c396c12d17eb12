/** JSON among other words: a fence of Markdown, a sentence before it. Owns where a value begins and ends. */

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

const FENCE = /^[ \t]*(?:```|~~~)[^\n`]*\n([\s\S]*?)^[ \t]*(?:```|~~~)[ \t]*$/m;

/**
 * The JSON that the author meant: what stands in a fence, else the first object or list that parses; of several
 * the first that `fits`. Null where there is none.
 */
export function extractJson(text: string, fits: (value: unknown) => boolean): JsonPassage | null {
  if (text.length > MAX_CHARS) return null;
  const fenced = parse(FENCE.exec(text)?.[1]?.trim() ?? "");
  if (fenced && fits(fenced.value)) return fenced;
  let first = fenced;
  for (const passage of passagesOf(text)) {
    if (fits(passage.value)) return passage;
    first ??= passage;
  }
  return first;
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
