/** A policy on disk: a file or a folder, and its overlay for an environment. Knows not what a policy says. */
import { constants, existsSync } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodePolicy } from "../../../policy/reading/decode-text.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { MAX_DOCUMENT_BYTES } from "./source.ts";
import { overlayName } from "./source-address.ts";

/**
 * `policy.yaml` in environment `prod` is overlaid by `policy.prod.yaml` beside it, where that exists. Of a
 * folder, `policy.yaml` is read first, then every `*.policy.yaml` in the order of their names, then their
 * overlays in the same order. Rejects with what the file system throws, or `NotAFile`.
 */
export async function readPolicyFiles(
  path: string,
  environment: string | null,
): Promise<readonly PolicyText[]> {
  const files = (await stat(path)).isDirectory() ? await filesOf(path) : [path];
  const overlays = environment === null ? [] : files.map((file) => overlayName(file, environment));
  const wanted = [...files, ...overlays.filter((file) => existsSync(file))];
  return Promise.all(wanted.map(readPolicyFile));
}

/** Bytes of UTF-8 for the most characters that a policy may have. */
const MAX_FILE_BYTES = 4 * MAX_DOCUMENT_BYTES;

/** A pipe, a socket, a device: reading it could last for ever. */
export class NotAFile extends Error {
  override readonly name = "NotAFile";

  constructor(path: string) {
    super(`${path} is neither a file nor a folder`);
  }
}

/** Opening a pipe waits for whoever writes to it, unless this is asked for. Nothing where there is no such thing. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function readPolicyFile(file: string): Promise<PolicyText> {
  const handle = await open(file, WITHOUT_WAITING);
  try {
    return await readOpened(file, handle);
  } finally {
    await handle.close();
  }
}

async function readOpened(file: string, handle: FileHandle): Promise<PolicyText> {
  // Of what was opened, which may be no longer what has the name.
  const found = await handle.stat();
  if (!found.isFile() && !found.isDirectory()) throw new NotAFile(file);
  if (found.size > MAX_FILE_BYTES) return { file, text: "", problem: { kind: "too_large" } };
  const decoded = decodePolicy(await handle.readFile());
  const { text } = decoded;
  return decoded.ok
    ? { file, text }
    : { file, text, problem: { kind: "invalid_utf8", at: decoded.invalidAt } };
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const parts = (await readdir(folder)).filter((name) => /^.+\.policy\.yaml$/.test(name)).sort();
  return ["policy.yaml", ...parts].map((name) => join(folder, name));
}
