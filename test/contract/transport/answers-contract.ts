/** What every transport must make of an answer: where it ends, what it holds, and how much of it may wait. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { networkFault } from "../../../src/providers/network-fault.ts";
import type { Transport } from "../../../src/providers/transport.ts";
import { chunk, okay } from "./calls-contract.ts";
import { ask, type Driver, send, textOf, thrownBy, within } from "./driver.ts";
import { openRawServer, type Peer, type RawServer } from "./raw-server.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n`;

/** Answers that hold `hello`. */
const GOOD: Readonly<Record<string, string>> = {
  "of a length": okay("hello"),
  "of a length that is stated twice alike": okay("hello", "content-length: 5\r\n"),
  "in chunks": `${CHUNKED}\r\n${chunk("hel")}${chunk("lo")}0\r\n\r\n`,
  "in chunks with extensions and leading zeros": `${CHUNKED}\r\n3;a=b;c="d"\r\nhel\r\n002;x\r\nlo\r\n0;z\r\n\r\n`,
  "in chunks with trailers": `${CHUNKED}\r\n${chunk("hello")}0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n`,
  "in chunks of upper-case sizes": `${OK}Transfer-Encoding: Chunked\r\n\r\n${chunk("hello")}000\r\n\r\n`,
  "after interim answers": `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${okay("hello")}`,
  "without a reason": "HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello",
  "with an odd reason": "HTTP/1.1 200 \xe9t\xe9: HTTP/1.1 500\r\ncontent-length: 5\r\n\r\nhello",
  "with spaces around values": `${OK}content-length: \t 5 \t\r\n\r\nhello`,
  "of an encoding that is none": okay("hello", "content-encoding: identity\r\n"),
  "of HTTP/1.0": "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
};

/** Answers that two readers could read in two ways, or that are no HTTP/1.1. */
const BAD: Readonly<Record<string, string>> = {
  "a length and chunks": `${CHUNKED}content-length: 5\r\n\r\n${chunk("hello")}0\r\n\r\n`,
  "two lengths": okay("hello", "content-length: 4\r\n"),
  "a list of lengths": `${OK}content-length: 5, 5\r\n\r\nhello`,
  "a negative length": `${OK}content-length: -5\r\n\r\nhello`,
  "a length with a sign": `${OK}content-length: +5\r\n\r\nhello`,
  "a length in another base": `${OK}content-length: 0x5\r\n\r\nhello`,
  "a length beyond all bounds": `${OK}content-length: 99999999999999999999\r\n\r\nhello`,
  "a length behind a space that is none": `${OK}content-length: \xa05\r\n\r\nhello`,
  "an unknown transfer encoding": `${OK}transfer-encoding: gzip, chunked\r\n\r\n${chunk("hello")}0\r\n\r\n`,
  "a transfer encoding behind a control character": `${OK}transfer-encoding: \x0bchunked\r\n\r\n${chunk("hello")}0\r\n\r\n`,
  "two transfer encodings": `${CHUNKED}transfer-encoding: chunked\r\n\r\n${chunk("hello")}0\r\n\r\n`,
  "a line that goes on": `${OK}x-a: b\r\n content-length: 4\r\ncontent-length: 5\r\n\r\nhello`,
  "a space before the colon": `${OK}content-length : 5\r\n\r\nhello`,
  "a header without a name": `${OK}: x\r\ncontent-length: 5\r\n\r\nhello`,
  "a line without a colon": `${OK}nonsense\r\ncontent-length: 5\r\n\r\nhello`,
  "a bare line feed": `${OK}x-a: b\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nhello`,
  "a bare carriage return": `${OK}x-a: b\rcontent-length: 4\r\ncontent-length: 5\r\n\r\nhello`,
  "a NUL": `${OK}x-a: b\0c\r\ncontent-length: 5\r\n\r\nhello`,
  "a name with a control character": `${OK}\x0bcontent-length: 4\r\ncontent-length: 5\r\n\r\nhello`,
  "an interim answer with a body": `HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\n${okay("hello")}`,
  "another protocol": "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
  "HTTP/2": "HTTP/2 200 OK\r\ncontent-length: 5\r\n\r\nhello",
  "a status of four digits": "HTTP/1.1 2000 OK\r\ncontent-length: 5\r\n\r\nhello",
  "no HTTP at all": "SSH-2.0-OpenSSH_9.7\r\n\r\n",
  "a chunk without a size": `${CHUNKED}\r\n\r\nhello\r\n0\r\n\r\n`,
  "a chunk with a negative size": `${CHUNKED}\r\n-5\r\nhello\r\n0\r\n\r\n`,
  "a chunk with a size in C's form": `${CHUNKED}\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  "a chunk of a size beyond all bounds": `${CHUNKED}\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n`,
  "a chunk that is longer than its size": `${CHUNKED}\r\n4\r\nhello\r\n0\r\n\r\n`,
  "a chunk's line that ends in a bare line feed": `${CHUNKED}\r\n5\nhello\r\n0\r\n\r\n`,
  "a carriage return in a chunk's line": `${CHUNKED}\r\n5;a\rb\r\nhello\r\n0\r\n\r\n`,
  "a chunk's line without an end": `${CHUNKED}\r\n5;${"x".repeat(10_000)}`,
  "trailers without an end": `${CHUNKED}\r\n${chunk("hello")}0\r\n${"x: 1\r\n".repeat(10_000)}`,
  "chunks that say more than they hold": `${CHUNKED}\r\n${`1;${"x".repeat(4000)}\r\na\r\n`.repeat(50)}0\r\n\r\n`,
  "a head without an end": `${OK}${"x-a: b\r\n".repeat(20_000)}`,
  "interim answers without an end": "HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000),
};

/** As bad, in a body whose end is known: the connection may be used again. */
const UNREADABLE: Readonly<Record<string, string>> = {
  "an encoding that is not known": okay("hello", "content-encoding: lzma\r\n"),
  "an encoding twice": okay("hello", "content-encoding: gzip\r\ncontent-encoding: gzip\r\n"),
  "a compressed body that is none": okay("hello", "content-encoding: gzip\r\n"),
};

export function answersContract(driver: Driver): void {
  let transport: Transport;
  let server: RawServer | null = null;
  beforeEach(() => {
    transport = driver.open();
  });
  afterEach(async () => {
    transport.close();
    await server?.close();
    server = null;
  });
  const serve = async (peer: (peer: Peer) => unknown): Promise<number> => {
    server = await openRawServer(peer);
    return server.port;
  };
  const answering = (bytes: string | Uint8Array) =>
    serve(async (peer) => {
      await peer.request();
      peer.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    });
  const faultOf = async (promise: Promise<unknown>): Promise<string> =>
    networkFault(await within(4000, "a rejection", thrownBy(promise))).code;
  /** The runtime's own client decides what it takes for HTTP; it never shares a connection with the other driver. */
  const strictly = driver.name === "http1" ? test : test.skip;

  describe(`${driver.name}: answers that are read`, () => {
    test.each(Object.entries(GOOD))("%s", async (_name, bytes) => {
      const port = await answering(bytes);
      expect(await within(4000, "the answer", ask(transport, port))).toBe("hello");
    });

    test.each(Object.entries(GOOD))("%s, byte by byte", async (_name, bytes) => {
      const port = await serve(async (peer) => {
        await peer.request();
        for (const byte of Buffer.from(bytes, "latin1")) {
          peer.write(Uint8Array.of(byte));
          await new Promise(setImmediate);
        }
      });
      expect(await within(4000, "the answer", ask(transport, port))).toBe("hello");
    });

    strictly("in chunks whose extensions have a space before them", async () => {
      const port = await answering(`${CHUNKED}\r\n5 \t; x\r\nhello\r\n0 \r\n\r\n`);
      expect(await ask(transport, port)).toBe("hello");
    });

    test("status, type and headers", async () => {
      const port = await answering(
        `HTTP/1.1 429 Too Many\r\nContent-Type: Application/JSON; charset=utf-8\r\nRetry-After: 7\r\ncontent-length: 2\r\n\r\n{}`,
      );
      const answer = await send(transport, port);
      expect(answer.status).toBe(429);
      expect(answer.contentType).toBe("application/json");
      expect(answer.headers().get("retry-after")).toBe("7");
      expect(await textOf(answer)).toBe("{}");
    });

    test.each([
      ["no content", "HTTP/1.1 204 No Content\r\n\r\n"],
      ["a length of nothing", okay("")],
      ["no chunks", `${CHUNKED}\r\n0\r\n\r\n`],
      ["nothing, compressed", okay("", "content-encoding: gzip\r\n")],
    ])("%s", async (_name, bytes) => {
      const port = await answering(bytes);
      expect(await within(4000, "the answer", ask(transport, port))).toBe("");
    });

    test.each([301, 302, 303, 307, 308])("a redirect (%d) is refused and not followed", async (status) => {
      const port = await serve(async (peer) => {
        await peer.request();
        peer.write(
          `HTTP/1.1 ${status} Elsewhere\r\nlocation: http://127.0.0.1:${server?.port}/there\r\ncontent-length: 9\r\n\r\nelsewhere`,
        );
      });
      expect(await faultOf(send(transport, port, { headers: { authorization: "Bearer s3cret" } }))).toBe(
        "redirected",
      );
      expect(server?.peers).toHaveLength(1);
    });
  });

  describe(`${driver.name}: answers that are refused`, () => {
    strictly.each(Object.entries(BAD))("%s", async (_name, bytes) => {
      const port = await answering(bytes);
      expect(await faultOf(ask(transport, port))).toBe("bad_http");
      const [peer] = server?.peers ?? [];
      if (peer) await within(1000, "the close", peer.closed);
    });

    strictly.each([
      ["is not known", "content-encoding: lzma"],
      ["is none", "content-encoding: gzip"],
    ])("a body without an end whose encoding %s", async (_name, field) => {
      const port = await answering(`${CHUNKED}${field}\r\n\r\n${chunk("hello")}`);
      expect(await faultOf(ask(transport, port))).toBe("bad_http");
      const [peer] = server?.peers ?? [];
      if (peer) await within(1000, "the close", peer.closed);
    });

    strictly.each(Object.entries(UNREADABLE))("%s", async (_name, bytes) => {
      const port = await answering(bytes);
      expect(await faultOf(ask(transport, port))).toBe("bad_http");
    });
  });

  describe(`${driver.name}: answers that nobody asked to be compressed`, () => {
    test.each([
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const)("%s is undone", async (encoding, compress) => {
      const text = JSON.stringify({ text: "ü".repeat(5000) });
      const bytes = compress(text);
      const port = await answering(
        Buffer.concat([
          Buffer.from(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`),
          bytes,
        ]),
      );
      expect(await ask(transport, port)).toBe(text);
    });

    test("a bomb is stopped at the limit", async () => {
      const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
      const port = await answering(
        Buffer.concat([
          Buffer.from(`${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`),
          bomb,
        ]),
      );
      const answer = await send(transport, port);
      expect(await thrownBy(textOf(answer, 1024 * 1024))).toBeInstanceOf(RangeError);
    });
  });

  describe(`${driver.name}: answers that are large`, () => {
    const MiB = 1024 * 1024;
    test("64 MiB", async () => {
      const body = Buffer.alloc(64 * MiB, "x");
      const port = await answering(
        Buffer.concat([Buffer.from(`${OK}content-length: ${body.length}\r\n\r\n`), body]),
      );
      const bytes = await (await send(transport, port)).whole(64 * MiB);
      expect(bytes.length).toBe(64 * MiB);
    });

    for (const framing of ["a length", "chunks", "the connection"]) {
      test(`a reader that is slow slows the server down: ended by ${framing}`, async () => {
        const total = 24 * MiB;
        const body = Buffer.alloc(total);
        for (let at = 0; at < total; at += 4) body.writeUInt32LE(at, at);
        const port = await serve(async (peer) => {
          await peer.request();
          if (framing === "chunks") {
            peer.write(`${CHUNKED}\r\n${total.toString(16)}\r\n`);
            peer.write(body);
            peer.write("\r\n0\r\n\r\n");
          } else {
            peer.write(`${OK}${framing === "a length" ? `content-length: ${total}\r\n` : ""}\r\n`);
            peer.write(body);
          }
          if (framing === "the connection") peer.end();
        });
        const answer = await send(transport, port);
        await Bun.sleep(100);
        const parts: Uint8Array[] = [];
        for (;;) {
          const { done, value } = await answer.read();
          if (done || !value) break;
          parts.push(value);
          if (parts.length % 16 === 1) await Bun.sleep(5);
        }
        expect(Buffer.concat(parts).equals(body)).toBe(true);
      });
    }

    test("one that nobody reads stays with its server", async () => {
      const port = await serve(async (peer) => {
        await peer.request();
        peer.write(`${CHUNKED}\r\n${(64 * MiB).toString(16)}\r\n`);
        peer.write(Buffer.alloc(64 * MiB));
      });
      const answer = await send(transport, port);
      await Bun.sleep(200);
      // What is not here is in the system's buffers, some 10 MiB at the most.
      expect(server?.peers[0]?.unsent).toBeGreaterThan(32 * MiB);
      await answer.cancel();
    });
  });
}
