/** A policy on disk: a file or a folder, its overlay for an environment, and the copy of the last good one. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { decodePolicy } from "../../policy/decode-text.ts";
import type { PolicySource } from "../../policy/load.ts";
import { MAX_DOCUMENT_BYTES } from "./source.ts";
import { overlayName } from "./source-address.ts";
import type { KeptStaging } from "./staging-place.ts";

/**
 * `policy.yaml` in environment `prod` is overlaid by `policy.prod.yaml` beside it, where that exists. Of a
 * folder, `policy.yaml` is read first, then every `*.policy.yaml` in the order of their names, then their
 * overlays in the same order. Rejects with what the file system throws.
 */
export async function readPolicyFiles(
  path: string,
  environment: string | null,
): Promise<readonly PolicySource[]> {
  const files = (await stat(path)).isDirectory() ? await filesOf(path) : [path];
  const overlays = environment === null ? [] : files.map((file) => overlayName(file, environment));
  const wanted = [...files, ...overlays.filter((file) => existsSync(file))];
  return Promise.all(wanted.map(readPolicyFile));
}

/** Bytes of UTF-8 for the most characters that a policy may have. */
const MAX_FILE_BYTES = 4 * MAX_DOCUMENT_BYTES;

async function readPolicyFile(file: string): Promise<PolicySource> {
  if ((await stat(file)).size > MAX_FILE_BYTES) return { file, text: "", problem: { kind: "too_large" } };
  const decoded = decodePolicy(await readFile(file));
  const { text } = decoded;
  return decoded.ok
    ? { file, text }
    : { file, text, problem: { kind: "invalid_utf8", at: decoded.invalidAt } };
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const parts = (await readdir(folder)).filter((name) => /^.+\.policy\.yaml$/.test(name)).sort();
  return ["policy.yaml", ...parts].map((name) => join(folder, name));
}

const sourcesSchema = z.array(z.object({ file: z.string(), text: z.string() })).min(1);

/** Replaces the copy atomically: a crash leaves the old one or the new one, never half of either. */
export async function saveLastGood(directory: string, sources: readonly PolicySource[]): Promise<void> {
  await replaceFile(lastGoodPath(directory), JSON.stringify(sources));
}

/** Null when there is none, or none that can be read. */
export async function loadLastGood(directory: string): Promise<readonly PolicySource[] | null> {
  try {
    return sourcesSchema.parse(JSON.parse(await readFile(lastGoodPath(directory), "utf8")));
  } catch {
    return null;
  }
}

function lastGoodPath(directory: string): string {
  return join(directory, "last-good-policy.json");
}

const pinSchema = z.object({
  version: z.string(),
  at: z.number(),
  actor: z.string(),
  note: z.string().nullable(),
  sourceDigest: z.string(),
  sources: sourcesSchema,
});

/** A version that a rollback put in force, in place of what the source says. */
export interface Pin {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly note: string | null;
  /** Of the source's texts that are held back. Other texts end the pin. */
  readonly sourceDigest: string;
  readonly sources: readonly PolicySource[];
}

/** Null: there is none from now on. */
export async function savePin(directory: string, pin: Pin | null): Promise<void> {
  if (pin === null) await rm(pinPath(directory), { force: true });
  else await replaceFile(pinPath(directory), JSON.stringify(pin));
}

export async function loadPin(directory: string): Promise<Pin | null> {
  try {
    return pinSchema.parse(JSON.parse(await readFile(pinPath(directory), "utf8")));
  } catch {
    return null;
  }
}

function pinPath(directory: string): string {
  return join(directory, "pinned-policy.json");
}

const stagingSchema = z.object({
  plan: z.object({
    id: z.string(),
    version: z.string(),
    previousVersion: z.string(),
    at: z.number(),
    startsAt: z.number(),
    stepPercent: z.number().positive().max(100),
    stepEveryMs: z.number().positive(),
    actor: z.string(),
    note: z.string().nullable(),
  }),
  older: sourcesSchema,
  newer: sourcesSchema,
  sourceDigest: z.string(),
});

/** An activation by steps that is under way. Null: there is none from now on. */
export async function saveStaging(directory: string, kept: KeptStaging | null): Promise<void> {
  if (kept === null) await rm(stagingPath(directory), { force: true });
  else await replaceFile(stagingPath(directory), JSON.stringify(kept));
}

export async function loadStaging(directory: string): Promise<KeptStaging | null> {
  try {
    return stagingSchema.parse(JSON.parse(await readFile(stagingPath(directory), "utf8")));
  } catch {
    return null;
  }
}

function stagingPath(directory: string): string {
  return join(directory, "staged-policy.json");
}

/** Replaces a file atomically, and makes its folder where there is none. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
