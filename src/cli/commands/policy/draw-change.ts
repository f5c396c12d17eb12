/** What came of a change of policy, as people read it. Owns the drawing; changes nothing. */
import type { z } from "zod";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { drawFindings } from "../../draw-findings.ts";
import { printable, type Terminal } from "../../terminal.ts";
import type { changeView } from "./views.ts";

type Change = z.output<typeof changeView>;

/** `what` is the first line, without the version before. `sources`: of the texts that findings are about, what is here. */
export function drawChange(
  what: string,
  change: Change,
  terminal: Terminal,
  sources: readonly PolicyText[] = [],
): string {
  const { previousVersion, version, changes, findings } = change;
  const before = previousVersion === null || previousVersion === version ? "" : ` (was ${previousVersion})`;
  const lines = [terminal.paint("green", printable(what + before))];
  lines.push(...changes.map((line) => `  ${printable(line)}`));
  if (findings.length > 0) lines.push("", drawFindings(findings, sources, terminal));
  return lines.join("\n");
}
