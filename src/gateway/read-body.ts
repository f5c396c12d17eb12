/** A caller's body as bounded bytes. Owns sizes, encodings and patience; knows nothing of JSON. */
import type { ZlibOptions } from "node:zlib";
import { type ByteReader, readBounded } from "../core/bounded-body.ts";
import type { Clock } from "../core/clock.ts";
import { discardRest } from "../core/discard-body.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { IngressLimits } from "./gateway.ts";
import type { IngressHeaders } from "./read-headers.ts";

export type BodyHeaders = Pick<IngressHeaders, "contentLength" | "contentEncoding">;

/**
 * Reads at most `maxBodyBytes`, counted after decompression, whether or not a Content-Length was stated.
 * Faults: `too_large` (413), `invalid` with `unsupported_encoding`, `bad_gzip`, `body_timeout` or `body_cut`.
 */
export function readBody(
  http: Request,
  headers: BodyHeaders,
  limits: IngressLimits,
  clock: Clock,
): Result<never> | Promise<Result<Uint8Array>> {
  const stated = headers.contentLength;
  if (stated !== null && Number(stated) > limits.maxBodyBytes) return tooLarge(limits);
  // RFC 9110, 8.4.1: names of codings have no case, and x-gzip is another one for gzip.
  const encoding = headers.contentEncoding?.toLowerCase() ?? "identity";
  const isGzip = encoding === "gzip" || encoding === "x-gzip";
  if (!isGzip && encoding !== "identity") {
    return failed(
      "invalid",
      "unsupported_encoding",
      "The body's Content-Encoding is not supported. Send it plain or as gzip.",
    );
  }
  const raw = stated === null ? readCounted(http, limits, clock) : readStated(http, limits, clock);
  if (!isGzip) return raw;
  return raw.then((body) => (body.ok ? inflate(body.value, limits) : body));
}

/** The length is known and small enough: the runtime reads it in one piece. */
function readStated(http: Request, limits: IngressLimits, clock: Clock): Promise<Result<Uint8Array>> {
  return new Promise((resolve) => {
    const timer = clock.after(limits.bodyTimeoutMs, () => resolve(timedOut(limits)));
    http.bytes().then(
      (bytes) => {
        timer.cancel();
        resolve(ok(bytes));
      },
      () => {
        timer.cancel();
        resolve(cut());
      },
    );
  });
}

async function readCounted(http: Request, limits: IngressLimits, clock: Clock): Promise<Result<Uint8Array>> {
  if (!http.body) return ok(new Uint8Array(0));
  const reader = http.body.getReader();
  let late = false;
  const timer = clock.after(limits.bodyTimeoutMs, () => {
    late = true;
    reader.cancel().catch(() => {});
  });
  try {
    const body = await readBounded(keptOpen(reader), limits.maxBodyBytes);
    if (late) return timedOut(limits);
    if (body.ok) return ok(body.bytes);
    timer.cancel();
    await discardRest(reader, http.headers, clock);
    return tooLarge(limits);
  } catch {
    return late ? timedOut(limits) : cut();
  } finally {
    timer.cancel();
  }
}

/** What comes beyond the limit is discarded, not cancelled: the refusal is to be heard. */
function keptOpen(reader: ByteReader): ByteReader {
  return { read: () => reader.read(), cancel: async () => {} };
}

/** `maxOutputLength` ends a bomb at the limit, before it is in memory. */
async function inflate(bytes: Uint8Array, limits: IngressLimits): Promise<Result<Uint8Array>> {
  // Loaded with the first such body: it would cost every start ten milliseconds.
  const { gunzip } = await import("node:zlib");
  const options: ZlibOptions = { maxOutputLength: limits.maxBodyBytes };
  return new Promise((resolve) => {
    gunzip(bytes, options, (error, inflated) => {
      if (!error) return resolve(ok(inflated));
      const oversize = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
      resolve(
        oversize
          ? tooLarge(limits)
          : failed("invalid", "bad_gzip", "The body says it is gzip and is not. Check Content-Encoding."),
      );
    });
  });
}

function tooLarge(limits: IngressLimits): Result<never> {
  const mebibytes = Math.floor(limits.maxBodyBytes / (1024 * 1024));
  return failed(
    "too_large",
    "body_too_large",
    `The request body is larger than ${mebibytes} MiB. Send less text, or pass images by URL.`,
  );
}

function timedOut(limits: IngressLimits): Result<never> {
  return failed(
    "invalid",
    "body_timeout",
    `The request body did not arrive within ${limits.bodyTimeoutMs} ms. Send it faster or smaller.`,
  );
}

function cut(): Result<never> {
  return failed("invalid", "body_cut", "The request body ended before its stated length.");
}
