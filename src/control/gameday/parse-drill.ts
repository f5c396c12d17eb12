/** A drill's YAML text to its document, or every finding with its place. Knows no file system and no policy. */
import type { z } from "zod";
import { isRecord } from "../../core/json.ts";
import { createReport, type Finding, inOrder, type Locate } from "../../policy/finding.ts";
import { reportIssues } from "../../policy/reading/schema-findings.ts";
import { type PolicyText, readYaml } from "../../policy/reading/yaml-source.ts";
import type { scenarioSchema } from "../../providers/simulator/scenario.ts";
import { type DrillDocument, drillSchema } from "./drill.ts";

/** A scenario as written, known to be valid: what the simulator is told. */
export type WrittenScenario = Omit<z.input<typeof scenarioSchema>, "version">;

export type ParsedDrill =
  | {
      readonly ok: true;
      readonly document: DrillDocument;
      /** The schedule as written; empty where it is a file of its own. */
      readonly schedule: WrittenScenario;
      /** Places in the text, for findings of later stages. */
      readonly locate: Locate;
    }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Never throws. */
export function parseDrill(source: PolicyText): ParsedDrill {
  const read = readYaml(source);
  if (read.findings.length > 0) return { ok: false, findings: read.findings };
  const locate: Locate = (path, options) => read.locate(path, options).position;
  const report = createReport(locate);
  const root = read.value;
  if (!isRecord(root)) {
    const fix = "Begin with `version: 1` and `name: …`; see examples/gamedays.";
    report.error("empty_drill", [], "The drill is empty or not a map.", fix);
    return { ok: false, findings: report.findings };
  }
  const parsed = drillSchema.safeParse(root, { reportInput: false });
  if (!parsed.success) {
    reportIssues(drillSchema, root, parsed.error.issues, report, [], read);
    return { ok: false, findings: inOrder(report.findings) };
  }
  return { ok: true, document: parsed.data, schedule: writtenSchedule(root), locate };
}

/** The schema has just been kept by it; what the schema makes of durations and faults cannot be written back. */
function writtenSchedule(root: object): WrittenScenario {
  const { schedule } = root as { readonly schedule: WrittenScenario & { readonly scenario?: string } };
  return schedule.scenario === undefined ? schedule : {};
}

/** The text of a scenario's file that is known to be valid. */
export function readWrittenScenario(source: PolicyText): WrittenScenario {
  const { version: _, ...written } = readYaml(source).value as z.input<typeof scenarioSchema>;
  return written;
}
