/** Bytes of any size as parts of one size. Owns the gathering; where parts go is the caller's. */
import type { FilePart } from "../../store/file-store.ts";

export interface PartWriter {
  /** Resolves when every part that became full is written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what is left over. */
  close(): Promise<void>;
  /** Taken so far. */
  bytes(): number;
}

/** Numbers parts from 0; each has `partBytes` but the last. */
export function createPartWriter(append: (part: FilePart) => Promise<void>, partBytes: number): PartWriter {
  let buffer = new Uint8Array(partBytes);
  let filled = 0;
  let part = 0;
  let total = 0;
  const flush = async (): Promise<void> => {
    const bytes = buffer.subarray(0, filled);
    buffer = new Uint8Array(partBytes);
    filled = 0;
    await append({ part: part++, bytes });
  };
  return {
    async write(bytes) {
      total += bytes.byteLength;
      for (let at = 0; at < bytes.byteLength; ) {
        const piece = bytes.subarray(at, at + partBytes - filled);
        buffer.set(piece, filled);
        filled += piece.byteLength;
        at += piece.byteLength;
        if (filled === partBytes) await flush();
      }
    },
    async close() {
      if (filled > 0) await flush();
    },
    bytes: () => total,
  };
}
