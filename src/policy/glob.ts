/** Region globs: `*` stands for any run of characters, everything else for itself. */

/**
 * Whether `text` matches `pattern`. Linear in practice and without a compiled expression, because it runs
 * for every candidate of every request: on a mismatch it goes back to the last `*` alone.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

export function matchesAny(patterns: readonly string[], text: string): boolean {
  for (const pattern of patterns) if (matchesGlob(pattern, text)) return true;
  return false;
}
