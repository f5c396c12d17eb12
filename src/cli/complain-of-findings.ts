/** Why a file stops a command: every finding for a person, the first error for a program. Owns the wording. */
import type { Finding } from "../policy/finding.ts";
import type { PolicyText } from "../policy/reading/load.ts";
import { drawFindings, summariseFindings } from "./draw-findings.ts";
import type { Terminal } from "./terminal.ts";

const SEE_ALL = "Run it without --json to see every finding with its line.";

/** `what`: `drill.yaml is not valid`. On standard error; with `--json` as one line. */
export function complainOfFindings(
  terminal: Terminal,
  what: string,
  findings: readonly Finding[],
  sources: readonly PolicyText[],
  advice = "",
): void {
  const summary = `${what}: ${summariseFindings(findings)}.`;
  if (!terminal.json) {
    terminal.note(drawFindings(findings, sources, terminal));
    terminal.note(`\n${summary}${advice}`);
    return;
  }
  const first = findings.find(({ severity }) => severity === "error") ?? findings[0];
  if (!first) terminal.complain(summary, SEE_ALL);
  else {
    const { file, line, column, message, fix } = first;
    terminal.complain(`${summary} ${file}:${line}:${column}: ${message}`, fix);
  }
}
