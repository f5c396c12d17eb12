import { beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { Abortable, Ending, Transport } from "../transport.ts";
import { createFakeNetwork } from "./fake-socket.ts";
import { createHttp1Transport } from "./http1-transport.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const reset = () => Object.assign(new Error("reset"), { code: "ECONNRESET" });

class TestEnding implements Ending {
  readonly signal = new AbortController().signal;
  #call: Abortable | null = null;
  follow(call: Abortable): void {
    this.#call = call;
  }
  abort(): void {
    this.#call?.abort();
  }
}

let clock: FakeClock;
let network: ReturnType<typeof createFakeNetwork>;
let transport: Transport;
function start(connects = true): void {
  clock = new FakeClock();
  network = createFakeNetwork(connects);
  transport = createHttp1Transport({ clock, open: network.open });
}
beforeEach(() => start());

function send(ending: Ending = new TestEnding(), url = "http://a.test/v1") {
  const sent = transport.send({ url, headers: {}, body: "{}" }, 500, ending);
  sent.catch(() => {});
  return sent;
}
const socketOf = (n: number) => {
  const found = network.openings[n];
  if (!found) throw new Error(`no connection ${n}`);
  return found.socket;
};
/** A whole call over connection `n`, which then is idle. */
async function call(n: number, answer = OK, url?: string): Promise<void> {
  const sent = send(new TestEnding(), url);
  await clock.advance(0);
  socketOf(n).says(answer);
  await sent;
}

describe("connecting", () => {
  test("is given up at its limit, and no timer stays", async () => {
    start(false);
    const sent = send();
    await clock.advance(499);
    expect(network.openings[0]?.givenUp).toBe(false);
    await clock.advance(1);
    expect(await sent.catch((thrown: unknown) => thrown)).toMatchObject({ code: "ETIMEDOUT" });
    expect(network.openings[0]?.givenUp).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("is given up with its call", async () => {
    start(false);
    const ending = new TestEnding();
    const sent = send(ending);
    await clock.advance(10);
    ending.abort();
    expect(await sent.catch((thrown: unknown) => thrown)).toMatchObject({ code: "ECANCELED" });
    expect(network.openings[0]?.givenUp).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("that fails is told as it is, once", async () => {
    start(false);
    const sent = send();
    await clock.advance(0);
    network.openings[0]?.fails(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    expect(await sent.catch((thrown: unknown) => thrown)).toMatchObject({ code: "ENOTFOUND" });
    expect(network.openings).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("each origin has connections of its own", async () => {
    await call(0);
    await call(1, OK, "http://a.test:81/v1");
    await call(2, OK, "https://a.test/v1");
    await call(3, OK, "http://b.test/v1");
    await call(0, OK, "http://A.test:80/other");
    expect(network.openings.map(({ origin }) => origin)).toEqual([
      { secure: false, host: "a.test", port: 80 },
      { secure: false, host: "a.test", port: 81 },
      { secure: true, host: "a.test", port: 443 },
      { secure: false, host: "b.test", port: 80 },
    ]);
  });
});

describe("an idle connection", () => {
  test("is used until it is 45 seconds old, and dropped by the sweep", async () => {
    await call(0);
    await clock.advance(44_000);
    await call(0);
    expect(network.openings).toHaveLength(1);
    await clock.advance(51_000);
    expect(socketOf(0).destroyed).toBe(true);
    expect(clock.pending).toBe(0);
    await call(1);
  });

  test("is not used in the time between its end and the sweep", async () => {
    await call(0, OK.replace("content-length", "keep-alive: timeout=3\r\ncontent-length"));
    await clock.advance(2500);
    await call(1);
    expect(socketOf(0).destroyed).toBe(true);
  });

  test("is given up a second before the server does", async () => {
    await call(0, OK.replace("content-length", "keep-alive: timeout=3, max=9\r\ncontent-length"));
    await clock.advance(1900);
    await call(0);
    expect(network.openings).toHaveLength(1);
  });

  test("the last one that was used is used first", async () => {
    const both = [send(), send()];
    await clock.advance(0);
    socketOf(0).says(OK);
    socketOf(1).says(OK);
    await Promise.all(both);
    await call(1);
    await call(1);
    expect(network.openings).toHaveLength(2);
  });

  test("there are no more than 1024 for an origin", async () => {
    const all = Array.from({ length: 1030 }, () => send());
    await clock.advance(0);
    for (const { socket } of network.openings) socket.says(OK);
    await Promise.all(all);
    expect(network.openings.filter(({ socket }) => socket.destroyed)).toHaveLength(6);
  });

  test("that the server lost is made good once, at once only, and unread only", async () => {
    const again = async (afterMs: number, said: string): Promise<number> => {
      start();
      await call(0);
      const sent = send();
      await clock.advance(afterMs);
      if (said !== "") socketOf(0).says(said);
      socketOf(0).closes(reset());
      await clock.advance(0);
      network.openings[1]?.socket.closes(reset());
      expect(await sent.catch((thrown: unknown) => thrown)).toMatchObject({ code: "ECONNRESET" });
      return network.openings.length;
    };
    expect(await again(0, "")).toBe(2);
    expect(await again(900, "")).toBe(2);
    expect(await again(1100, "")).toBe(1);
    expect(await again(0, "H")).toBe(1);
  });

  test("that is lost to a call which was given up is not made good", async () => {
    await call(0);
    const ending = new TestEnding();
    const sent = send(ending);
    await clock.advance(0);
    ending.abort();
    expect(await sent.catch((thrown: unknown) => thrown)).toMatchObject({ code: "ECANCELED" });
    expect(network.openings).toHaveLength(1);
  });
});

test("closing leaves no timer and no idle connection, then or later", async () => {
  await call(0);
  const late = send();
  const other = send();
  await clock.advance(0);
  socketOf(1).says(OK);
  await other;
  transport.close();
  expect(socketOf(1).destroyed).toBe(true);
  expect(socketOf(0).destroyed).toBe(false);
  socketOf(0).says(OK);
  await late;
  expect(socketOf(0).destroyed).toBe(true);
  expect(clock.pending).toBe(0);
});
