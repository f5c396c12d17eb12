/** What the verbs on files work with, and the bounds of what a caller may store. */
import type { Clock } from "../../core/clock.ts";
import type { FileStore } from "../../store/file-store.ts";

export interface FilePorts {
  readonly files: FileStore;
  readonly clock: Clock;
  /** A new id with this prefix. */
  nextId(prefix: string): string;
  readonly uploads: UploadLimits;
}

export interface UploadLimits {
  readonly maxFileBytes: number;
  /** Of all the files a tenant keeps here. Uploads at the same moment may pass it, each by one file. */
  readonly maxTenantBytes: number;
  /** Milliseconds without a byte, and for the whole upload; the store gives up on one after an hour. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export const DEFAULT_UPLOAD_LIMITS: UploadLimits = {
  maxFileBytes: 100 * 1024 * 1024,
  maxTenantBytes: 10 * 1024 * 1024 * 1024,
  idleMs: 30_000,
  totalMs: 30 * 60 * 1000,
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long what belongs to batches is kept where the caller says nothing. */
export const BATCH_FILES_KEPT_MS = 30 * DAY_MS;
