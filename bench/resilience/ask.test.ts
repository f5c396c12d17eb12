import { afterEach, expect, test } from "bun:test";
import { ask } from "./ask.ts";

type Serve = (socket: Bun.Socket) => void;

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
let server: Bun.TCPSocketListener | null = null;
afterEach(() => {
  server?.stop(true);
  server = null;
});

/** What is heard of a server that does `serve` to each request. */
async function hear(serve: Serve, patienceMs = 5_000) {
  server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: serve } });
  const endpoint = { port: server.port, path: "/", headers: {} };
  const { response, end } = await ask(endpoint, "{}", patienceMs);
  return { end, body: response?.body.toString() ?? null };
}

test("a response that ends in order is whole, whether or not the connection is closed", async () => {
  expect(await hear((socket) => void socket.write(`${HEAD}2\r\nok\r\n0\r\n\r\n`))).toEqual({
    end: "whole",
    body: "ok",
  });
});

test("a response that ends by the close of the connection is whole", async () => {
  expect(await hear((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nok"))).toEqual({
    end: "whole",
    body: "ok",
  });
});

test("a connection that closes within a chunked response is lost, and what arrived is kept", async () => {
  expect(await hear((socket) => void socket.end(`${HEAD}2\r\nok\r\n`))).toEqual({ end: "lost", body: "ok" });
});

test("a connection that is dropped before the response is lost", async () => {
  expect(await hear((socket) => socket.terminate())).toEqual({ end: "lost", body: null });
});

test("a port where nobody listens is lost", async () => {
  const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = gone;
  gone.stop(true);
  expect(await ask({ port, path: "/", headers: {} }, "{}", 5_000)).toEqual({ response: null, end: "lost" });
});

test("a response without an end uses up the client's patience", async () => {
  expect((await hear((socket) => void socket.write(`${HEAD}2\r\nok\r\n`), 20)).end).toBe("patience");
});
