import { describe, expect, test } from "bun:test";
import { discardRest, discardUnread } from "./discard-body.ts";
import { FakeClock } from "./fake-clock.ts";

const MEBIBYTE = 1024 * 1024;

/** A body of `chunks` MiB that then ends, or stays silent; `asked` says how many were. */
function body(chunks: number, then: "close" | "silence" | "error" = "close") {
  const seen = { asked: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.asked++ < chunks) return controller.enqueue(new Uint8Array(MEBIBYTE));
      if (then === "close") controller.close();
      if (then === "error") controller.error(new Error("gone"));
      return then === "silence" ? new Promise<void>(() => {}) : undefined;
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { seen, stream };
}

function post(stream: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request {
  return new Request("http://gateway/", { method: "POST", body: stream, headers });
}

describe("a body that was not read", () => {
  test("is read to its end", async () => {
    const clock = new FakeClock();
    const { stream, seen } = body(12);
    await discardUnread(post(stream), clock);
    expect(seen.asked).toBe(13);
    expect(clock.pending).toBe(0);
  });

  test("is given up when nothing comes any more", async () => {
    const clock = new FakeClock();
    const { stream, seen } = body(1, "silence");
    const discarded = discardUnread(post(stream), clock);
    await clock.advance(2000);
    expect(seen.cancelled).toBe(false);
    await clock.advance(2000);
    await discarded;
    expect(seen.cancelled).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("is given up when it comes too slowly", async () => {
    const clock = new FakeClock();
    let cancelled = false;
    const drip = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        new Promise((resolve) => {
          clock.after(1000, () => {
            if (!cancelled) controller.enqueue(new Uint8Array(1));
            resolve();
          });
        }),
      cancel() {
        cancelled = true;
      },
    });
    const discarded = discardUnread(post(drip), clock);
    await clock.advance(9000);
    expect(cancelled).toBe(false);
    await clock.advance(1000);
    await discarded;
    expect(cancelled).toBe(true);
  });

  test("is given up when it is too long", async () => {
    const { stream, seen } = body(1000);
    await discardUnread(post(stream), new FakeClock());
    expect(seen.cancelled).toBe(true);
    expect(seen.asked).toBeLessThan(140);
  });

  test("whose sender breaks off is no failure", async () => {
    const clock = new FakeClock();
    await discardUnread(post(body(1, "error").stream), clock);
    expect(clock.pending).toBe(0);
  });

  test.each<[string, Record<string, string>]>([
    ["a header of HTTP/1.1", { connection: "keep-alive" }],
    ["chunks of HTTP/1.1", { "transfer-encoding": "chunked" }],
    ["a stated length beyond all that is taken", { "content-length": String(1024 * MEBIBYTE) }],
  ])("with %s is nothing to wait for", (_name, headers) => {
    const { stream, seen } = body(1000);
    expect(discardUnread(post(stream, headers), new FakeClock())).toBeNull();
    expect(seen.asked).toBeLessThan(2);
  });
});

test("a body that was read, and none at all, are nothing to wait for", async () => {
  const read = post(body(2).stream);
  await read.bytes();
  expect(discardUnread(read, new FakeClock())).toBeNull();
  expect(discardUnread(new Request("http://gateway/"), new FakeClock())).toBeNull();
});

test("the rest of a body that was begun is cancelled where nobody waits for it", async () => {
  const { stream, seen } = body(1000);
  const reader = stream.getReader();
  await reader.read();
  await discardRest(reader, new Headers({ "transfer-encoding": "chunked" }), new FakeClock());
  expect(seen.cancelled).toBe(true);
});
