/** Findings as compilers print them, with the line they are about. Owns the drawing; finds nothing itself. */
import { createReport, type Finding } from "../policy/finding.ts";
import { reportSecrets } from "../policy/reading/secrets.ts";
import { counted } from "./format.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Characters of a source line that are shown. */
const EXCERPT_WIDTH = 100;

interface Source {
  readonly file: string;
  readonly text: string;
}

/** `file:line:column severity code message`, the line with a caret, the fix; one block a finding. */
export function drawFindings(
  findings: readonly Finding[],
  sources: readonly Source[],
  terminal: Terminal,
): string {
  const lines = new Map(sources.map(({ file, text }) => [file, text.split(/\r\n|\r|\n/)]));
  const delicate = new Set(findings.filter(({ code }) => code === "secret_in_policy").map(placeOf));
  return findings
    .map((finding) => {
      const line = lines.get(finding.file)?.[finding.line - 1] ?? "";
      const hidden = delicate.has(placeOf(finding)) || mayHoldSecret(line);
      const excerpt = hidden ? [] : drawExcerpt(finding, line, terminal);
      return [drawHead(finding, terminal), ...excerpt, `  fix: ${printable(finding.fix)}`].join("\n");
    })
    .join("\n\n");
}

function drawHead(finding: Finding, terminal: Terminal): string {
  const { file, line, column, severity, code, message } = finding;
  const place = terminal.paint("bold", printable(`${file}:${line}:${column}`));
  const mark = terminal.paint(severity === "error" ? "red" : "yellow", severity);
  return `${place} ${mark} ${terminal.paint("dim", code)} ${printable(message)}`;
}

/** `column` counts UTF-16 code units from 1, as the YAML reader does. */
function drawExcerpt(
  { line, column, severity }: Finding,
  text: string,
  terminal: Terminal,
): readonly string[] {
  const start = column <= EXCERPT_WIDTH ? 0 : column - EXCERPT_WIDTH / 2;
  const shown = printable(text.slice(start, start + EXCERPT_WIDTH)).trimEnd();
  if (shown.trim() === "") return [];
  const gutter = `${String(line).padStart(6)} | `;
  const before = " ".repeat(Math.min([...text.slice(start, column - 1)].length, EXCERPT_WIDTH));
  const caret = terminal.paint(severity === "error" ? "red" : "yellow", "^");
  return [`${terminal.paint("dim", gutter)}${shown}`, `${" ".repeat(6)} | ${before}${caret}`];
}

function placeOf({ file, line }: Finding): string {
  return `${file}:${line}`;
}

/** What must not be in a policy must not be on a screen either, also where the text could not be read whole. */
function mayHoldSecret(line: string): boolean {
  const name = /([\w-]+)["']?\s*:/.exec(line)?.[1] ?? "line";
  const words = line.split(/[\s"',{}[\]]+/);
  const unplaced = createReport(() => ({ file: "", line: 1, column: 1 }));
  return reportSecrets({ [name]: [line, ...words] }, unplaced).length > 0;
}

/** `2 errors, 1 warning`. */
export function summariseFindings(findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === "error").length;
  return `${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}`;
}
