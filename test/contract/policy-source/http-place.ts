/** A web server with ETags or dates, or with neither; and the AppConfig agent, which has its own paths. */
import { createHash } from "node:crypto";

export interface HttpPlaceServer {
  readonly origin: URL;
  put(path: string, body: string | Uint8Array | null): void;
  answer(with_: (() => Response | Promise<Response>) | null): void;
  readonly asked: Request[];
  stop(): Promise<void>;
}

export type Validators = "etag" | "last-modified" | "none";

export function startHttpPlace(
  validators: Validators,
  extra: (path: string) => Record<string, string> = () => ({}),
): HttpPlaceServer {
  const documents = new Map<string, string | Uint8Array>();
  const dates = new Map<string, number>();
  const asked: Request[] = [];
  let answer: (() => Response | Promise<Response>) | null = null;
  let now = Date.UTC(2026, 0, 1);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      asked.push(request);
      if (answer) return answer();
      const path = new URL(request.url).pathname;
      const body = documents.get(path);
      if (body === undefined) return new Response("There is no such thing.", { status: 404 });
      const headers = new Headers(extra(path));
      const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 12)}"`;
      const modified = new Date(dates.get(path) ?? 0).toUTCString();
      if (validators === "etag") headers.set("etag", etag);
      if (validators === "last-modified") headers.set("last-modified", modified);
      const same =
        validators === "etag"
          ? request.headers.get("if-none-match") === etag
          : validators === "last-modified" && request.headers.get("if-modified-since") === modified;
      return same ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
    },
  });
  return {
    origin: new URL(`http://127.0.0.1:${server.port}/`),
    put(path, body) {
      // Dates have whole seconds.
      now += 1_000;
      dates.set(path, now);
      if (body === null) documents.delete(path);
      else documents.set(path, body);
    },
    answer(with_) {
      answer = with_;
    },
    asked,
    stop: () => server.stop(true),
  };
}

/** The whole behaviour of a place over HTTP, but for its addresses. */
export function overHttp(server: HttpPlaceServer, base: string, overlay: string) {
  return {
    async put(document: "base" | "overlay", text: string | null) {
      server.put(document === "base" ? base : overlay, text);
    },
    async putBytes(bytes: Uint8Array) {
      server.put(base, bytes);
    },
    fail(words: string | null) {
      server.answer(words === null ? null : () => new Response(words, { status: 500 }));
    },
    hang() {
      server.answer(() => new Promise(() => {}));
    },
    close: () => server.stop(),
  };
}
