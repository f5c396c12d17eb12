import { describe, expect, test } from "bun:test";
import type { Connection } from "./connection.ts";
import { runOpenRound } from "./open-loop.ts";

const STALL_MS = 60;

/** Time that moves by a tenth of a millisecond whenever it is read, and a server that lives in it. */
function world() {
  let time = 0;
  let served = 0;
  let waiting: (() => void) | null = null;
  const now = () => {
    time += 0.1;
    const answer = waiting;
    // The first answer stalls; the others come with the next look at the clock.
    if (answer !== null && (served > 0 || time > STALL_MS)) {
      waiting = null;
      answer();
    }
    return time;
  };
  const connection: Connection = {
    isOpen: () => true,
    send(_, onResponse) {
      waiting = () => {
        const status = served++ % 10 === 9 ? 503 : 200;
        onResponse({ status, body: "answer" });
      };
    },
    close() {},
  };
  return { now, connection };
}

describe("runOpenRound", () => {
  test("a stall is counted in every request that it delayed", async () => {
    const { now, connection } = world();
    const round = await runOpenRound([connection], new Uint8Array(), 1000, 0.05, now);
    expect(round.requests).toBe(50);
    // The last request was due 6 ms before the stall ended; without coordinated omission none is below that.
    expect(round.p50).toBeGreaterThan(6);
    expect(round.p99).toBeGreaterThan(50);
  });

  test("errors are counted, with the first of them", async () => {
    const { now, connection } = world();
    const round = await runOpenRound([connection], new Uint8Array(), 1000, 0.05, now);
    expect(round).toMatchObject({ errors: 5, firstError: "status 503: answer" });
  });

  test("requests that are never answered are errors", async () => {
    const { now } = world();
    const deaf: Connection = { isOpen: () => true, send() {}, close() {} };
    const round = await runOpenRound([deaf], new Uint8Array(), 1000, 0.01, now);
    expect(round).toMatchObject({ requests: 10, errors: 10, firstError: "no answer in time" });
  });

  test("a connection that the server has closed is left out", async () => {
    const { now, connection } = world();
    const closed: Connection = { isOpen: () => false, send() {}, close() {} };
    const round = await runOpenRound([closed, connection], new Uint8Array(), 1000, 0.005, now);
    expect(round).toMatchObject({ requests: 5, errors: 0 });
  });
});
