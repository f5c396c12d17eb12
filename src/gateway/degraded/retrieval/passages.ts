/** A text cut into passages that can be quoted. Owns where to cut: at headings, then between paragraphs. */

export interface Passage {
  /** The file's path under its folder, with slashes. */
  readonly file: string;
  /** The last heading before it; empty where there is none. */
  readonly heading: string;
  readonly text: string;
}

/** Characters of a passage; a single longer paragraph is cut at a sentence or a word. */
const MAX_CHARS = 900;

const HEADING = /^#{1,6}\s+(.+?)\s*#*\s*$/;
const FENCE = /^\s*(?:```|~~~)/;

export function passagesOf(file: string, text: string): readonly Passage[] {
  const passages: Passage[] = [];
  let heading = "";
  let held: string[] = [];
  const flush = (): void => {
    for (const piece of gathered(held)) passages.push({ file, heading, text: piece });
    held = [];
  };
  for (const paragraph of paragraphsOf(withoutFrontMatter(text))) {
    const found = HEADING.exec(paragraph);
    if (found?.[1] !== undefined) {
      flush();
      heading = found[1];
    } else held.push(paragraph);
  }
  flush();
  return passages;
}

/** Blocks between empty lines; a heading is one of its own, and code stays together. */
function paragraphsOf(text: string): readonly string[] {
  const paragraphs: string[] = [];
  let lines: string[] = [];
  let inCode = false;
  const flush = (): void => {
    const paragraph = lines.join("\n").trim();
    if (paragraph !== "") paragraphs.push(paragraph);
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (FENCE.test(line)) inCode = !inCode;
    if (!inCode && (line.trim() === "" || HEADING.test(line))) {
      flush();
      if (line.trim() !== "") paragraphs.push(line.trim());
    } else lines.push(line);
  }
  flush();
  return paragraphs;
}

/** Short paragraphs together, long ones apart. */
function gathered(paragraphs: readonly string[]): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const paragraph of paragraphs.flatMap(cut)) {
    if (piece !== "" && piece.length + paragraph.length + 2 > MAX_CHARS) {
      pieces.push(piece);
      piece = "";
    }
    piece = piece === "" ? paragraph : `${piece}\n\n${paragraph}`;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

function cut(paragraph: string): readonly string[] {
  const pieces: string[] = [];
  let rest = paragraph;
  while (rest.length > MAX_CHARS) {
    const window = rest.slice(0, MAX_CHARS);
    const sentence = Math.max(window.lastIndexOf(". "), window.lastIndexOf("\n"), window.lastIndexOf("。"));
    const word = window.lastIndexOf(" ");
    const at = sentence > MAX_CHARS / 2 ? sentence + 1 : word > MAX_CHARS / 2 ? word : MAX_CHARS;
    pieces.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return rest === "" ? pieces : [...pieces, rest];
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n/, "");
}
