/** TLS under both drivers: a key goes to nobody whose certificate is not trusted, in date and of the host that was called. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { okay } from "./calls-contract.ts";
import { FETCH, HTTP1, send, thrownBy, within } from "./driver.ts";
import { openRawServer, type RawServer } from "./raw-server.ts";

const CHILD = new URL("./tls-child.ts", import.meta.url).pathname;
const CERTIFICATES = join(import.meta.dir, "..", "..", "fixtures", "tls");
const NAMES = ["localhost", "address", "other", "expired", "self-signed"] as const;
type Name = (typeof NAMES)[number];

/** Certificate, host that is called, and the code of the refusal; null: it is good. */
const CASES: readonly (readonly [Name, string, string | null])[] = [
  ["localhost", "localhost", null],
  ["address", "127.0.0.1", null],
  ["localhost", "127.0.0.1", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["address", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["other", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["other", "127.0.0.1", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["expired", "localhost", "CERT_HAS_EXPIRED"],
  ["expired", "127.0.0.1", "CERT_HAS_EXPIRED"],
  ["self-signed", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT"],
];

const servers = new Map<Name, RawServer>();
beforeAll(async () => {
  for (const name of NAMES) {
    const read = (file: string) => readFileSync(join(CERTIFICATES, file), "utf8");
    const certificate = { cert: read(`${name}.pem`), key: read(`${name}.key.pem`) };
    const server = await openRawServer(
      async (peer) => {
        const { body } = await peer.request();
        peer.write(okay(`${body.length}`));
      },
      { certificate },
    );
    servers.set(name, server);
  }
});
afterAll(async () => {
  for (const server of servers.values()) await server.close();
});

async function call(driver: string, host: string, port: number, trusted: boolean): Promise<unknown> {
  const { NODE_EXTRA_CA_CERTS: _none, ...env } = process.env;
  const child = Bun.spawn([process.execPath, CHILD, driver, host, String(port)], {
    env: trusted ? { ...env, NODE_EXTRA_CA_CERTS: join(CERTIFICATES, "ca.pem") } : env,
    stdout: "pipe",
  });
  return JSON.parse(await new Response(child.stdout).text());
}

function receivedBy(server: RawServer): number {
  return server.peers.reduce((sum, peer) => sum + peer.received, 0);
}

describe.each([HTTP1, FETCH])("$name: TLS", ({ name: driver }) => {
  test.each(CASES)("a certificate that is %s, at %s", async (name, host, refusal) => {
    const server = servers.get(name);
    if (!server) throw new Error("no server");
    const before = receivedBy(server);
    const told = await call(driver, host, server.port, true);
    if (refusal === null) expect(told).toBe("1000000");
    else {
      expect(told).toMatchObject({ kind: "outage", cause: { code: refusal } });
      expect(receivedBy(server)).toBe(before);
    }
  });

  test("an authority that the process does not know", async () => {
    const server = servers.get("localhost");
    if (!server) throw new Error("no server");
    const before = receivedBy(server);
    expect(await call(driver, "localhost", server.port, false)).toMatchObject({
      cause: { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
    });
    expect(receivedBy(server)).toBe(before);
  });
});

describe("http1: a handshake that does not end", () => {
  // The runtime's client has no limit of its own: `limitsConnect` says so, and connect-check.ts asks in its place.
  test("is given up at the connect limit, and its connection closed", async () => {
    const server = await openRawServer(() => {});
    const transport = HTTP1.open();
    const thrown = await thrownBy(send(transport, server.port, { scheme: "https", connectMs: 100 }));
    expect(thrown).toMatchObject({ code: "ETIMEDOUT" });
    const [peer] = server.peers;
    if (peer) await within(1000, "the close", peer.closed);
    expect(server.peers).toHaveLength(1);
    transport.close();
    await server.close();
  });

  test("nor does one with a server that speaks no TLS", async () => {
    const server = await openRawServer((peer) => peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const transport = HTTP1.open();
    expect(await thrownBy(send(transport, server.port, { scheme: "https" }))).toMatchObject({
      code: "EPROTO",
    });
    transport.close();
    await server.close();
  });
});
