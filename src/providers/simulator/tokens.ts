/** What counts as a token here: a run of up to six characters with the space before it. Owns the estimate. */

const MAX_PIECE = 6;

/** The pieces of `text` in order; joined they are `text` again. */
export function splitTokens(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = pieceEnd(text, at);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** As many as `splitTokens` gives, without making them. */
export function countTokens(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) at = pieceEnd(text, at);
  return count;
}

function pieceEnd(text: string, from: number): number {
  let end = from;
  if (isSpace(text.charCodeAt(end))) end++;
  const limit = end + MAX_PIECE;
  while (end < text.length && end < limit && !isSpace(text.charCodeAt(end))) end++;
  // A character beyond the basic plane is two units, and must not be torn apart.
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff && end < text.length ? end + 1 : end;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit === 0xa0;
}
