/** When a connection may carry another call, and that no call ever gets what belongs to another one. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { networkFault } from "../../../src/providers/network-fault.ts";
import type { Transport } from "../../../src/providers/transport.ts";
import { chunk, okay } from "./calls-contract.ts";
import { ask, type Driver, send, textOf, thrownBy, within } from "./driver.ts";
import { openRawServer, type Peer, type RawServer } from "./raw-server.ts";

const OK = "HTTP/1.1 200 OK\r\n";

/** Answers after which the connection is of no use, though the answer itself is good. */
const LAST: Readonly<Record<string, string>> = {
  "says close": okay("mine", "connection: close\r\n"),
  "says close among others": okay("mine", "connection: keep-alive\r\nConnection: TE, Close\r\n"),
  "is of HTTP/1.0": "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nmine",
  "is of HTTP/1.0, in chunks": `HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n${chunk("mine")}0\r\n\r\n`,
  "is kept for no longer than a second": okay("mine", "keep-alive: timeout=1, max=5\r\n"),
  "is followed by another": okay("mine") + okay("not yours"),
  "is followed by an empty line": `${okay("mine")}\r\n`,
  "is followed by another, in chunks": `${OK}transfer-encoding: chunked\r\n\r\n${chunk("mine")}0\r\n\r\n${okay("not yours")}`,
};

export function reuseContract(driver: Driver): void {
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
  /** Answers every request with its own body. */
  const echo = async (peer: Peer): Promise<void> => {
    for (;;) peer.write(okay((await peer.request()).body));
  };
  /** Which connections the runtime's client keeps, and when it tries again, is its own affair. */
  const isOurs = driver.name === "http1";
  const ours = isOurs ? test : test.skip;

  describe(`${driver.name}: connections`, () => {
    test("are shared by calls that follow one another", async () => {
      const port = await serve(echo);
      for (const body of ["1", "2", "3"]) expect(await ask(transport, port, { body })).toBe(body);
      expect(server?.peers).toHaveLength(1);
    });

    test("are not shared by calls at the same time, and each gets its own answer", async () => {
      const port = await serve(async (peer) => {
        for (;;) {
          const { body } = await peer.request();
          await Bun.sleep(Number(body) % 7);
          peer.write(okay(body));
        }
      });
      for (let round = 0; round < 5; round++) {
        const bodies = Array.from({ length: 40 }, (_, n) => String(round * 100 + n));
        expect(await Promise.all(bodies.map((body) => ask(transport, port, { body })))).toEqual(bodies);
      }
      // The runtime's client may be answered before its last call has connected, or connect anew.
      if (isOurs) expect(server?.peers).toHaveLength(40);
    });

    for (const [name, bytes] of Object.entries(LAST)) {
      ours(`are not used again after an answer that ${name}`, async () => {
        const port = await serve(async (peer) => {
          await peer.request();
          peer.write(peer.number === 1 ? bytes : okay("yours"));
        });
        expect(await ask(transport, port)).toBe("mine");
        expect(await ask(transport, port)).toBe("yours");
        expect(server?.peers).toHaveLength(2);
        const [first] = server?.peers ?? [];
        if (first) await within(1000, "the close", first.closed);
      });
    }

    ours("are not used again after a body that cannot be", async () => {
      const port = await serve(async (peer) => {
        await peer.request();
        peer.write(
          peer.number === 1 ? "HTTP/1.1 204 No Content\r\ncontent-length: 9\r\n\r\n" : okay("yours"),
        );
      });
      expect(await ask(transport, port)).toBe("");
      expect(await ask(transport, port)).toBe("yours");
      expect(server?.peers).toHaveLength(2);
    });

    ours("are dropped when the server speaks without being asked", async () => {
      const port = await serve(async (peer) => {
        await peer.request();
        peer.write(okay("mine"));
        if (peer.number > 1) return;
        await Bun.sleep(30);
        peer.write(okay("not yours"));
      });
      expect(await ask(transport, port)).toBe("mine");
      const [first] = server?.peers ?? [];
      if (first) await within(1000, "the close", first.closed);
      expect(await ask(transport, port)).toBe("mine");
      expect(server?.peers).toHaveLength(2);
    });

    ours("are dropped when the answer came before all of the request had left", async () => {
      const port = await serve(async (peer) => {
        if (peer.number > 1) return echo(peer);
        peer.pause();
        peer.write(okay("early"));
      });
      const early = await within(
        2000,
        "the answer",
        ask(transport, port, { body: "x".repeat(16 * 1024 * 1024) }),
      );
      expect(early).toBe("early");
      expect(await within(2000, "the next", ask(transport, port, { body: "next" }))).toBe("next");
      expect(server?.peers).toHaveLength(2);
    });

    ours("go on after an answer that waits for its reader", async () => {
      const large = "x".repeat(700_000);
      const port = await serve(async (peer) => {
        for (;;) {
          await peer.request();
          peer.write(okay(large));
        }
      });
      // Nobody reads them before the next call is made, or ever.
      for (let i = 0; i < 5; i++) {
        await within(2000, "the head", send(transport, port));
        await Bun.sleep(20);
      }
      const last = await send(transport, port);
      expect((await within(2000, "the body", textOf(last))).length).toBe(large.length);
    });

    test("are not used again when an answer was given up in its middle", async () => {
      const port = await serve(async (peer) => {
        for (;;) {
          const { body } = await peer.request();
          if (body !== "half") peer.write(okay(body));
          else {
            peer.write(`${OK}content-length: 100\r\n\r\nhalf`);
            await Bun.sleep(30);
            peer.write(okay("not yours"));
          }
        }
      });
      const half = await send(transport, port, { body: "half" });
      await half.read();
      await half.cancel();
      expect(await ask(transport, port, { body: "whole" })).toBe("whole");
      await Bun.sleep(50);
      expect(await ask(transport, port, { body: "again" })).toBe("again");
    });
  });

  describe(`${driver.name}: an idle connection that the server gave up`, () => {
    test("is not used", async () => {
      const port = await serve(async (peer) => {
        const { body } = await peer.request();
        peer.write(okay(body));
        peer.end();
      });
      for (const body of ["1", "2", "3"]) {
        expect(await ask(transport, port, { body })).toBe(body);
        await Bun.sleep(20);
      }
      expect(server?.peers).toHaveLength(3);
    });

    ours.each(["end", "reset"] as const)(
      "as the request was on its way costs another try (%s)",
      async (how) => {
        const port = await serve(async (peer) => {
          peer.write(okay((await peer.request()).body));
          await peer.request();
          peer[how]();
        });
        expect(await ask(transport, port, { body: "1" })).toBe("1");
        expect(await within(2000, "the answer", ask(transport, port, { body: "2" }))).toBe("2");
        expect(server?.peers).toHaveLength(2);
      },
    );

    ours("costs one other try and no more", async () => {
      let requests = 0;
      const port = await serve(async (peer) => {
        for (;;) {
          await peer.request();
          if (++requests === 1) peer.write(okay("mine"));
          else peer.reset();
        }
      });
      await ask(transport, port);
      expect(networkFault(await thrownBy(ask(transport, port))).code).toBe("connection_reset");
      await Bun.sleep(50);
      expect(requests).toBe(3);
    });

    ours("costs none where it had begun to answer", async () => {
      const port = await serve(async (peer) => {
        await peer.request();
        peer.write(okay("mine"));
        await peer.request();
        peer.write("HTTP/1.1 1");
        await Bun.sleep(20);
        peer.reset();
      });
      await ask(transport, port);
      expect(networkFault(await thrownBy(ask(transport, port))).code).toBe("connection_reset");
      expect(server?.peers).toHaveLength(1);
    });
  });

  describe(`${driver.name}: closing`, () => {
    ours("ends what is idle at once, and what is in use when it is over", async () => {
      const port = await serve(async (peer) => {
        const { body } = await peer.request();
        if (body === "slow") await Bun.sleep(100);
        peer.write(okay(body));
      });
      const slow = ask(transport, port, { body: "slow" });
      await ask(transport, port, { body: "quick" });
      transport.close();
      const quick = server?.peers[1];
      if (quick) await within(1000, "the close", quick.closed);
      expect(quick?.wasReset).toBe(false);
      expect(await slow).toBe("slow");
      for (const peer of server?.peers ?? []) await within(1000, "the close", peer.closed);
    });
  });
}
