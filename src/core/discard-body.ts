/**
 * The rest of a body that nobody wants, read and thrown away before its request is answered: over HTTP/2 the runtime
 * loses an answer that is given while the sender still has to send. Owns for whom, how much and how long.
 */
import type { ByteReader } from "./bounded-body.ts";
import type { Clock, Timer } from "./clock.ts";

/** More than the largest body that is taken, an upload's. Who states more is not waited for. */
const MAX_BYTES = 128 * 1024 * 1024;
/** Milliseconds in which at least a byte must come, or the answer is given as it is, whoever may hear it. */
const IDLE_MS = 2000;
/** As often it is looked for one: 10 s for all of it. */
const MAX_LOOKS = 5;

/** Null where nobody has to wait: the body was taken, there is none, or its sender hears the answer anyway. */
export function discardUnread(request: Request, clock: Clock): Promise<void> | null {
  if (request.bodyUsed || request.body === null || !mustBeRead(request.headers)) return null;
  return discardRest(request.body.getReader(), request.headers, clock);
}

/** What `reader` has left of a body that was begun; chunk by chunk, nothing is kept. Never rejects. */
export async function discardRest(reader: ByteReader, headers: Headers, clock: Clock): Promise<void> {
  const stop = (): void => void reader.cancel().catch(() => {});
  if (!mustBeRead(headers)) return stop();
  let bytes = 0;
  const look = (seen: number, left: number): Timer =>
    clock.after(IDLE_MS, () => {
      if (bytes === seen || left === 0) stop();
      else timer = look(bytes, left - 1);
    });
  let timer = look(0, MAX_LOOKS - 1);
  try {
    while (bytes <= MAX_BYTES) {
      const { done, value } = await reader.read();
      if (done || !value) return;
      bytes += value.byteLength;
    }
    stop();
  } catch {
    // The sender is gone: nobody hears the answer.
  } finally {
    timer.cancel();
  }
}

/**
 * Whether the request may have come over HTTP/2 and its body is no larger than what is waited for. The runtime does
 * not say which protocol it was; these two headers exist in HTTP/1.1 alone, where answers are heard at any time.
 */
function mustBeRead(headers: Headers): boolean {
  if (headers.has("connection") || headers.has("transfer-encoding")) return false;
  return Number(headers.get("content-length") ?? 0) <= MAX_BYTES;
}
