/**
 * Files as a port: written in parts, read in parts, never whole in memory. Owns the shapes and the limits that
 * every driver shares; knows no driver and no batch.
 */

/** A file that can be seen. */
export interface StoredFile {
  readonly id: string;
  readonly tenant: string;
  readonly purpose: string;
  readonly filename: string;
  readonly bytes: number;
  /** Epoch milliseconds, like `expiresAt`; null: kept until it is deleted. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** One piece of a file. Numbers rise through the file and may have gaps. */
export interface FilePart {
  readonly part: number;
  readonly bytes: Uint8Array;
}

export interface FileQuery {
  readonly tenant: string;
  readonly now: number;
  /** 1 to `MAX_FILE_PAGE`. */
  readonly limit: number;
  /** By id, which is by when it was begun. */
  readonly order: "asc" | "desc";
  /** The id of the last file of the page before; it need not exist any more. */
  readonly after?: string;
  readonly purpose?: string;
}

export interface FilePage {
  readonly files: readonly StoredFile[];
  readonly more: boolean;
}

export const MAX_FILE_PAGE = 1000;

/** What a writer puts into one part, unless the part is a whole record. */
export const PART_BYTES = 256 * 1024;

/** Parts that are read together: at least one, and no further one once they hold this much. */
export const READ_BYTES = 256 * 1024;

/** An upload that was begun this long ago and is not finished never will be. Milliseconds. */
export const UNFINISHED_FOR_MS = 60 * 60 * 1000;

export interface FileStore {
  /** Makes room for an upload, which nobody sees until it is finished. */
  begin(upload: Pick<StoredFile, "id" | "tenant" | "createdAt">): Promise<void>;
  /** When it resolves, the part survives `kill -9`. Writing a part again changes nothing. */
  append(id: string, part: FilePart): Promise<void>;
  /** Null where there is no such upload: it was given up. */
  finish(id: string, as: Pick<StoredFile, "purpose" | "filename" | "expiresAt">): Promise<StoredFile | null>;
  /** Gives an upload up. A file that is finished stays. */
  discard(id: string): Promise<void>;
  /** Null where the tenant has no such file, or has it no longer. */
  get(tenant: string, id: string, now: number): Promise<StoredFile | null>;
  list(query: FileQuery): Promise<FilePage>;
  /** Parts after number `after` (-1: from the start), about `READ_BYTES` together; none at the end. */
  read(id: string, after: number): Promise<readonly FilePart[]>;
  /** `in_use`: a batch that is not over reads it. A file that is gone can be read on until it is swept. */
  remove(tenant: string, id: string, now: number): Promise<"removed" | "unknown" | "in_use">;
  /** Bytes of all the tenant's files that were not swept yet, uploads under way included. */
  usedBytes(tenant: string): Promise<number>;
  /**
   * Frees what removed and expired files and uploads that were given up hold, in small steps. Answers with how
   * many files are gone.
   */
  sweep(now: number): Promise<number>;
}
