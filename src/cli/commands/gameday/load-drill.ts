/** A drill from its file with what it names: the policy, the scenario. Owns which text is read, and in which order. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseDrill, readWrittenScenario } from "../../../control/gameday/parse-drill.ts";
import { type DrillOverrides, prepareDrill } from "../../../control/gameday/prepare-drill.ts";
import type { PreparedDrill } from "../../../control/gameday/prepared-drill.ts";
import { packagedFile } from "../../../core/program-files.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { parseScenario } from "../../../providers/simulator/scenario-file.ts";
import { compileLocalPolicy } from "../../local-policy.ts";
import { EXAMPLE_POLICY } from "../../packaged.ts";
import type { CliPorts } from "../../ports.ts";
import { readText } from "../../read-text.ts";

const SHIPPED = packagedFile("examples/gamedays/");
const SHIPPED_HINT = "Check the path; `pointsman gameday list` shows the drills that come with the program.";

export type LoadedDrill =
  | {
      readonly ok: true;
      readonly drill: PreparedDrill;
      readonly policyFile: string;
      readonly environment: string | null;
    }
  | { readonly ok: false; readonly reason: "unreadable"; readonly message: string; readonly fix: string }
  | {
      readonly ok: false;
      readonly reason: "invalid";
      /** What the findings are about. */
      readonly name: string;
      readonly findings: readonly Finding[];
      readonly sources: readonly PolicyText[];
    };

/** `name`: a file, or the bare name of a drill that comes with the program. Never throws. */
export async function loadDrill(
  ports: CliPorts,
  name: string,
  overrides: DrillOverrides = {},
): Promise<LoadedDrill> {
  const file = fileOf(ports.cwd, name);
  const read = await readText(file, name);
  if (!read.ok) return { ...read, ...(isBare(name) && { fix: SHIPPED_HINT }), reason: "unreadable" };
  const source = { file: name, text: read.text };
  const parsed = parseDrill(source);
  if (!parsed.ok) return { ok: false, reason: "invalid", name, findings: parsed.findings, sources: [source] };
  const { document } = parsed;
  const near = (written: string) => resolve(dirname(file), written);

  const policyFile = document.policy === undefined ? EXAMPLE_POLICY : near(document.policy);
  const { environment = null } = document;
  const policy = await compileLocalPolicy(ports, policyFile, environment);
  if (!policy.ok) return { ...policy, reason: "unreadable" };
  const { built, findings } = policy.compiled;
  if (built === null) {
    return { ok: false, reason: "invalid", name: policyFile, findings, sources: policy.sources };
  }

  let { schedule } = parsed;
  const { scenario } = document.schedule;
  if (scenario !== undefined) {
    const text = await readText(near(scenario), scenario);
    if (!text.ok) return { ...text, reason: "unreadable" };
    const written = { file: scenario, text: text.text };
    const checked = parseScenario(written);
    if (!checked.ok) {
      return { ok: false, reason: "invalid", name: scenario, findings: checked.findings, sources: [written] };
    }
    schedule = readWrittenScenario(written);
  }
  const prepared = prepareDrill(parsed, schedule, built.snapshot, overrides);
  if (prepared.ok) return { ok: true, drill: prepared.drill, policyFile, environment };
  return { ok: false, reason: "invalid", name, findings: prepared.findings, sources: [source] };
}

/** Whether it may be the name of a drill that comes with the program. */
function isBare(name: string): boolean {
  return /^[\w-]+$/.test(name);
}

function fileOf(cwd: string, name: string): string {
  const written = resolve(cwd, name);
  const shipped = join(SHIPPED, `${name}.yaml`);
  return !existsSync(written) && isBare(name) && existsSync(shipped) ? shipped : written;
}

/** The files of the drills that come with the program, in the order of their names. */
export async function shippedDrills(): Promise<readonly string[]> {
  const names = await readdir(SHIPPED);
  return names
    .filter((name) => name.endsWith(".yaml"))
    .toSorted()
    .map((name) => join(SHIPPED, name));
}
