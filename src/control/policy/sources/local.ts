/** A file or a folder as a source. Reads it whole each time; that it is asked often costs nothing. */
import { statSync } from "node:fs";
import { codeOf } from "../../../core/thrown.ts";
import { NotAFile, readPolicyFiles } from "./policy-files.ts";
import { settledSource } from "./settled.ts";
import { type Fetched, failedFetch, type Source } from "./source.ts";

/**
 * Reading the content beats file-system events: editors rename, Kubernetes swaps links, networks say nothing.
 * A folder is taken when it has stood still for one look, so that no half of an edit of two files is.
 */
export function localSource(path: string, environment: string | null, read = readPolicyFiles): Source {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const source: Source = {
    kind: isFolder ? "directory" : "file",
    address: path,
    async fetch(): Promise<Fetched> {
      try {
        return { result: "texts", texts: await read(path, environment), revision: null };
      } catch (thrown) {
        return failedFetch(unreadable(thrown));
      }
    },
  };
  return isFolder ? settledSource(source, null) : source;
}

function unreadable(thrown: unknown): string {
  const reason = thrown instanceof Error ? thrown.message : "it cannot be read";
  return `The policy cannot be read: ${reason}. ${fixOf(thrown)}`;
}

function fixOf(thrown: unknown): string {
  if (thrown instanceof NotAFile) return "Put a regular file in its place.";
  const code = codeOf(thrown);
  if (code === "ENOENT") return "Write one with 'pointsman init'.";
  if (code === "EACCES" || code === "EPERM") return "Make it readable for the user that runs the gateway.";
  return "Check the file and its disk.";
}
