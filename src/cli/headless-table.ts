/** A table whose columns need no titles. The terminal aligns, and leaves the head out. */
import type { Cell, Terminal } from "./terminal.ts";

export function headless(terminal: Terminal, columns: number, rows: readonly (readonly Cell[])[]): string {
  const untitled = Array.from({ length: columns }, () => ({ title: "" }));
  return terminal.table(untitled, rows);
}
