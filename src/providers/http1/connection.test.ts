import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { UpstreamAnswer } from "../transport.ts";
import { Connection, type Exchange } from "./connection.ts";
import { FakeSocket } from "./fake-socket.ts";
import { HttpError } from "./http-error.ts";

/** Somebody who waits for an answer. */
class Waiting implements Exchange {
  readonly #settled = Promise.withResolvers<UpstreamAnswer>();
  readonly answer = this.#settled.promise;
  answered(answer: UpstreamAnswer): void {
    this.#settled.resolve(answer);
  }
  failed(error: unknown): void {
    this.#settled.reject(error);
  }
}

function carried(connection: Connection, request = ""): Promise<UpstreamAnswer> {
  const waiting = new Waiting();
  connection.carry(request, waiting);
  return waiting.answer;
}

/** What became of an exchange. */
interface Told {
  readonly status: number;
  readonly body: string;
  /** The code of what broke it; null: it is whole. */
  readonly error: string | null;
  readonly free: boolean;
}

/** Sends a request, lets the server say `pieces`, and then close where `closes`. Fails where anything is left waiting. */
async function exchange(
  pieces: readonly Uint8Array[],
  closes: boolean,
): Promise<Told & { socket: FakeSocket }> {
  let free = false;
  const connection = new Connection(() => {
    free = true;
  });
  const socket = new FakeSocket(connection);
  connection.attach(socket);
  const sent = carried(connection, "POST / HTTP/1.1\r\n\r\n");
  sent.catch(() => {});
  for (const piece of pieces) socket.says(piece);
  if (closes) socket.closes();
  const told = await settled(sent);
  return { ...told, free: free && !connection.closed, socket };
}

async function settled(sent: Promise<UpstreamAnswer>): Promise<Omit<Told, "free">> {
  let status = 0;
  const parts: Uint8Array[] = [];
  const body = () => Buffer.concat(parts).toString("latin1");
  try {
    const answer = await sent;
    status = answer.status;
    for (;;) {
      const { done, value } = await answer.read();
      if (done || value === undefined) break;
      parts.push(value);
    }
    return { status, body: body(), error: null };
  } catch (thrown) {
    if (!(thrown instanceof HttpError)) throw thrown;
    return { status, body: body(), error: thrown.code };
  }
}

/** `text` in pieces, cut where `cuts` say as parts of its length. */
function cut(text: string, cuts: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text, "latin1");
  const places = [
    0,
    ...cuts.map((part) => Math.floor(part * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ];
  return places
    .slice(1)
    .map((end, i) => bytes.subarray(places[i], end))
    .filter(({ length }) => length > 0);
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const latin1 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const plain = fc.stringMatching(/^[ -~\t]{0,30}$/);
const extension = fc.constantFrom("", ";a", ";a=b", ' ; a="b;c"', ";\xe9");
const headers = fc.array(fc.tuple(fc.stringMatching(/^x-[a-z]{1,8}$/), plain), { maxLength: 5 });

interface Rendered {
  readonly text: string;
  readonly status: number;
  readonly body: string;
  readonly closes: boolean;
}

const framed: fc.Arbitrary<{ field: string; body: string; bytes: string; closes: boolean }> = fc.oneof(
  latin1.map((body) => ({ field: `content-length: ${body.length}\r\n`, body, bytes: body, closes: false })),
  latin1.map((body) => ({ field: "", body, bytes: body, closes: true })),
  fc
    .tuple(fc.array(fc.tuple(latin1, extension), { maxLength: 6 }), extension, headers)
    .map(([chunks, last, trailers]) => {
      const full = chunks.filter(([bytes]) => bytes !== "");
      const sizes = full.map(([bytes, after]) => `${bytes.length.toString(16)}${after}\r\n${bytes}\r\n`);
      const tail = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      return {
        field: "transfer-encoding: chunked\r\n",
        body: full.map(([bytes]) => bytes).join(""),
        bytes: `${sizes.join("")}0${last}\r\n${tail}\r\n`,
        closes: false,
      };
    }),
);

const responses: fc.Arbitrary<Rendered> = fc
  .tuple(fc.nat({ max: 3 }), fc.constantFrom(200, 201, 400, 429, 500, 529), headers, framed)
  .map(([interim, status, fields, { field, body, bytes, closes }]) => ({
    text: `${"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(interim)}HTTP/1.1 ${status} Said\r\n${fields
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}${field}\r\n${bytes}`,
    status,
    body,
    closes,
  }));

describe("an exchange", () => {
  test("tells the same wherever the bytes were cut", async () => {
    await fc.assert(
      fc.asyncProperty(responses, cuts, async ({ text, status, body, closes }, places) => {
        const { socket: _socket, ...told } = await exchange(cut(text, places), closes);
        expect(told).toEqual({ status, body, error: null, free: !closes });
      }),
      { numRuns: 400 },
    );
  });

  test("that is broken off anywhere is never taken for whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        responses,
        fc.double({ min: 0, max: 1, noNaN: true }),
        cuts,
        async (rendered, part, places) => {
          const kept = rendered.text.slice(0, Math.floor(part * rendered.text.length));
          fc.pre(!rendered.closes && kept.length < rendered.text.length);
          const { error, free, body } = await exchange(cut(kept, places), true);
          expect(error).toBe("ECONNRESET");
          expect(free).toBe(false);
          expect(rendered.body.startsWith(body)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("gets nothing of the answer that follows its own, which ends the connection", async () => {
    await fc.assert(
      fc.asyncProperty(responses, responses, cuts, async (mine, other, places) => {
        fc.pre(!mine.closes);
        const told = await exchange(cut(mine.text + other.text, places), false);
        expect(told.status).toBe(mine.status);
        expect(told.body).toBe(mine.body);
        expect(told.error).toBeNull();
        expect(told.free).toBe(false);
        expect(told.socket.destroyed).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("throws nothing but an HttpError and always ends, whatever comes", async () => {
    const noise = fc.oneof(
      latin1,
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "\r\n\r\n",
        "content-length: 3\r\n",
        "0\r\n\r\n",
        "\n",
        "\0",
      ),
      fc.constantFrom(
        "transfer-encoding: chunked\r\n\r\n",
        "content-encoding: gzip\r\n",
        "5\r\nhello\r\n",
        "ff;",
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(noise, { maxLength: 8 }),
        fc.boolean(),
        cuts,
        async (pieces, starts, places) => {
          const text = `${starts ? "HTTP/1.1 200 OK\r\n" : ""}${pieces.join("")}`;
          await exchange(cut(text, places), true);
        },
      ),
      { numRuns: 600 },
    );
  });
});

describe("a connection", () => {
  const open = () => {
    const freed: (number | null)[] = [];
    const connection = new Connection((_connection, keepAliveMs) => freed.push(keepAliveMs));
    const socket = new FakeSocket(connection);
    connection.attach(socket);
    return { connection, socket, freed };
  };
  const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

  test("is not free while some of the request has not left", async () => {
    const { connection, socket, freed } = open();
    socket.flushed = false;
    const sent = carried(connection);
    socket.says(OK);
    expect((await sent).status).toBe(200);
    expect(freed).toEqual([]);
    expect(socket.destroyed).toBe(true);
  });

  test("is not paused for an answer that is here, whoever reads it when", async () => {
    const { connection, socket, freed } = open();
    const sent = carried(connection);
    const body = "x".repeat(600_000);
    socket.says(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(1)}`);
    expect(socket.paused).toBe(true);
    socket.says("x");
    expect(socket.paused).toBe(false);
    expect(freed).toEqual([null]);
    expect(Buffer.from(await (await sent).whole(1e6)).toString()).toBe(body);
  });

  test("is paused while too much waits and goes on when half of it was read", async () => {
    const { connection, socket } = open();
    const sent = carried(connection);
    socket.says(`HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n`);
    for (let i = 0; i < 5; i++) socket.says("x".repeat(60_000));
    expect(socket.paused).toBe(true);
    const answer = await sent;
    for (let i = 0; i < 2; i++) await answer.read();
    expect(socket.paused).toBe(true);
    await answer.read();
    expect(socket.paused).toBe(false);
  });

  test("an exchange that is over ends nothing by being given up", async () => {
    const { connection, socket } = open();
    const first = new Waiting();
    connection.carry("", first);
    const sent = first.answer;
    socket.says(OK);
    const answer = await sent;
    const next = carried(connection);
    connection.abandon(first, new HttpError("ECANCELED", "late"));
    await answer.cancel();
    expect(socket.destroyed).toBe(false);
    socket.says(OK);
    expect((await next).status).toBe(200);
  });

  test("one that is closed carries nothing", async () => {
    const { connection, socket } = open();
    connection.drop();
    expect(await carried(connection).catch((thrown: unknown) => thrown)).toMatchObject({
      code: "ECONNRESET",
    });
    expect(socket.written).toEqual([]);
  });
});
