/**
 * The runtime's own client as a transport: where calls go through a proxy, and where there are no sockets to be
 * had. Owns nothing but the translation.
 */
import { type ByteReader, readBounded } from "../core/bounded-body.ts";
import type { Transport, UpstreamAnswer } from "./transport.ts";

const EMPTY = new Uint8Array(0);

export const fetchTransport: Transport = {
  limitsConnect: false,
  async send({ url, headers, body }, _connectMs, { signal }) {
    return answerOf(await fetch(url, { method: "POST", headers, body, signal, redirect: "error" }));
  },
  close() {},
};

function answerOf(response: Response): UpstreamAnswer {
  let reader: ByteReader | null = null;
  const opened = (): ByteReader | null => {
    reader ??= response.body?.getReader() ?? null;
    return reader;
  };
  return {
    status: response.status,
    contentType: mediaType(response.headers.get("content-type")),
    headers: () => response.headers,
    read: async () => (await opened()?.read()) ?? { done: true },
    cancel: async () => opened()?.cancel(),
    async whole(maxBytes) {
      const stated = response.headers.get("content-length");
      // What is compressed says nothing of its size.
      const isPlain = !response.headers.has("content-encoding");
      if (isPlain && stated !== null && Number(stated) <= maxBytes)
        return new Uint8Array(await response.arrayBuffer());
      const from = opened();
      if (!from) return EMPTY;
      const body = await readBounded(from, maxBytes);
      if (!body.ok) throw new RangeError("body too large");
      return body.bytes;
    },
  };
}

/** Without parameters, in lower case. */
export function mediaType(stated: string | null): string {
  if (stated === null) return "";
  const end = stated.indexOf(";");
  return (end === -1 ? stated : stated.slice(0, end)).trim().toLowerCase();
}
