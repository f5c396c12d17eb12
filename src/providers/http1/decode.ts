/**
 * Answers that come compressed although nobody asked for it, as some proxies send them. Owns which encodings are
 * undone.
 */
import type { ByteReader } from "../../core/bounded-body.ts";
import { HttpError } from "./http-error.ts";

const FORMATS: Readonly<Record<string, "gzip" | "deflate">> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/** The bytes of `encoded` before they were compressed. Throws an `HttpError` of code `EPROTO` for what is not known. */
export function decode(encoded: ByteReader, encoding: string): ByteReader {
  const format = FORMATS[encoding];
  if (format === undefined) {
    throw new HttpError(
      "EPROTO",
      `The answer is encoded as ${encoding.slice(0, 32)}, which was not asked for.`,
    );
  }
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await encoded.read();
      if (done || value === undefined) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: () => encoded.cancel(),
  });
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader();
  return { read: () => reader.read(), cancel: () => reader.cancel() };
}
