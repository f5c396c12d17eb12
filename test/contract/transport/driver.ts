/** The drivers under the contract, and what its tests share. */

import { bunSockets } from "../../../src/main/bun-sockets.ts";
import { systemClock, systemCoalescer } from "../../../src/main/system.ts";
import { fetchTransport } from "../../../src/providers/fetch-transport.ts";
import { createHttp1Transport } from "../../../src/providers/http1/http1-transport.ts";
import type { Abortable, Ending, Transport, UpstreamAnswer } from "../../../src/providers/transport.ts";

export interface Driver {
  readonly name: "http1" | "fetch";
  /** A new one, with no connections yet. */
  open(): Transport;
}

export const HTTP1: Driver = {
  name: "http1",
  open: () =>
    createHttp1Transport({ clock: systemClock(), open: bunSockets(systemCoalescer(), systemCoalescer()) }),
};

export const FETCH: Driver = { name: "fetch", open: () => fetchTransport };

/** An ending that the test brings about. */
export interface TestEnding extends Ending {
  abort(): void;
}

export function endingOf(): TestEnding {
  const controller = new AbortController();
  let followed: Abortable | null = null;
  return {
    signal: controller.signal,
    follow(call) {
      followed = call;
      if (controller.signal.aborted) call.abort();
    },
    abort() {
      controller.abort();
      followed?.abort();
    },
  };
}

export const CONNECT_MS = 2000;
const MAX_BYTES = 1024 * 1024;

export interface CallOptions {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly ending?: Ending;
  readonly connectMs?: number;
  readonly path?: string;
  readonly scheme?: "http" | "https";
  readonly host?: string;
}

export function send(transport: Transport, port: number, options: CallOptions = {}): Promise<UpstreamAnswer> {
  const { scheme = "http", host = "127.0.0.1", path = "/v1", headers = {}, body = "{}" } = options;
  const call = { url: `${scheme}://${host}:${port}${path}`, headers, body };
  return transport.send(call, options.connectMs ?? CONNECT_MS, options.ending ?? endingOf());
}

/** The text of a whole answer. */
export async function ask(transport: Transport, port: number, options: CallOptions = {}): Promise<string> {
  return textOf(await send(transport, port, options));
}

export async function textOf(answer: UpstreamAnswer, maxBytes: number = MAX_BYTES): Promise<string> {
  return Buffer.from(await answer.whole(maxBytes)).toString();
}

/** What a promise rejected with. Fails where it does not. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error("It did not reject.");
}

/** Fails with what was waited for, rather than by the runner's limit. */
export function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms).unref();
    }),
  ]);
}
