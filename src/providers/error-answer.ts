/**
 * The answer of a provider that refused or failed. Owns how much of it is read and for how long: its status and headers
 * have said most of it already, and a body that hangs or is cut says no more, and nothing of whether the provider is
 * well.
 */
import { type ByteReader, readBounded } from "../core/bounded-body.ts";
import type { Clock } from "../core/clock.ts";
import type { Fault } from "../core/faults.ts";
import type { UpstreamAnswer } from "./transport.ts";
import type { AnyWire } from "./wire-registry.ts";

/** Bytes of the body that are read at the most. */
const MAX_ERROR_BYTES = 64 * 1024;
/** How long the rest of the body is waited for. */
const BODY_LIMIT_MS = 1_000;
const DONE = Object.freeze({ done: true });

const utf8 = new TextDecoder();

/** What `answer` means on `wire`, by what of its body came in time. The wire is told nothing of what did not. */
export async function readErrorAnswer(wire: AnyWire, answer: UpstreamAnswer, clock: Clock): Promise<Fault> {
  const { promise: late, resolve } = Promise.withResolvers<typeof DONE>();
  const timer = clock.after(BODY_LIMIT_MS, () => resolve(DONE));
  let whole = false;
  const reader: ByteReader = {
    async read() {
      const arrived = answer.read().then(
        (read) => {
          whole = read.done;
          return read;
        },
        () => DONE,
      );
      return Promise.race([arrived, late]);
    },
    cancel: () => answer.cancel(),
  };
  const { bytes } = await readBounded(reader, MAX_ERROR_BYTES);
  timer.cancel();
  if (!whole) answer.cancel().catch(() => {});
  return wire.readError(answer.status, answer.headers(), bodyOf(bytes), clock.wall());
}

/** Text where it is no JSON, such as a proxy's page: the wire reads the status and keeps the text as the cause. */
function bodyOf(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
