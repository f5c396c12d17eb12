/** A stored file as a stream: a page is read when the one before has left. */
import type { FileStore, StoredFile } from "../../store/file-store.ts";

/** Errs where the file ends before its size: it was removed, and swept, while it was being read. */
export function fileContent(files: FileStore, file: StoredFile): ReadableStream<Uint8Array> {
  let after = -1;
  let left = file.bytes;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const parts = await files.read(file.id, after);
        for (const { part, bytes } of parts) {
          after = part;
          left -= bytes.byteLength;
          controller.enqueue(bytes);
        }
        if (left <= 0) controller.close();
        else if (parts.length === 0) controller.error(new Error("The file was removed while it was read."));
      },
    },
    { highWaterMark: 0 },
  );
}
