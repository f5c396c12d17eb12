/** A scenario's YAML text to a compiled scenario. Owns where a mistake is; knows no file system. */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Finding, formatPath, type Path } from "../../policy/finding.ts";
import { suggestion } from "../../policy/suggest.ts";
import { compileScenario, type Scenario, scenarioSchema } from "./scenario.ts";

export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** What is wrong at a path, before its place in the text is known. */
interface Complaint {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly fix: string;
}

const SEE_EXAMPLES = "Compare with examples/scenarios or schemas/scenario.schema.json.";

/** Parses and checks the text; `file` names it in findings. Never throws. */
export function parseScenario(source: { readonly file: string; readonly text: string }): ParsedScenario {
  const { file, text } = source;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const finding = (complaint: Complaint, offset: number): Finding => {
    const at = lines.linePos(offset);
    const place = { file, line: at.line, column: at.col, path: formatPath(complaint.path) };
    return {
      ...place,
      severity: "error",
      code: complaint.code,
      message: complaint.message,
      fix: complaint.fix,
    };
  };
  if (document.errors.length > 0) {
    const findings = document.errors.map((error) => {
      const fix = "Correct the YAML at this place.";
      return finding({ code: "invalid_yaml", path: [], message: error.message, fix }, error.pos[0]);
    });
    return { ok: false, findings };
  }
  const checked = check(document);
  if ("scenario" in checked) return { ok: true, scenario: checked.scenario };
  return { ok: false, findings: checked.complaints.map((one) => finding(one, offsetOf(document, one.path))) };
}

function check(document: Document): { scenario: Scenario } | { complaints: readonly Complaint[] } {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "The document cannot be read.";
    return { complaints: [{ code: "invalid_yaml", path: [], message, fix: "Use fewer aliases." }] };
  }
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) return { complaints: specific(parsed.error.issues.flatMap(complaintsOf)) };
  const scenario = compileScenario(parsed.data);
  const complaints = misses(scenario);
  return complaints.length > 0 ? { complaints } : { scenario };
}

/** Without those about a value of which a part is already complained about. */
function specific(complaints: readonly Complaint[]): readonly Complaint[] {
  return complaints.filter((one) => {
    const inside = (other: Complaint) =>
      other.path.length > one.path.length && one.path.every((part, index) => other.path[index] === part);
    return !complaints.some(inside);
  });
}

function complaintsOf(issue: z.core.$ZodIssue): Complaint[] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const message = `unknown key "${key}"`;
      return {
        code: "unknown_key",
        path: [...path, key],
        message,
        fix: `Remove or correct it. ${SEE_EXAMPLES}`,
      };
    });
  }
  if (issue.code === "invalid_union" && path.at(-1) === "fault") {
    // The object branch knows which of its fields is wrong; the string branch has nothing to say.
    const inner = issue.errors.find((branch) => branch.some((one) => one.path.length > 0 || "keys" in one));
    if (inner) return inner.flatMap((one) => complaintsOf({ ...one, path: [...path, ...one.path] }));
  }
  return [{ code: "invalid_value", path, message: issue.message, fix: SEE_EXAMPLES }];
}

/** Matches that can never hit: a region or model that no deployment of the scenario has. */
function misses(scenario: Scenario): Complaint[] {
  const deployments = [...scenario.deployments.values()];
  const known = {
    region: [...new Set(deployments.flatMap((one) => (one.region === null ? [] : [one.region])))],
    model: [...new Set(deployments.map((one) => one.model))],
  };
  const found: Complaint[] = [];
  for (const [index, entry] of scenario.faults.entries()) {
    for (const field of ["region", "model"] as const) {
      for (const name of entry.match[field] ?? []) {
        if (known[field].includes(name)) continue;
        found.push({
          code: `unknown_${field}`,
          path: ["faults", index, "match", field],
          message: `no deployment has the ${field} "${name}", so this fault can never happen`,
          fix: suggestion(name, known[field], `Give a deployment a ${field}.`),
        });
      }
    }
  }
  return found;
}

/** Where `path` stands in the text: the key of a mapping entry, else the value, else its nearest parent. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const name = String(path[length - 1]);
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
