/** Providers that answer in broken HTTP, or in none: an outage with a clear code, at once, and the ladder goes on. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT } from "./policies.ts";

endToEnd();

const BODY = JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "Hi" } }] });
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;
const GZIPPED = `${HEAD}content-encoding: gzip\r\n`;

type Answer = (socket: Socket) => void;
const says =
  (bytes: string | Uint8Array): Answer =>
  (socket) =>
    void socket.write(bytes);
const saysAndCloses =
  (bytes: string | Uint8Array): Answer =>
  (socket) =>
    void socket.end(bytes);
/** `piece`, until the other side has had enough. */
const saysWithoutEnd =
  (head: string, piece: string): Answer =>
  (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 1);
    socket.on("close", () => clearInterval(timer));
  };

let answer: Answer = says("");
let upstream: Server;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = createServer((socket) => {
    socket.on("error", () => {});
    let heard = "";
    socket.on("data", (bytes) => {
      heard += bytes;
      const [head = "", body] = heard.split("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      heard = "";
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  gateway = await startGateway({ policy: policy(port), scenario: INSTANT });
});
afterAll(async () => {
  await gateway.stop();
  upstream.close();
});

/** Limits that no answer of these tests takes: whoever waits for one is late. */
function policy(port: number): string {
  return `version: 1
name: bad-http
providers:
  broken: { kind: openai-compatible, base_url: "http://127.0.0.1:${port}/v1" }
  sim: { kind: simulator }
models:
  one: { context_window: 8000, prices: { input: 1, output: 1 } }
  two: { context_window: 8000, prices: { input: 1, output: 1 } }
deployments:
  one-broken: { model: one, provider: broken, model_id: one, region: us-east-1 }
  two-sim: { model: two, provider: sim, model_id: two, region: us-east-1 }
use_cases:
  support-chat:
    deadline: 50s
    ladder: { primary: one, fallback: [two], degraded: [{ busy: { message: Later. } }] }
circuit: { consecutive_failures: 1000, failure_ratio: 1, minimum_calls: 1000 }
retry: { budget_per_second: 1000 }
timeouts: { standard: { connect: 40s, first_token: 40s, idle: 40s, total: 45s } }
keys: [{ id: test, env: POINTSMAN_DEMO_KEY, tenant: test, role: admin }]
`;
}

test.each<[string, Answer, string]>([
  [
    "a length that is too long, and the end",
    saysAndCloses(`${HEAD}content-length: 999\r\n\r\n${BODY}`),
    "connection_reset",
  ],
  ["no length at all that is one", says(`${HEAD}content-length: -5\r\n\r\n${BODY}`), "bad_http"],
  ["two lengths", says(`${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\n${BODY}`), "bad_http"],
  [
    "a length and chunks",
    says(`${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    "bad_http",
  ],
  ["a chunk without a size, together with the head", says(`${CHUNKED}ZZZ\r\nhello`), "bad_http"],
  ["a chunk that is longer than it says", says(`${CHUNKED}3\r\nhello\r\n0\r\n\r\n`), "bad_http"],
  ["a chunk of more than there is", says(`${CHUNKED}ffffffffffffffffff\r\nhello`), "bad_http"],
  ["a chunk that breaks off", saysAndCloses(`${CHUNKED}ff\r\nhello`), "connection_reset"],
  [
    "an error whose chunks are broken",
    says("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\nXX\r\n"),
    "provider_error",
  ],
  ["headers without end", saysWithoutEnd(HEAD, "x-a: b\r\n".repeat(500)), "bad_http"],
  ["one header without end", saysWithoutEnd(`${HEAD}x-a: `, "a".repeat(3000)), "bad_http"],
  ["trailers without end", saysWithoutEnd(`${CHUNKED}0\r\n`, "a: b\r\n".repeat(200)), "bad_http"],
  [
    "interim answers without end",
    saysWithoutEnd("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
    "bad_http",
  ],
  ["HTTP/0.9 that stays open", says("<html><body>Hello</body></html>\n"), "bad_http"],
  ["HTTP/0.9", saysAndCloses("<html><body>Hello</body></html>\n"), "bad_http"],
  ["another protocol", says("SSH-2.0-OpenSSH_9.6\r\n"), "bad_http"],
  ["TLS, where none was spoken", says(new Uint8Array([0x15, 3, 1, 0, 2, 2, 0x16])), "bad_http"],
  ["HTTP/2", says("HTTP/2 200\r\n\r\n"), "bad_http"],
  [
    "lines that end in a line feed alone",
    says(`HTTP/1.1 200 OK\ncontent-length: ${BODY.length}\n\n${BODY}`),
    "bad_http",
  ],
  ["no status", says("HTTP/1.1 abc\r\ncontent-length: 0\r\n\r\n"), "bad_http"],
  [
    "a header that goes on in the next line",
    says(`${HEAD}x-a: b\r\n c: d\r\ncontent-length: 2\r\n\r\n{}`),
    "bad_http",
  ],
  ["a change of protocol", says("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nhello"), "bad_http"],
  ["gzip that is none", says(`${GZIPPED}content-length: 5\r\n\r\nhello`), "bad_http"],
  [
    "gzip that breaks off",
    (socket) => {
      const half = gzipSync(BODY).subarray(0, 30);
      socket.write(`${GZIPPED}content-length: ${half.length}\r\n\r\n`);
      socket.write(half);
    },
    "bad_http",
  ],
  [
    "an encoding that nobody knows",
    says(`${HEAD}content-encoding: br\r\ncontent-length: 5\r\n\r\nhello`),
    "bad_http",
  ],
  ["nothing, and the end", saysAndCloses(""), "connection_reset"],
  ["half a head, and the end", saysAndCloses("HTTP/1.1 200 OK\r\ncontent-le"), "connection_reset"],
  ["a reset", (socket) => void socket.resetAndDestroy(), "connection_reset"],
  [
    "a redirect",
    says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
    "redirected",
  ],
])("%s", async (_name, given, code) => {
  answer = given;
  for (const stream of [false, true]) {
    const startedAt = performance.now();
    const response = await chat(gateway, { stream }, { headers: { authorization: `Bearer ${KEY}` } });
    await response.text();
    const waitedMs = performance.now() - startedAt;
    expect([response.status, response.headers.get("x-pointsman-rung")]).toEqual([200, "fallback"]);
    const { attempts } = await decisionOf(gateway, response);
    const first = attempts[0];
    const told = first?.result === "fault" ? `${first.fault?.kind} ${first.fault?.code}` : first?.result;
    expect([stream, attempts.length, told]).toEqual([stream, 2, `outage ${code}`]);
    expect(waitedMs).toBeLessThan(20_000);
  }
});
