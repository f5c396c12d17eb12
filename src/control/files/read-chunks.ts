/** A body as chunks, counted and with patience. Owns size and time; knows nothing of what the bytes mean. */
import type { ByteReader } from "../../core/bounded-body.ts";
import type { Clock } from "../../core/clock.ts";
import { discardRest } from "../../core/discard-body.ts";
import { failed, ok, type Result } from "../../core/faults.ts";

export interface ChunkBounds {
  readonly maxBytes: number;
  /** Milliseconds without a byte, and for all of it. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/**
 * The body chunk by chunk, each asked for when the one before was dealt with, so that a slow disk slows the
 * sender. Ends after the first fault: `too_large`, or `invalid` with `body_timeout` or `body_cut`.
 */
export async function* readChunks(
  http: Pick<Request, "body" | "headers">,
  bounds: ChunkBounds,
  clock: Clock,
): AsyncGenerator<Result<Uint8Array>, void, void> {
  if (!http.body) return;
  const reader = http.body.getReader();
  const startedAt = clock.now();
  let bytes = 0;
  let over = false;
  try {
    for (;;) {
      const left = startedAt + bounds.totalMs - clock.now();
      const next = await readWithin(reader, Math.min(bounds.idleMs, left), clock);
      over = typeof next === "string";
      if (next === "end") return;
      if (typeof next === "string") return yield endedBy(next);
      bytes += next.byteLength;
      if (bytes > bounds.maxBytes) return yield tooLarge(bounds.maxBytes);
      yield ok(next);
    }
  } finally {
    // Also where whoever reads stops early: what still comes is not wanted, but the refusal is to be heard.
    if (over) reader.cancel().catch(() => {});
    else await discardRest(reader, http.headers, clock);
  }
}

/** Fault: `too_large`, in words that fit a file. */
export function tooLarge(maxBytes: number): Result<never> {
  const mebibytes = Math.floor(maxBytes / (1024 * 1024));
  return failed("too_large", "file_too_large", `The upload is larger than ${mebibytes} MiB. Split the file.`);
}

async function readWithin(
  reader: ByteReader,
  ms: number,
  clock: Clock,
): Promise<Uint8Array | "end" | "late" | "cut"> {
  if (ms <= 0) return "late";
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve("late"));
    reader.read().then(
      ({ done, value }) => {
        timer.cancel();
        resolve(done || !value ? "end" : value);
      },
      () => {
        timer.cancel();
        resolve("cut");
      },
    );
  });
}

function endedBy(reason: "late" | "cut"): Result<never> {
  return reason === "late"
    ? failed(
        "invalid",
        "body_timeout",
        "The upload came too slowly and was given up. Send it faster or smaller.",
      )
    : failed("invalid", "body_cut", "The upload ended before its end.");
}
