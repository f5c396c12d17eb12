/** Why a drill cannot be run. Owns the wording. */
import { complainOfFindings } from "../../complain-of-findings.ts";
import type { Terminal } from "../../terminal.ts";
import type { LoadedDrill } from "./load-drill.ts";

export function reportLoad(loaded: Extract<LoadedDrill, { ok: false }>, terminal: Terminal): void {
  if (loaded.reason === "unreadable") {
    terminal.complain(loaded.message, loaded.fix);
    return;
  }
  complainOfFindings(terminal, `${loaded.name} is not valid`, loaded.findings, loaded.sources);
}
