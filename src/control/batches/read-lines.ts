/** A stored file line by line: one page of the file and one line are in memory. Knows no JSON. */
import type { FileStore } from "../../store/file-store.ts";

export interface InputLine {
  /** Of the file, from 1; blank lines count and are passed over. */
  readonly line: number;
  /** Without its line feed; null where it is longer than allowed. */
  readonly bytes: Uint8Array | null;
}

const LF = 10;

export async function* readLines(
  files: FileStore,
  fileId: string,
  maxLineBytes: number,
): AsyncGenerator<InputLine, void, void> {
  const pending = createPendingLine(maxLineBytes);
  let line = 0;
  for (let after = -1; ; ) {
    const parts = await files.read(fileId, after);
    if (parts.length === 0) break;
    for (const { part, bytes } of parts) {
      after = part;
      let start = 0;
      for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
        pending.add(bytes.subarray(start, end));
        start = end + 1;
        line++;
        const whole = pending.take();
        if (whole === null || !isBlank(whole)) yield { line, bytes: whole };
      }
      pending.add(bytes.subarray(start));
    }
  }
  const last = pending.take();
  if (last === null || !isBlank(last)) yield { line: line + 1, bytes: last };
}

/** The line under way, which may come in many pieces; what is beyond the limit is not kept. */
function createPendingLine(maxBytes: number) {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    add(piece: Uint8Array): void {
      length += piece.byteLength;
      if (length > maxBytes) pieces = [];
      else if (piece.byteLength > 0) pieces.push(piece);
    },
    take(): Uint8Array | null {
      const whole = length > maxBytes ? null : joined(pieces);
      pieces = [];
      length = 0;
      return whole;
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return pieces.length === 1 && only ? only : Buffer.concat(pieces);
}

/** Spaces, tabs and carriage returns alone. */
function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  return true;
}
