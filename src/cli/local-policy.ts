/**
 * A policy compiled on this machine, for commands that need no gateway. Owns where its texts and secrets
 * come from; what they mean is decided where the gateway decides it.
 */
import { hash } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { type CompiledSources, compileSources } from "../control/policy/in-force/compile-sources.ts";
import { readPolicyFiles } from "../control/policy/sources/policy-files.ts";
import type { PolicyText } from "../policy/reading/load.ts";
import { resolveCredential } from "../providers/credentials.ts";
import type { CliPorts } from "./ports.ts";
import { fileErrorCode, unreadable } from "./read-text.ts";

export const DEFAULT_POLICY = "pointsman.yaml";

export type LocalPolicy =
  | { readonly ok: true; readonly sources: readonly PolicyText[]; readonly compiled: CompiledSources }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** Reads `file` with its overlay and compiles both. Never throws; nothing is called and nothing written. */
export async function compileLocalPolicy(
  ports: CliPorts,
  file: string,
  environment: string | null,
): Promise<LocalPolicy> {
  const read = await readLocalPolicy(ports, file, environment);
  if (!read.ok) return read;
  const path = resolve(ports.cwd, file);
  const folder = isFolder(path) ? path : dirname(path);
  return { ...read, compiled: compileHere(ports, read.sources, environment, folder) };
}

export type LocalTexts =
  | { readonly ok: true; readonly sources: readonly PolicyText[] }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** The texts of `file` and its overlay, named as a person at this terminal would. */
export async function readLocalPolicy(
  ports: CliPorts,
  file: string,
  environment: string | null,
): Promise<LocalTexts> {
  let sources: readonly PolicyText[];
  try {
    sources = await readPolicyFiles(resolve(ports.cwd, file), environment);
  } catch (thrown) {
    const { message, fix } = unreadable(thrown, file);
    const isMissing = fileErrorCode(thrown) === "ENOENT";
    if (isMissing && isFolder(resolve(ports.cwd, file))) {
      const missing = `There is no policy.yaml in the folder ${file}.`;
      return { ok: false, message: missing, fix: "Write it there, or name another file inside it." };
    }
    return { ok: false, message, fix: isMissing ? "Write one with `pointsman init`, or name yours." : fix };
  }
  const named = sources.map((source) => ({ ...source, file: shortName(ports.cwd, source.file) }));
  return { ok: true, sources: named };
}

/** Texts compiled with what this machine has in its environment and beside them, in `folder`. */
function compileHere(
  ports: CliPorts,
  sources: readonly PolicyText[],
  environment: string | null,
  folder: string,
): CompiledSources {
  return compileSources(sources, {
    environment,
    credential: (source) => resolveCredential(source, ports.env),
    keyHash(name) {
      const key = ports.env[name]?.trim();
      return key ? hash("sha256", key, "hex") : null;
    },
    hasFolder: (name) => isFolder(resolve(folder, name)),
    simulatorUrl: "http://simulator.invalid",
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The path from `cwd`, as an editor's terminal makes it a link; whole where the file is elsewhere. */
function shortName(cwd: string, file: string): string {
  const short = relative(cwd, file);
  return short.startsWith("..") || isAbsolute(short) ? file : short;
}
