import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { FakeClock } from "../core/fake-clock.ts";
import { DEFAULT_INGRESS_LIMITS, type IngressLimits } from "./gateway.ts";
import { readBody } from "./read-body.ts";
import { readHeaders } from "./read-headers.ts";

function read(http: Request, clockLimits: IngressLimits, clock: FakeClock) {
  return readBody(http, readHeaders(http.headers), clockLimits, clock);
}

const limits = { ...DEFAULT_INGRESS_LIMITS, maxBodyBytes: 1000, bodyTimeoutMs: 50 };

function post(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Request {
  return new Request("http://gateway/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

function chunked(...chunks: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}

describe("readBody", () => {
  test("reads a stated length and a streamed body alike", async () => {
    const clock = new FakeClock();
    const stated = await read(post("hello", { "content-length": "5" }), limits, clock);
    const streamed = await read(post(chunked("hel", "lo")), limits, clock);
    for (const read of [stated, streamed])
      expect(read.ok && new TextDecoder().decode(read.value)).toBe("hello");
    expect(clock.pending).toBe(0);
  });

  test.each([
    ["a stated length over the limit", () => post("x", { "content-length": "1001" })],
    ["a stream that grows over the limit", () => post(chunked("x".repeat(600), "x".repeat(600)))],
    [
      "a gzip bomb",
      () =>
        post(gzipSync(Buffer.alloc(5_000_000)).subarray(), {
          "content-encoding": "gzip",
          "content-length": "900",
        }),
    ],
  ])("refuses %s", async (_name, make) => {
    const outcome = await read(make(), limits, new FakeClock());
    expect(!outcome.ok && outcome.fault.kind).toBe("too_large");
  });

  test("takes gzip, refuses what only claims to be gzip and encodings it does not know", async () => {
    const clock = new FakeClock();
    const good = await read(post(gzipSync("hello"), { "content-encoding": "gzip" }), limits, clock);
    expect(good.ok && new TextDecoder().decode(good.value)).toBe("hello");
    for (const name of ["GZIP", "x-gzip", "X-Gzip"]) {
      const named = await read(post(gzipSync("hello"), { "content-encoding": name }), limits, clock);
      expect(named.ok && new TextDecoder().decode(named.value)).toBe("hello");
    }
    const plain = await read(post("hello", { "content-encoding": "Identity" }), limits, clock);
    expect(plain.ok && new TextDecoder().decode(plain.value)).toBe("hello");
    const lie = await read(post("hello", { "content-encoding": "gzip" }), limits, clock);
    expect(!lie.ok && lie.fault.code).toBe("bad_gzip");
    const brotli = await read(post("hello", { "content-encoding": "br" }), limits, clock);
    expect(!brotli.ok && brotli.fault.code).toBe("unsupported_encoding");
  });

  test("does not wait for ever for a body that never ends", async () => {
    const clock = new FakeClock();
    const pending = read(post(new ReadableStream({ start() {} })), limits, clock);
    await clock.advance(60);
    const outcome = await pending;
    expect(!outcome.ok && outcome.fault.code).toBe("body_timeout");
  });
});
