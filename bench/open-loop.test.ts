import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Connection, openConnections, prepareRequest } from "./connection.ts";
import { runOpenRound } from "./open-loop.ts";

/** Answers the first request after 60 ms and the others at once; every tenth with an error. */
let served = 0;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch() {
    const number = served++;
    if (number === 0) await Bun.sleep(60);
    return new Response("answer", { status: number % 10 === 9 ? 503 : 200 });
  },
});
const port = Number(server.url.port);
let connections: Connection[] = [];

beforeAll(async () => {
  connections = await openConnections(port, 1);
});
afterAll(() => server.stop(true));

describe("runOpenRound", () => {
  test("a stall is counted in every request that it delayed, and errors with their first example", async () => {
    const request = prepareRequest(port, "/", {}, "{}");
    const round = await runOpenRound(connections, request, 1000, 0.05);
    expect(round.requests).toBe(50);
    expect(round.errors).toBe(5);
    expect(round.firstError).toBe("status 503: answer");
    // All 50 were due while the first one stalled: with coordinated omission the median would be near zero.
    expect(round.p50).toBeGreaterThan(20);
    expect(round.p99).toBeGreaterThan(round.p50);
  });
});
