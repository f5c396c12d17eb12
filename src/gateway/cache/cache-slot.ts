/** Where the answer to a request is looked for and kept. */
export interface CacheSlot {
  readonly key: string;
  /** The caller wants a new answer and none that was kept. */
  readonly refresh: boolean;
  /** Oldest answer that the caller takes. Milliseconds. */
  readonly maxAgeMs: number;
}
