/** Why a drill cannot be run, told to a person. Owns the wording and which exit code it means. */
import { drawFindings, summariseFindings } from "../../draw-findings.ts";
import type { Terminal } from "../../terminal.ts";
import type { LoadedDrill } from "./load-drill.ts";

export function reportLoad(loaded: Extract<LoadedDrill, { ok: false }>, terminal: Terminal): void {
  if (loaded.reason === "unreadable") {
    terminal.complain(loaded.message, loaded.fix);
    return;
  }
  terminal.note(drawFindings(loaded.findings, loaded.sources, terminal));
  terminal.note(`\n${loaded.name} is not valid: ${summariseFindings(loaded.findings)}.`);
}
