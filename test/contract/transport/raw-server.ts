/** A loopback server of exact bytes: a test says what is sent, and when, on which connection. Owns the reading of requests. */
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface RawRequest {
  /** Without the empty line at its end. */
  readonly head: string;
  readonly body: string;
}

/** One connection, from the server's side. */
export interface Peer {
  /** From 1, in the order of their coming. */
  readonly number: number;
  /** The next request; rejects when the connection closes before it is whole. */
  request(): Promise<RawRequest>;
  write(bytes: string | Uint8Array): void;
  /** No more is sent; what was is. */
  end(): void;
  /** RST. */
  reset(): void;
  pause(): void;
  resume(): void;
  readonly closed: Promise<void>;
  /** Whether the other side broke it off. */
  readonly wasReset: boolean;
  /** Bytes that came, requests' and others. */
  readonly received: number;
  /** Bytes that were written and that the system has not taken, since the other side reads nothing. */
  readonly unsent: number;
}

export interface RawServer {
  readonly port: number;
  readonly peers: readonly Peer[];
  close(): Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** `serve` is called for each connection; that it is broken off by the other side is no error. */
export function openRawServer(
  serve: (peer: Peer) => unknown,
  { host = "127.0.0.1", certificate }: { host?: string; certificate?: Certificate } = {},
): Promise<RawServer> {
  const peers: Peer[] = [];
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const peer = peerOf(socket, peers.length + 1);
    peers.push(peer);
    Promise.resolve(serve(peer)).catch(() => {});
  };
  const server = certificate ? createTlsServer({ ...certificate }, accept) : createServer(accept);
  server.on("tlsClientError", () => {});
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      resolve({
        port: address.port,
        peers,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

const HEAD_END = "\r\n\r\n";

function peerOf(socket: Socket, number: number): Peer {
  let held = Buffer.alloc(0);
  let received = 0;
  let wake = (): void => {};
  let isClosed = false;
  let wasReset = false;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      resolve();
      wake();
    });
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    wasReset = error.code === "ECONNRESET";
  });
  socket.on("data", (bytes: Buffer) => {
    received += bytes.length;
    held = Buffer.concat([held, bytes]);
    wake();
  });
  const take = (): RawRequest | null => {
    const end = held.indexOf(HEAD_END);
    if (end === -1) return null;
    const head = held.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const from = end + HEAD_END.length;
    if (held.length < from + length) return null;
    const body = held.toString("utf8", from, from + length);
    held = held.subarray(from + length);
    return { head, body };
  };
  return {
    number,
    async request() {
      for (;;) {
        const request = take();
        if (request) return request;
        if (isClosed) throw new Error("The connection closed before a whole request had come.");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    closed,
    get wasReset() {
      return wasReset;
    },
    get received() {
      return received;
    },
    get unsent() {
      return socket.writableLength;
    },
  };
}
