/**
 * Answers that come compressed although nobody asked for it, as some proxies send them. Owns which encodings are
 * undone. What comes out comes as it is read, so that whoever counts it can stop a bomb.
 */
import type { ByteReader } from "../../core/bounded-body.ts";
import { HttpError } from "./http-error.ts";

const FORMATS: ReadonlyMap<string, "gzip" | "deflate"> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
]);

/**
 * The bytes of `encoded` before they were compressed. A read rejects with an `HttpError` of code `EPROTO` for bytes
 * that are not what they claim to be, or an encoding that is not known.
 */
export function decode(encoded: ByteReader, encoding: string): ByteReader {
  const cancel = () => encoded.cancel();
  const format = FORMATS.get(encoding);
  if (format === undefined) {
    const message = `The answer is encoded as ${encoding.slice(0, 32)}, which was not asked for.`;
    return {
      async read() {
        void cancel();
        throw new HttpError("EPROTO", message);
      },
      cancel,
    };
  }
  let isEmpty = true;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await encoded.read();
      if (done || value === undefined) return controller.close();
      isEmpty = false;
      controller.enqueue(new Uint8Array(value));
    },
  });
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader();
  return {
    async read() {
      try {
        return await reader.read();
      } catch (thrown) {
        if (thrown instanceof HttpError) throw thrown;
        // No body at all, as with an error that says everything in its status, is not compressed either.
        if (isEmpty) return { done: true };
        void cancel();
        throw new HttpError("EPROTO", "The compressed answer cannot be read.");
      }
    },
    cancel,
  };
}
