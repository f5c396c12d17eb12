/**
 * The folders of texts that policies name, read in the background when a policy is activated. Owns which files
 * are read and how many; what was read last stays until the new is there.
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { createKeywordIndex, type KeywordIndex } from "./keyword-index.ts";
import { type Passage, passagesOf } from "./passages.ts";

const MAX_FILES = 2_000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FOLDER_BYTES = 32 * 1024 * 1024;

export interface PassageLibrary {
  /** Passages of `folder` that have the question's words, the best first; none before it was read. */
  search(folder: string, question: string, top: number): readonly Passage[];
  /** Reads these folders anew and forgets every other; at once it only begins to. */
  follow(folders: readonly string[]): void;
  /** Settles when what was begun is read. */
  settled(): Promise<void>;
}

export interface LibraryOptions {
  readonly root: string;
  /** Told of a folder that cannot be read, and of where it was looked for. */
  report(thrown: unknown, folder: string): void;
}

export function createPassageLibrary({ root, report }: LibraryOptions): PassageLibrary {
  const indexes = new Map<string, KeywordIndex>();
  let wanted: ReadonlySet<string> = new Set();
  let round = 0;
  let reading: Promise<void> = Promise.resolve();

  const read = async (folder: string, mine: number): Promise<void> => {
    try {
      const index = createKeywordIndex(await readFolder(root, folder));
      // A policy that came later has its own reading under way.
      if (mine === round) indexes.set(folder, index);
    } catch (thrown) {
      report(thrown, resolve(root, folder));
    }
  };
  return {
    search: (folder, question, top) => indexes.get(folder)?.search(question, top) ?? [],
    follow(folders) {
      wanted = new Set(folders);
      for (const folder of indexes.keys()) if (!wanted.has(folder)) indexes.delete(folder);
      const mine = ++round;
      reading = reading.then(async () => {
        for (const folder of wanted) if (mine === round) await read(folder, mine);
      });
    },
    settled: () => reading,
  };
}

/** Links are not followed, so that nothing outside of the folder is ever quoted. */
async function readFolder(root: string, folder: string): Promise<readonly Passage[]> {
  const top = await realpath(resolve(root));
  const start = await realpath(resolve(root, folder));
  if (start !== top && !start.startsWith(top + sep)) {
    throw new Error(`The folder ${folder} of a retrieval mode is not beside the policy.`);
  }
  const passages: Passage[] = [];
  let bytes = 0;
  for (const path of await textFiles(start)) {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) continue;
    bytes += size;
    if (bytes > MAX_FOLDER_BYTES) break;
    const file = relative(start, path).split(sep).join("/");
    for (const passage of passagesOf(file, await readFile(path, "utf8"))) passages.push(passage);
  }
  return passages;
}

/** Paths of the .md and .txt files under `folder`, in the order of their names. */
async function textFiles(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const open = [folder];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const entries = await readdir(next, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) open.push(join(next, entry.name));
      else if (entry.isFile() && /\.(?:md|txt)$/i.test(entry.name)) found.push(join(next, entry.name));
      if (found.length === MAX_FILES) return found;
    }
  }
  return found;
}
