/** A body of unknown length, read up to a limit. Owns the counting; knows neither side's errors. */

export type BoundedBody =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** The limit was passed; `bytes` holds what came before, and the rest is given up. */
  | { readonly ok: false; readonly bytes: Uint8Array };

/** As much of a stream's reader as this needs. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Reads to the end or to `maxBytes`. Rejects when the stream breaks. */
export async function readBounded(reader: ByteReader, maxBytes: number): Promise<BoundedBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return { ok: true, bytes: Buffer.concat(chunks, length) };
    if (length + value.byteLength > maxBytes) {
      chunks.push(value.subarray(0, maxBytes - length));
      reader.cancel().catch(() => {});
      return { ok: false, bytes: Buffer.concat(chunks, maxBytes) };
    }
    length += value.byteLength;
    chunks.push(value);
  }
}
