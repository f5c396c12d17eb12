/**
 * How a call reaches its endpoint, as a port: one request with its body at hand, one answer that is read as it
 * comes. Owns the shapes; http1/ is one driver, fetch-transport.ts another.
 */
import type { ByteReader } from "../core/bounded-body.ts";
import type { UnsignedCall } from "./unsigned-call.ts";

/** The body is read once, by `whole` or by `read`, or given up by `cancel`. */
export interface UpstreamAnswer extends ByteReader {
  readonly status: number;
  /** Lower case, without parameters; empty where none was stated. */
  readonly contentType: string;
  /** All of them, for whoever reads an error. */
  headers(): Headers;
  /**
   * All of the body. Rejects with a `RangeError` beyond `maxBytes`. At once where everything is here already, as
   * it is with most answers that do not stream.
   */
  whole(maxBytes: number): Uint8Array | Promise<Uint8Array>;
}

/** Something under way that can be given up. */
export interface Abortable {
  abort(): void;
}

/** Ends the call when its limits or its caller do. */
export interface Ending {
  /** Aborts with the call; made when it is first asked for, since few drivers need one. */
  readonly signal: AbortSignal;
  /** `call` is aborted with it, at once where it is over already. One at a time: it takes the place of an earlier one. */
  follow(call: Abortable): void;
}

export interface Transport {
  /** Whether it holds the endpoint to the connect limit by itself; else somebody has to ask whether it is there. */
  readonly limitsConnect: boolean;
  /**
   * Posts `call`, unless `ending` is over already. Rejects with an error whose `code` network-fault.ts can read:
   * refused, reset, no such name, not reached within `connectMs`, no HTTP. A redirect is an error: a key must not
   * travel to another host. Whoever does not read an answer to its end cancels it, or its connection stays open.
   */
  send(call: UnsignedCall, connectMs: number, ending: Ending): Promise<UpstreamAnswer>;
  /** Closes the connections that nobody uses. */
  close(): void;
}
