/** Files named on the command line, and standard input. Owns what is said when one cannot be read. */
import { readFile } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import { NotAFile } from "../control/policy/sources/policy-files.ts";
import { codeOf } from "../core/thrown.ts";
import type { CliPorts } from "./ports.ts";

export type TextFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** The text of `path`; `name` is what the person wrote. */
export async function readText(path: string, name: string): Promise<TextFile> {
  try {
    return { ok: true, text: await readFile(path, "utf8") };
  } catch (thrown) {
    return { ok: false, ...unreadable(thrown, name) };
  }
}

/** All of standard input. */
export function readStdin(ports: Pick<CliPorts, "stdin">): Promise<string> {
  return ports.stdin?.() ?? readStream(process.stdin);
}

/** Why the file called `name` could not be read, from what the file system threw. */
export function unreadable(
  thrown: unknown,
  name: string,
): { readonly message: string; readonly fix: string } {
  if (thrown instanceof NotAFile) {
    const fix = "Name a regular file; write what comes out of a pipe to one first.";
    return { message: `${name} is neither a file nor a folder.`, fix };
  }
  const code = fileErrorCode(thrown);
  if (code === "ENOENT") {
    return { message: `There is no file ${name}.`, fix: "Check the path, or the directory you are in." };
  }
  if (code === "EISDIR") return { message: `${name} is a directory.`, fix: "Name the file inside it." };
  if (code === "EACCES" || code === "EPERM") {
    return { message: `${name} may not be read (${code}).`, fix: "Change its permissions or its owner." };
  }
  return { message: `${name} cannot be read (${code || "unknown reason"}).`, fix: "Check the file." };
}

/** `ENOENT` and its like; empty for anything else that was thrown. */
export function fileErrorCode(thrown: unknown): string {
  return codeOf(thrown) ?? "";
}
