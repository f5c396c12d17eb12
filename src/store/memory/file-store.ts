/** Files that end with the process: bounded, for `--data :memory:` and tests. Knows batches by one question. */

import {
  type FilePart,
  type FileQuery,
  type FileStore,
  MAX_FILE_PAGE,
  READ_BYTES,
  type StoredFile,
  UNFINISHED_FOR_MS,
} from "../file-store.ts";
import { boundedLimit } from "../paging.ts";
import { StoreError } from "../store-error.ts";

/** Bytes of all files together. */
const CAPACITY = 256 * 1024 * 1024;

/** The purpose of a batch's own files; they are no uploads, so that they wait for the batch's end. */
export const OUTPUT_PURPOSE = "batch_output";

export interface MemoryFile {
  readonly id: string;
  readonly tenant: string;
  purpose: string;
  filename: string;
  bytes: number;
  createdAt: number;
  expiresAt: number | null;
  /** `open` is being written, `gone` waits for the sweep. */
  state: "open" | "complete" | "gone";
  readonly parts: FilePart[];
}

/** Every file, seen or not, by id. */
export type MemoryFiles = Map<string, MemoryFile>;

export interface MemoryFilePorts {
  readonly files: MemoryFiles;
  assertOpen(): void;
  /** Whether a batch that is not over reads the file, or writes it. */
  inUse(id: string): boolean;
}

export function memoryFiles({ files, assertOpen, inUse }: MemoryFilePorts): FileStore {
  const seen = (tenant: string, id: string, now: number): MemoryFile | null => {
    const file = files.get(id);
    return file?.tenant === tenant && isSeen(file, now) ? file : null;
  };
  return {
    async begin({ id, tenant, createdAt }) {
      assertOpen();
      if (!files.has(id)) files.set(id, newMemoryFile(id, tenant, "", "", createdAt));
    },
    async append(id, part) {
      assertOpen();
      const file = files.get(id);
      if (file?.state === "open") appendPart(files, file, part);
    },
    async finish(id, { purpose, filename, expiresAt }) {
      assertOpen();
      const file = files.get(id);
      if (file?.state !== "open") return null;
      Object.assign(file, { purpose, filename, expiresAt, state: "complete" });
      return storedFile(file);
    },
    async discard(id) {
      assertOpen();
      const file = files.get(id);
      if (file?.state === "open") file.state = "gone";
    },
    async get(tenant, id, now) {
      assertOpen();
      const file = seen(tenant, id, now);
      return file && storedFile(file);
    },
    async list(query) {
      assertOpen();
      const limit = boundedLimit(query.limit, MAX_FILE_PAGE);
      const found = select([...files.values()], query);
      return { files: found.slice(0, limit).map(storedFile), more: found.length > limit };
    },
    async read(id, after) {
      assertOpen();
      return readParts(files.get(id)?.parts ?? [], after);
    },
    async remove(tenant, id, now) {
      assertOpen();
      const file = seen(tenant, id, now);
      if (!file) return "unknown";
      if (inUse(id)) return "in_use";
      file.state = "gone";
      return "removed";
    },
    async usedBytes(tenant) {
      assertOpen();
      return [...files.values()].reduce((sum, file) => (file.tenant === tenant ? sum + file.bytes : sum), 0);
    },
    async sweep(now) {
      assertOpen();
      const dead = [...files.values()].filter((file) => isDead(file, now) && !inUse(file.id));
      for (const { id } of dead) files.delete(id);
      return dead.length;
    },
  };
}

export function newMemoryFile(
  id: string,
  tenant: string,
  purpose: string,
  filename: string,
  createdAt: number,
): MemoryFile {
  return { id, tenant, purpose, filename, bytes: 0, createdAt, expiresAt: null, state: "open", parts: [] };
}

/** A part that is there already stays as it is. Throws a `StoreError` when there is no room for a new one. */
export function appendPart(files: MemoryFiles, file: MemoryFile, { part, bytes }: FilePart): void {
  const at = firstAfter(file.parts, part - 1);
  if (file.parts[at]?.part === part) return;
  let used = 0;
  for (const other of files.values()) used += other.bytes;
  if (used + bytes.byteLength > CAPACITY) {
    throw new StoreError("disk", "The store in memory is full. Delete files, or give --data a folder.");
  }
  file.parts.splice(at, 0, { part, bytes: bytes.slice() });
  file.bytes += bytes.byteLength;
}

export function isSeen(file: MemoryFile, now: number): boolean {
  return file.state === "complete" && (file.expiresAt === null || file.expiresAt > now);
}

function isDead(file: MemoryFile, now: number): boolean {
  if (file.state === "gone") return true;
  if (file.state === "complete") return !isSeen(file, now);
  return file.purpose === OUTPUT_PURPOSE || file.createdAt <= now - UNFINISHED_FOR_MS;
}

function select(files: readonly MemoryFile[], query: FileQuery): MemoryFile[] {
  const { tenant, now, order, after, purpose } = query;
  const sign = order === "asc" ? 1 : -1;
  const compare = (a: string, b: string): number => sign * (a < b ? -1 : a > b ? 1 : 0);
  return files
    .filter((file) => file.tenant === tenant && isSeen(file, now))
    .filter((file) => purpose === undefined || file.purpose === purpose)
    .filter((file) => after === undefined || compare(after, file.id) < 0)
    .toSorted((a, b) => compare(a.id, b.id));
}

function readParts(parts: readonly FilePart[], after: number): FilePart[] {
  const read: FilePart[] = [];
  let bytes = 0;
  for (let i = firstAfter(parts, after); bytes < READ_BYTES; i++) {
    const part = parts[i];
    if (!part) break;
    read.push(part);
    bytes += part.bytes.byteLength;
  }
  return read;
}

/** Where the first part beyond number `after` is, or would be. */
function firstAfter(parts: readonly FilePart[], after: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.part ?? 0) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function storedFile({ id, tenant, purpose, filename, bytes, createdAt, expiresAt }: MemoryFile): StoredFile {
  return { id, tenant, purpose, filename, bytes, createdAt, expiresAt };
}
