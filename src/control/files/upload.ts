/** An upload from the wire to the store, part by part: nothing of it is in memory whole, at any time. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { PART_BYTES, type StoredFile } from "../../store/file-store.ts";
import type { FilePorts } from "./file-ports.ts";
import { createFormReader } from "./form-reader.ts";
import { boundaryOf, createMultipartReader } from "./multipart.ts";
import { createPartWriter } from "./part-writer.ts";
import { readChunks, tooLarge } from "./read-chunks.ts";
import { readForm } from "./upload-form.ts";

/** Delimiters, headers and fields around the file. */
const FORM_BYTES = 64 * 1024;

/**
 * Keeps the file that `http` brings for `tenant`. Faults: `too_large`, and `invalid` with the field at fault or
 * with what is wrong with the body. What was written of an upload that failed is given up.
 */
export async function uploadFile(
  ports: FilePorts,
  tenant: string,
  http: Request,
): Promise<Result<StoredFile>> {
  const { files, clock, uploads } = ports;
  const boundary = acceptable(http, uploads.maxFileBytes);
  if (!boundary.ok) return boundary;
  if ((await files.usedBytes(tenant)) >= uploads.maxTenantBytes) return storageFull();
  const id = ports.nextId("file");
  const createdAt = clock.now();
  await files.begin({ id, tenant, createdAt });
  let kept: Result<StoredFile> | null = null;
  try {
    kept = await receive(ports, id, createdAt, boundary.value, http);
    return kept;
  } finally {
    if (!kept?.ok) await files.discard(id);
  }
}

/** The form's boundary, where the headers alone do not already refuse it. */
function acceptable(http: Request, maxFileBytes: number): Result<string> {
  const boundary = boundaryOf(http.headers.get("content-type"));
  if (boundary === null || !http.body) {
    return failed("invalid", "unsupported_content_type", "Send the file as multipart/form-data.");
  }
  const encoding = http.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return failed("invalid", "unsupported_encoding", "Send the upload without a Content-Encoding.");
  }
  const stated = Number(http.headers.get("content-length") ?? 0);
  return stated > maxFileBytes + FORM_BYTES ? tooLarge(maxFileBytes) : ok(boundary);
}

async function receive(
  { files, clock, uploads }: FilePorts,
  id: string,
  createdAt: number,
  boundary: string,
  http: Request,
): Promise<Result<StoredFile>> {
  const parser = createMultipartReader(boundary);
  const form = createFormReader(
    createPartWriter((part) => files.append(id, part), PART_BYTES),
    uploads.maxFileBytes,
  );
  const bounds = { ...uploads, maxBytes: uploads.maxFileBytes + FORM_BYTES };
  for await (const chunk of readChunks(http, bounds, clock)) {
    if (!chunk.ok) return chunk;
    const events = parser.push(chunk.value);
    if (!events.ok) return events;
    for (const event of events.value) {
      const taken = await form.take(event);
      if (!taken.ok) return taken;
    }
  }
  if (!parser.complete()) {
    return failed("invalid", "invalid_multipart", "The form ended before its closing delimiter.");
  }
  const read = readForm(form.fields, form.filename());
  if (!read.ok) return read;
  const { purpose, filename, expiresAfterMs } = read.value;
  const expiresAt = expiresAfterMs === null ? null : createdAt + expiresAfterMs;
  const file = await files.finish(id, { purpose, filename, expiresAt });
  return file ? ok(file) : failed("invalid", "body_timeout", "The upload took too long and was given up.");
}

function storageFull(): Result<never> {
  return failed(
    "too_large",
    "storage_full",
    "The files kept for this tenant have reached their limit. Delete some, or let them expire.",
  );
}
