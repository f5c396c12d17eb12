/**
 * From texts to one valid document: read, overlay, look for secrets, check the form. Owns that order, and
 * that a policy's own tests belong to its loading.
 */
import { isRecord } from "../../core/json.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { runSteps } from "../../core/steps.ts";
import { EXTENSION_PREFIX, type PolicyDocument, policySchema } from "../document/document.ts";
import {
  createReport,
  type Finding,
  formatPath,
  inOrder,
  type Locate,
  type Path,
  type Position,
  type Report,
} from "../finding.ts";
import { type PolicyTestCounts, policyTestSteps } from "../policy-tests/policy-tests.ts";
import { type IdleNull, mergeOverlay } from "./merge.ts";
import { reportIssues, type Texts } from "./schema-findings.ts";
import { valueAt } from "./schema-walk.ts";
import { looksSecret, reportSecrets } from "./secrets.ts";
import { type PolicyText, readYaml, type YamlSource } from "./yaml-source.ts";

export type { PolicyText };

export interface ParsedPolicy {
  /** Null when any finding is an error. */
  readonly document: PolicyDocument | null;
  /** All of them, not only the first. */
  readonly findings: readonly Finding[];
  /** Places in the sources, for findings of later stages. */
  readonly locate: Locate;
}

/** Reported; an alias may stand for as many as a text can hold. */
const MAX_IDLE_NULLS = 100;

/** Characters from which on compiling the schema's checks to functions pays; it takes some 15 ms, once. */
const WORTH_COMPILING = 65_536;

/**
 * Reads a base and its overlays, in order. In an overlay maps merge by key, lists and scalars replace, and
 * null deletes. Never throws.
 */
export function parsePolicy(sources: readonly PolicyText[]): ParsedPolicy {
  const read = sources.map(readYaml);
  const locate = createLocate(read);
  const unreadable = read.flatMap((source) => source.findings);
  if (unreadable.length > 0) return { document: null, findings: unreadable, locate };
  const report = createReport(locate);
  let idleNulls = 0;
  const idle: IdleNull = (path, known) => {
    const isExtension = String(path[0]).startsWith(EXTENSION_PREFIX);
    if (!isExtension && ++idleNulls <= MAX_IDLE_NULLS) reportIdleNull(path, known, report);
  };
  /** What the first text says, the first two together, and so on. */
  const stages: unknown[] = [];
  for (const { value } of read) {
    stages.push(stages.length === 0 ? value : mergeOverlay(stages.at(-1), value ?? {}, idle));
  }
  const merged = stages.at(-1) ?? null;
  if (!isRecord(merged)) {
    const fix = "Begin with `version: 1` and `name: …`; `pointsman init` writes an example.";
    report.error("empty_policy", [], "The policy is empty or not a map.", fix);
    return { document: null, findings: report.findings, locate };
  }
  const size = sources.reduce((sum, { text }) => sum + text.length, 0);
  const secrets = reportSecrets(merged, report);
  const root = withoutExtensions(merged);
  const parsed = policySchema.safeParse(root, { reportInput: false, jitless: size < WORTH_COMPILING });
  if (!parsed.success) {
    // As merging does: the last text that has it gave the value.
    const written = (path: Path) =>
      read.reduceRight<string | null>((found, one) => found ?? one.written(path), null);
    const added = (path: Path) => addedEntry(path, stages);
    reportIssues(policySchema, root, parsed.error.issues, report, secrets, { written, added });
  }
  const document = parsed.success && !report.failed ? parsed.data : null;
  return { document, findings: inOrder(report.findings), locate };
}

export interface TestedPolicy extends PolicyTestCounts {
  /** Every broken expectation is an error: such a policy must not be put in force. */
  readonly findings: readonly Finding[];
}

/** Runs the tests of a policy that compiled. `sources` are its texts, for the places of findings. */
export function testPolicy(
  { document, snapshot }: { readonly document: PolicyDocument; readonly snapshot: ConfigSnapshot },
  sources: readonly PolicyText[],
): TestedPolicy {
  let places: Locate | null = null;
  const report = createReport((path, options) => {
    // Texts are read again only where a test fails.
    places ??= createLocate(sources.map(readYaml));
    return places(path, options);
  });
  return { ...runSteps(policyTestSteps(document, snapshot, report)), findings: inOrder(report.findings) };
}

/** Who writes it means to take something away, which a misspelt name leaves in force. */
function reportIdleNull(path: Path, known: readonly string[], report: Report): void {
  if (path.some((segment) => looksSecret(String(segment), ""))) return;
  const name = String(path.at(-1));
  const where = path.length === 1 ? "at the top level" : `in ${formatPath(path.slice(0, -1))}`;
  const message = `The null takes nothing away: before this overlay there is no "${name}" ${where}.`;
  const fix = report.suggest(name, known, "Remove the line.");
  report.warning("null_of_nothing", path, message, fix, { key: true });
}

/** The outermost entry on the way to `path` that was not there before one of the overlays, and what was beside it. */
function addedEntry(path: Path, stages: readonly unknown[]): ReturnType<NonNullable<Texts["added"]>> {
  for (let depth = 2; depth < path.length; depth++) {
    const entry = path.slice(0, depth);
    const first = stages.findIndex((stage) => valueAt(stage, entry) !== undefined);
    if (first <= 0) continue;
    const beside = valueAt(stages[first - 1], entry.slice(0, -1));
    return isRecord(beside) ? { entry, known: Object.keys(beside) } : null;
  }
  return null;
}

/** The last text that has the whole path gave the value; else the one that has most of it. */
function createLocate(sources: readonly YamlSource[]): Locate {
  return (path, options) => {
    let best: { readonly depth: number; readonly position: Position } | null = null;
    for (const source of sources) {
      const found = source.locate(path, options);
      if (best === null || found.depth >= best.depth) best = found;
    }
    return best?.position ?? { file: "", line: 1, column: 1 };
  };
}

function withoutExtensions(document: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith(EXTENSION_PREFIX)));
}
