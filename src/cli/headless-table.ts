/** A table whose columns need no titles. Owns taking them off; the terminal aligns. */
import type { Cell, Terminal } from "./terminal.ts";

export function headless(terminal: Terminal, columns: number, rows: readonly (readonly Cell[])[]): string {
  const untitled = Array.from({ length: columns }, () => ({ title: "" }));
  return terminal.table(untitled, rows).replace(/^.*\n/, "");
}
