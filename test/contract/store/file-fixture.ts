/** Files to store, and how to read one back. */
import type { FileStore } from "../../../src/store/file-store.ts";

export const AT = 1_700_000_000_000;

/** The id of file `n`; ids sort as their numbers do. */
export function fileId(n: number): string {
  return `file_${n.toString().padStart(19, "0")}`;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export interface FileFixture {
  readonly tenant?: string;
  readonly purpose?: string;
  readonly filename?: string;
  readonly createdAt?: number;
  readonly expiresAt?: number | null;
}

/** Stores a whole file, one part for each text. */
export async function addFile(
  files: FileStore,
  n: number,
  texts: readonly string[],
  file: FileFixture = {},
): Promise<string> {
  const {
    tenant = "acme",
    purpose = "batch",
    filename = "in.jsonl",
    createdAt = AT,
    expiresAt = null,
  } = file;
  const id = fileId(n);
  await files.begin({ id, tenant, createdAt });
  for (const [part, text] of texts.entries()) await files.append(id, { part, bytes: bytesOf(text) });
  await files.finish(id, { purpose, filename, expiresAt });
  return id;
}

/** Everything that `read` gives, page after page. */
export async function wholeText(files: FileStore, id: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let after = -1;
  for (;;) {
    const parts = await files.read(id, after);
    if (parts.length === 0) return text;
    for (const { part, bytes } of parts) {
      text += decoder.decode(bytes, { stream: true });
      after = part;
    }
  }
}
