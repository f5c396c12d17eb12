/** A small drill and its policy for tests. Owns nothing that runs. */
import { BASE_POLICY, snapshotOf } from "../../policy/fake-policy.ts";
import { parseDrill } from "./parse-drill.ts";
import { type DrillOverrides, type PreparedResult, prepareDrill } from "./prepare-drill.ts";
import type { PreparedDrill } from "./prepared-drill.ts";

/** For the policy of policy/fake-policy.ts: `chat`, from large-us to small-us. */
export const DRILL = `version: 1
name: drill
use_case: chat
load: { rate: 10, duration: 20s }
schedule:
  faults:
    - { name: gone, match: { region: us-east-1 }, start: 5s, duration: 5s, fault: { status: 503 } }
`;

/** Throws where the text is no drill at all. */
export function prepare(text: string, overrides: DrillOverrides = {}, ...overlays: string[]): PreparedResult {
  const parsed = parseDrill({ file: "drill.yaml", text });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  return prepareDrill(parsed, parsed.schedule, snapshotOf(BASE_POLICY, ...overlays), overrides);
}

export function prepared(text: string = DRILL, overrides: DrillOverrides = {}): PreparedDrill {
  const result = prepare(text, overrides);
  if (!result.ok) throw new Error(result.findings.map(({ message }) => message).join("\n"));
  return result.drill;
}
