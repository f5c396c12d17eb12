/**
 * A rollout or a model alias changed in a policy file on this machine. Owns that a change which breaks the policy is
 * not written, and that nobody takes a change for live which no gateway will follow.
 */
import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { PartChange } from "../../../control/policy/edit/open-part.ts";
import { judgeHere } from "../../../control/policy/in-force/judge-here.ts";
import { readPolicyFiles } from "../../../control/policy/sources/policy-files.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { assumedPorts } from "../../../policy/replay/assumed-ports.ts";
import { drawFindings } from "../../draw-findings.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted } from "../../format.ts";
import type { CliPorts } from "../../ports.ts";
import { fileErrorCode, unreadable } from "../../read-text.ts";
import type { Terminal } from "../../terminal.ts";
import { type Applied, type PolicyOptions, reportChange, reportFault, type Verb } from "./verb.ts";

export type LocalTexts =
  | { readonly ok: true; readonly sources: readonly PolicyText[] }
  | { readonly ok: false; readonly isMissing: boolean; readonly message: string; readonly fix: string };

export async function readLocal(
  { cwd }: CliPorts,
  file: string,
  environment: string | null,
): Promise<LocalTexts> {
  try {
    return { ok: true, sources: await readPolicyFiles(resolve(cwd, file), environment) };
  } catch (thrown) {
    const { message, fix } = unreadable(thrown, file);
    return { ok: false, isMissing: fileErrorCode(thrown) === "ENOENT", message, fix };
  }
}

export async function changeFile(
  terminal: Terminal,
  { env, dryRun = false }: PolicyOptions,
  sources: readonly PolicyText[],
  verb: Verb,
): Promise<number> {
  const changed = verb(sources);
  if (!changed.ok) return reportFault(terminal, changed.fault);
  const change = changed.value;
  const after = withText(sources, change);
  const errors = errorsOf(after, env ?? null);
  if (change.changes.length === 0) return conclude(terminal, change, "unchanged", after, errors);
  const known = new Set(errorsOf(sources, env ?? null).map(nameOf));
  const broken = errors.filter((error) => !known.has(nameOf(error)));
  if (broken.length > 0) {
    if (!terminal.json) terminal.note(drawFindings(broken, after, terminal));
    terminal.complain("The policy would not be valid any more.", "Nothing has changed.");
    return EXIT.notRight;
  }
  if (dryRun) return conclude(terminal, change, "dry_run", after, errors);
  try {
    await replaceText(change.file, change.after);
  } catch (thrown) {
    const message = `${change.file} cannot be written (${fileErrorCode(thrown) || "unknown reason"}).`;
    terminal.complain(message, "Check its permissions. Nothing has changed.");
    return EXIT.usage;
  }
  return conclude(terminal, change, "applied", after, errors);
}

/** What was done, and whether any gateway takes it up. `errors`: those of `sources`, with the change in them. */
function conclude(
  terminal: Terminal,
  change: PartChange,
  result: Applied,
  sources: readonly PolicyText[],
  errors: readonly Finding[],
): number {
  const follows = errors.length === 0 && result === "applied";
  reportChange(
    terminal,
    change,
    result,
    follows ? "A gateway that reads this file follows within a second." : "",
  );
  if (errors.length === 0) return EXIT.success;
  if (!terminal.json) terminal.note(`\n${drawFindings(errors, sources, terminal)}\n`);
  const [verb, them] = errors.length === 1 ? ["was", "it"] : ["were", "them"];
  terminal.complain(
    `${counted(errors.length, "error")} ${verb} there before, and a gateway refuses ${change.file} for ${them}: what it serves stays as it is.`,
    "Mend the file as `pointsman validate` says. Meanwhile --url changes the running gateway.",
  );
  return EXIT.notRight;
}

function withText(sources: readonly PolicyText[], { file, after }: PartChange): readonly PolicyText[] {
  return sources.map((source) => (source.file === file ? { file, text: after } : source));
}

/**
 * Why a gateway refuses these texts, tests of the policy's own included. Secrets count as there: this machine may lack
 * what the gateway's has.
 */
function errorsOf(sources: readonly PolicyText[], environment: string | null): readonly Finding[] {
  const { findings } = judgeHere({
    sources,
    before: null,
    ports: assumedPorts({ environment }),
    tested: true,
  });
  return findings.filter(({ severity }) => severity === "error");
}

function nameOf({ code, path }: Finding): string {
  return `${code} ${path}`;
}

/** Whoever reads it meanwhile gets the old text or the new one. Links and permissions stay. */
async function replaceText(file: string, text: string): Promise<void> {
  const target = await realpath(file);
  const { mode } = await stat(target);
  const beside = `${target}.${randomUUID()}.new`;
  try {
    await writeFile(beside, text, { mode, flag: "wx" });
    await rename(beside, target);
  } catch (thrown) {
    await rm(beside, { force: true });
    throw thrown;
  }
}
