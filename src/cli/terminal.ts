/**
 * How results look: colour, tables, JSON, errors. Owns what may reach a terminal; knows no command. Text that
 * came from elsewhere loses its control characters, so that no record can steer the reader's terminal.
 */
import type { CliPorts } from "./ports.ts";

/** On and off, as ECMA-48 numbers them (SGR). `styleText` of `node:util` would run all of that at every start. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof STYLES;

/** A cell with a colour; plain text has none. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface Column {
  readonly title: string;
  readonly align?: "right";
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

export interface Terminal {
  readonly json: boolean;
  /** One line, or several, to standard output. */
  print(text: string): void;
  printJson(value: unknown): void;
  /** One value on one line, for streams of them. */
  printJsonLine(value: unknown): void;
  /** A remark on standard error; results never go there. */
  note(text: string): void;
  /** What went wrong and how to mend it, on standard error; with `--json` as one line of JSON. */
  /** `fix`: null where there is nothing to mend. */
  complain(what: string, fix: string | null): void;
  paint(style: Style, text: string): string;
  /**
   * Aligned; without a head where no column has a title. Where a record is wider than the terminal it goes on, in whole
   * columns, on indented lines of its own; in a pipe it is one line always.
   */
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string;
  /** `lead`, and the parts of what is said: on one line, or where that is wider than the terminal on several, in whole parts. */
  phrase(lead: string, parts: readonly string[], between: string): string;
}

export function createTerminal(ports: CliPorts, options: GlobalOptions): Terminal {
  const coloured = ports.isTty && options.color !== false && !ports.env.NO_COLOR;
  const room = ports.columns ?? Number.POSITIVE_INFINITY;
  const paint = (style: Style, text: string) => {
    const [on, off] = STYLES[style];
    return coloured ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  };
  return {
    json: options.json === true,
    print: (text) => ports.stdout(`${text}\n`),
    printJson: (value) => ports.stdout(`${JSON.stringify(value, null, 2)}\n`),
    printJsonLine: (value) => ports.stdout(`${JSON.stringify(value)}\n`),
    note: (text) => ports.stderr(`${text}\n`),
    complain(what, fix) {
      if (options.json) ports.stderr(complaint(what, fix));
      else ports.stderr(`pointsman: ${printable(what)}\n${fix === null ? "" : `  fix: ${printable(fix)}\n`}`);
    },
    paint,
    table: (columns, rows) => drawTable(columns, rows, paint, room),
    phrase: (lead, parts, between) => drawPhrase(lead, parts.map(printable), between, room),
  };
}

/** What went wrong and how to mend it, as `--json` tells it: one line. */
export function complaint(message: string, fix: string | null): string {
  return `${JSON.stringify({ error: { message, ...(fix !== null && { fix }) } })}\n`;
}

/** Escape, bell, line breaks and the rest of Unicode's class of controls. */
const CONTROL = /\p{Cc}/gu;
/** Characters that turn the direction of what follows. */
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `text` on one line without anything that a terminal obeys. */
export function printable(text: string): string {
  return text.replace(CONTROL, " ").replace(BIDIRECTIONAL, "");
}

const GAP = "  ";

function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Terminal["paint"],
  room: number,
): string {
  const titles: readonly Cell[] = columns.map(({ title }) => ({ text: title, style: "dim" }));
  const lines = columns.some(({ title }) => title !== "") ? [titles, ...rows] : rows;
  const widths = columns.map((_, i) => Math.max(0, ...lines.map((line) => width(textOf(line[i])))));
  const indent = blanksBefore(lines) + GAP;
  const parts = partsOf(widths, room, indent.length);
  return lines
    .flatMap((line) =>
      parts.map((part, i) => (i === 0 ? "" : indent) + drawLine(columns, line, part, widths, paint)),
    )
    .filter((line, i) => i % parts.length === 0 || line.trim() !== "")
    .join("\n");
}

/** Those that every line begins with: what goes on stands behind where its record began. */
function blanksBefore(lines: readonly (readonly Cell[])[]): string {
  const firsts = lines.map((line) => textOf(line[0])).filter((text) => text.trim() !== "");
  if (firsts.length === 0) return "";
  return " ".repeat(Math.min(...firsts.map((text) => width(text) - width(text.trimStart()))));
}

/** Indexes of columns by the line that they stand on: as many to a line as there is room for, one at the least. */
function partsOf(widths: readonly number[], room: number, indent: number): readonly (readonly number[])[] {
  const parts: number[][] = [];
  let used = 0;
  for (const [i, own] of widths.entries()) {
    const part = parts.at(-1);
    if (part && used + GAP.length + own <= room) {
      part.push(i);
      used += GAP.length + own;
    } else {
      used = (part ? indent : 0) + own;
      parts.push([i]);
    }
  }
  return parts;
}

/** The cells of `part`. */
function drawLine(
  columns: readonly Column[],
  line: readonly Cell[],
  part: readonly number[],
  widths: readonly number[],
  paint: Terminal["paint"],
): string {
  const cells = part.map((i) => {
    const cell = line[i];
    const text = textOf(cell);
    const filler = " ".repeat((widths[i] ?? 0) - width(text));
    const shown = typeof cell === "object" ? paint(cell.style, text) : text;
    return columns[i]?.align === "right" ? filler + shown : shown + filler;
  });
  // Blanks at the end of a line would only wrap.
  return cells.join(GAP).trimEnd();
}

function drawPhrase(lead: string, parts: readonly string[], between: string, room: number): string {
  const ending = between.trimEnd();
  let drawn = lead;
  let used = width(lead);
  for (const [i, part] of parts.entries()) {
    const needed = width(part) + (i < parts.length - 1 ? width(ending) : 0);
    if (i > 0 && used + width(between) + needed > room) {
      drawn += `${ending}\n${" ".repeat(width(lead))}`;
      used = width(lead);
    } else if (i > 0) {
      drawn += between;
      used += width(between);
    }
    drawn += part;
    used += width(part);
  }
  return drawn;
}

function textOf(cell: Cell | undefined): string {
  return printable(typeof cell === "object" ? cell.text : (cell ?? ""));
}

/** Characters, not code units. */
function width(text: string): number {
  return [...text].length;
}
