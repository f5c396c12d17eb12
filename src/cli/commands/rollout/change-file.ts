/**
 * A rollout or a model alias changed in a policy file on this machine. Owns that a change which breaks the policy is
 * not written.
 */
import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { PartChange } from "../../../control/policy/edit/open-part.ts";
import { readPolicyFiles } from "../../../control/policy/sources/policy-files.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { CommandContext } from "../../context.ts";
import { drawFindings } from "../../draw-findings.ts";
import { EXIT } from "../../exit-codes.ts";
import { compileHere } from "../../local-policy.ts";
import type { CliPorts } from "../../ports.ts";
import { fileErrorCode, unreadable } from "../../read-text.ts";
import type { Terminal } from "../../terminal.ts";
import { type PolicyOptions, reportChange, reportFault, type Verb } from "./verb.ts";

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
  { ports }: CommandContext,
  terminal: Terminal,
  { env, dryRun = false }: PolicyOptions,
  sources: readonly PolicyText[],
  verb: Verb,
): Promise<number> {
  const changed = verb(sources);
  if (!changed.ok) return reportFault(terminal, changed.fault);
  const change = changed.value;
  if (change.changes.length === 0) {
    reportChange(terminal, change, "unchanged", "");
    return EXIT.success;
  }
  const after = withText(sources, change);
  const broken = newErrors(ports, sources, after, env ?? null);
  if (broken.length > 0) {
    if (!terminal.json) terminal.note(drawFindings(broken, after, terminal));
    terminal.complain("The policy would not be valid any more.", "Nothing has changed.");
    return EXIT.notRight;
  }
  if (dryRun) {
    reportChange(terminal, change, "dry_run", "");
    return EXIT.success;
  }
  try {
    await replaceText(change.file, change.after);
  } catch (thrown) {
    const message = `${change.file} cannot be written (${fileErrorCode(thrown) || "unknown reason"}).`;
    terminal.complain(message, "Check its permissions. Nothing has changed.");
    return EXIT.usage;
  }
  reportChange(terminal, change, "applied", "A gateway that reads this file follows within a second.");
  return EXIT.success;
}

function withText(sources: readonly PolicyText[], { file, after }: PartChange): readonly PolicyText[] {
  return sources.map((source) => (source.file === file ? { file, text: after } : source));
}

/** Errors that the policy did not have before: this machine may lack what the gateway's has. */
function newErrors(
  ports: CliPorts,
  before: readonly PolicyText[],
  after: readonly PolicyText[],
  environment: string | null,
): readonly Finding[] {
  const errorsOf = (sources: readonly PolicyText[]) =>
    compileHere(ports, sources, environment).findings.filter(({ severity }) => severity === "error");
  const known = new Set(errorsOf(before).map(({ code, path }) => `${code} ${path}`));
  return errorsOf(after).filter(({ code, path }) => !known.has(`${code} ${path}`));
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
