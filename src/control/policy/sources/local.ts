/** A file or a folder as a source. Reads it whole each time; that it is asked often costs nothing. */
import { statSync } from "node:fs";
import { codeOf } from "../../../core/thrown.ts";
import { NotAFile, readPolicyFiles } from "./policy-files.ts";
import { settledSource } from "./settled.ts";
import { type Fetched, failedFetch, type PolicySource } from "./source.ts";

/**
 * Reading the content beats file-system events: editors rename, Kubernetes swaps links, networks say nothing.
 * A folder is taken when it has stood still for one look, so that no half of an edit of two files is.
 */
export function localSource(path: string, environment: string | null, read = readPolicyFiles): PolicySource {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  let wasThere = false;
  const source: PolicySource = {
    kind: isFolder ? "directory" : "file",
    address: path,
    async fetch(): Promise<Fetched> {
      try {
        const texts = await read(path, environment);
        wasThere = true;
        return { result: "texts", texts, revision: null };
      } catch (thrown) {
        return failedFetch(unreadable(thrown, path, wasThere));
      }
    },
  };
  return isFolder ? settledSource(source, null) : source;
}

function unreadable(thrown: unknown, path: string, wasThere: boolean): string {
  if (codeOf(thrown) === "ENOENT") {
    const file = thrown instanceof Error && "path" in thrown ? String(thrown.path) : path;
    return wasThere
      ? `The policy's file ${file} is gone. Put it back; until then the policy in force goes on.`
      : `There is no file ${file}. Put the policy there.`;
  }
  const reason = thrown instanceof Error ? thrown.message : "it cannot be read";
  return `The policy cannot be read: ${reason}. ${fixOf(thrown)}`;
}

function fixOf(thrown: unknown): string {
  if (thrown instanceof NotAFile) return "Put a regular file in its place.";
  const code = codeOf(thrown);
  if (code === "EACCES" || code === "EPERM") return "Make it readable for the user that runs the gateway.";
  return "Check the file and its disk.";
}
