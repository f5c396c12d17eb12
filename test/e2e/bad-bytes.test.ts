/** Bodies that are too large, bytes that are hardly HTTP, and the odd ones that are good all the same. */
import { beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { DEMO_ACCESS_KEY_ID } from "../../src/core/demo-key.ts";
import {
  CHAT_PATH,
  chatBody,
  expectRefusal,
  expectUnharmed,
  LIMIT,
  MEBIBYTE,
  type RawRequest,
  rawRequest,
} from "./by-hand.ts";
import { endToEnd } from "./end-to-end.ts";
import { callsUpstream, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";
import { open, receive, sendRaw } from "./raw-http.ts";

endToEnd();

let gateway: RunningGateway;
const raw = (request: RawRequest) => rawRequest(gateway, request);

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});

describe("bodies that are too large", () => {
  let before: Readonly<Record<string, number>>;
  beforeAll(async () => {
    before = await callsUpstream(gateway);
  });

  test("by Content-Length: refused before the body is sent", async () => {
    const response = await raw({ headers: { "content-length": String(LIMIT + 1) }, body: '{"model":' });
    expectRefusal(response, 413, "body_too_large");
  });

  test.each(["41", "100000", "99999999"])("by a Content-Length of %s MiB", async (mebibytes) => {
    const length = String(Number(mebibytes) * MEBIBYTE);
    const response = await raw({ headers: { "content-length": length }, body: '{"model":' });
    expectRefusal(response, 413, "body_too_large");
  });

  test("sent in full with its true length", async () => {
    const response = await raw({ body: Buffer.alloc(LIMIT + 1, " ") });
    expectRefusal(response, 413, "body_too_large");
  });

  test("in chunks, without a length", async () => {
    const piece = Buffer.alloc(MEBIBYTE, " ");
    const chunk = Buffer.concat([Buffer.from(`${MEBIBYTE.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
    const head = `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const response = await sendRaw(gateway.url, [head, ...Array<Buffer>(22).fill(chunk), "0\r\n\r\n"]);
    expectRefusal(response, 413, "body_too_large");
  });

  test("a gzip bomb is refused at the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE, 0x20));
    expect(bomb.byteLength).toBeLessThan(MEBIBYTE);
    const memory = await residentBytes();
    const response = await raw({ headers: { "content-encoding": "gzip" }, body: bomb });
    expectRefusal(response, 413, "body_too_large");
    expect((await residentBytes()) - memory).toBeLessThan(100 * MEBIBYTE);
  });

  test("just under the limit it is read and understood", async () => {
    const padding = " ".repeat(LIMIT - 100);
    const response = await raw({
      body: `{"model":"gpt-99","messages":[{"role":"user","content":"Hi"}]}${padding}`,
    });
    expectRefusal(response, 404, "model_not_found");
  });

  test("nothing of it reached a provider", () => expectUnharmed(gateway, before));
});

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
}

describe("what is good passes", () => {
  test("a gzip body", async () => {
    const response = await raw({ headers: { "content-encoding": "gzip" }, body: gzipSync(chatBody()) });
    expect(response.status).toBe(200);
  });

  test("a chunked body", async () => {
    const body = chatBody();
    const head = `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`);
    const response = await sendRaw(gateway.url, [head, ...chunks, "0\r\n\r\n"]);
    expect(response?.status).toBe(200);
  });

  test("a key in x-api-key", async () => {
    const response = await raw({ headers: { authorization: null, "x-api-key": KEY }, body: chatBody() });
    expect(response.status).toBe(200);
  });

  test("a query string on the path", async () => {
    expect((await raw({ path: `${CHAT_PATH}?api-version=2024-10-21`, body: chatBody() })).status).toBe(200);
  });

  test("unknown fields and lone surrogates", async () => {
    const body = `{"model":"support-chat","x_unknown":{"deep":[1,2]},"messages":[{"role":"user","content":"\\ud800 half"}]}`;
    expect((await raw({ body })).status).toBe(200);
  });
});

const AMZ_NOW = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
const SIGNED =
  `AWS4-HMAC-SHA256 Credential=${DEMO_ACCESS_KEY_ID}/${AMZ_NOW.slice(0, 8)}/us-east-1/bedrock/aws4_request, ` +
  `SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`;

describe("a request without a usable Host", () => {
  const auth = `authorization: Bearer ${KEY}\r\n`;
  test.each([
    ["HTTP/1.0, as a plain health check sends it", "HTTP/1.0\r\n"],
    ["an empty Host", "HTTP/1.1\r\nhost:\r\n"],
    ["a Host with a space", "HTTP/1.1\r\nhost: a b\r\n"],
    ["a Host with a path", "HTTP/1.1\r\nhost: a/b?c\r\n"],
    ["a Host that no URL may have", "HTTP/1.1\r\nhost: [::1\r\n"],
  ])("%s", async (_name, version) => {
    const get = (target: string) => sendRaw(gateway.url, [`GET ${target} ${version}${auth}\r\n`]);
    expect((await get("/healthz"))?.status).toBe(200);
    expect((await get("/admin/decisions?limit=1"))?.status).toBe(200);
    expectRefusal(await get("/admin/decisions?limit=0&tenant=http://x/y"), 400, "invalid_value");
    expect((await get("/v1/models/support-chat"))?.status).toBe(200);
    expectRefusal(await get("/v1/nothing?u=http://x/healthz"), 404, "unknown_path");
    const body = chatBody();
    const post = `POST ${CHAT_PATH}?a=http://b/c ${version}${auth}content-length: ${body.length}\r\n\r\n${body}`;
    expect((await sendRaw(gateway.url, [post]))?.status).toBe(200);
    const query = `${CHAT_PATH}?a=1`;
    expectRefusal(await get(query), 405, "method_not_allowed");
    const signed = post.replace(auth, `authorization: ${SIGNED}\r\nx-amz-date: ${AMZ_NOW}\r\n`);
    expect((await sendRaw(gateway.url, [signed]))?.status).toBe(401);
  });
});

describe("what is hardly HTTP", () => {
  const fragments: [string, string][] = [
    ["no HTTP at all", "HELO example.com\r\n\r\n"],
    ["binary", "\u0000\u0001\u0002\u0003\r\n\r\n"],
    ["no version", "GET /healthz\r\n\r\n"],
    ["a header without a colon", "GET /healthz HTTP/1.1\r\nhost localhost\r\n\r\n"],
    ["a negative length", `POST ${CHAT_PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n`],
    [
      "two lengths",
      `POST ${CHAT_PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello`,
    ],
    [
      "a bad chunk size",
      `POST ${CHAT_PATH} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n`,
    ],
    ["a header of 200 KB", `GET /healthz HTTP/1.1\r\nhost: a\r\nx-long: ${"x".repeat(200_000)}\r\n\r\n`],
  ];
  test.each(fragments)("%s: refused or closed, and life goes on", async (_, text) => {
    const socket = await open(gateway.url);
    const response = receive(socket);
    socket.write(text);
    socket.end();
    const found = await response;
    if (found !== null) {
      // 505: the version of HTTP is not supported.
      expect(found.status === 505 || (found.status >= 400 && found.status < 500)).toBe(true);
    }
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  test("half a body and then silence from a caller who left", async () => {
    const before = await callsUpstream(gateway);
    const socket = await open(gateway.url);
    socket.on("error", () => {});
    socket.write(
      `POST ${CHAT_PATH} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 1000\r\n\r\n{"model":`,
    );
    await Bun.sleep(50);
    socket.destroy();
    await expectUnharmed(gateway, before);
  });
});

test("all of this left no internal error in the log", () => {
  expect(gateway.errors()).not.toContain("internal_error");
});
