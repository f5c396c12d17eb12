/** The end of the process, in order and by force: what was promised is kept, what was acknowledged is there. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Decision } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  chat,
  eventually,
  KEY,
  listDecisions,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { testPolicy } from "./policies.ts";
import { sendRaw } from "./raw-http.ts";

endToEnd();

const PATIENT = testPolicy({ firstToken: "20s", idle: "20s", total: "60s", deadline: "90s" });
const STREAMS = 200;

/** An answer of some 50 tokens: about two seconds, after one of silence. */
const SLOW = "version: 1\ndefaults: { first_token: 1s, tokens_per_second: 25 }\n";
const READY = "GET /readyz HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";
/** Minutes. */
const ENDLESS = "version: 1\ndefaults: { tokens_per_second: 0.5 }\n";

const BY_DRAIN = { kind: "cancelled", code: "drained" };
/** The record of a request whose one call the gateway cut. */
const DRAINED = { outcome: "cancelled", fault: BY_DRAIN, attempts: [{ result: "fault", fault: BY_DRAIN }] };

const started: RunningGateway[] = [];

async function start(options: Parameters<typeof startGateway>[0]): Promise<RunningGateway> {
  const gateway = await startGateway(options);
  started.push(gateway);
  return gateway;
}

afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.stop();
});

function openStreams(gateway: RunningGateway, count: number): Promise<readonly Response[]> {
  return Promise.all(Array.from({ length: count }, () => chat(gateway, { stream: true })));
}

async function allDecisions(gateway: RunningGateway): Promise<ReadonlyMap<string, Decision>> {
  const found = new Map<string, Decision>();
  let cursor: string | null = "";
  while (cursor !== null) {
    const before: string = cursor === "" ? "" : `&before=${cursor}`;
    const page = await listDecisions(gateway, `limit=500${before}`);
    for (const decision of page.decisions) found.set(decision.id, decision);
    cursor = page.cursor;
  }
  return found;
}

function idOf(response: Response): string {
  return response.headers.get("x-pointsman-decision") ?? "";
}

/** Null once nobody listens. */
async function probe(gateway: RunningGateway, path: string): Promise<number | null> {
  try {
    const response = await fetch(`${gateway.url}${path}`, { headers: { connection: "close" } });
    await response.text();
    return response.status;
  } catch {
    return null;
  }
}

/** A connection that is certainly a new one is refused. */
function refusesConnections(gateway: RunningGateway): Promise<boolean> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve) => {
    Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          socket.end();
          resolve(false);
        },
        data() {},
        connectError: () => resolve(true),
      },
    }).catch(() => resolve(true));
  });
}

describe("SIGTERM", () => {
  test(`with ${STREAMS} open streams: none is cut, new connections are refused, no record is lost`, async () => {
    const gateway = await start({ policy: PATIENT, scenario: SLOW });
    expect(await probe(gateway, "/healthz")).toBe(200);
    expect(await probe(gateway, "/readyz")).toBe(200);
    const responses = await openStreams(gateway, STREAMS);
    const reading = responses.map(readStream);
    gateway.signal("SIGTERM");
    await eventually(() => refusesConnections(gateway));
    expect([503, null]).toContain(await probe(gateway, "/readyz"));

    const streams = await Promise.all(reading);
    expect(streams.filter((stream) => stream.done && stream.error === null && !stream.broken)).toHaveLength(
      STREAMS,
    );
    for (const { chunks } of streams) {
      expect(chunks.some((chunk) => chunk.choices?.[0]?.finish_reason === "stop")).toBe(true);
    }
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    expect(gateway.errors()).toContain('"event":"stopped"');

    const { directory } = gateway;
    const next = await start({ policy: null, directory });
    const decisions = await allDecisions(next);
    for (const response of responses) {
      expect(decisions.get(idOf(response))).toMatchObject({
        outcome: "answered",
        stream: true,
        finish: { unified: "stop" },
      });
    }
  });

  test("as a terminal sends Ctrl-C, to the launcher and the gateway at once: it counts once", async () => {
    const gateway = await start({ policy: PATIENT, scenario: SLOW });
    const reading = (await openStreams(gateway, 3)).map(readStream);
    process.kill(-(gateway.process.pid ?? Number.NaN), "SIGINT");
    for (const stream of await Promise.all(reading))
      expect(stream).toMatchObject({ done: true, broken: false });
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
  });

  test("whole answers under way are given too", async () => {
    const gateway = await start({ policy: PATIENT, scenario: SLOW });
    const asked = Array.from({ length: 20 }, () => chat(gateway, {}));
    await eventually(async () => (await metric(gateway, "pointsman_in_flight_requests")) === 20);
    gateway.signal("SIGTERM");
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    }
    expect((await gateway.exited()).code).toBe(0);
  });

  test("idle keep-alive connections do not hold it up", async () => {
    const gateway = await start({ policy: PATIENT, scenario: "version: 1\n" });
    for (const response of await Promise.all(Array.from({ length: 10 }, () => chat(gateway, {}))))
      await response.text();
    const before = performance.now();
    gateway.signal("SIGTERM");
    expect((await gateway.exited()).code).toBe(0);
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  test("a second one ends it at once", async () => {
    const gateway = await start({ policy: PATIENT, scenario: ENDLESS });
    const reading = (await openStreams(gateway, 5)).map(readStream);
    gateway.signal("SIGTERM");
    await eventually(async () => gateway.errors().includes('"event":"draining"'));
    // Longer than the window in which one signal may come by two ways.
    await Bun.sleep(500);
    const before = performance.now();
    gateway.signal("SIGTERM");
    expect((await gateway.exited()).code).toBe(130);
    expect(performance.now() - before).toBeLessThan(2_000);
    for (const stream of await Promise.all(reading)) expect(stream.done).toBe(false);
  });

  test("in the grace time after SIGTERM new connections are served, and told that it is not ready", async () => {
    const gateway = await start({ policy: PATIENT, scenario: SLOW, args: ["--grace", "1s"] });
    gateway.signal("SIGTERM");
    // By hand, a connection each: a pool would hand out connections that earlier servers on this port left.
    await eventually(async () => (await sendRaw(gateway.url, [READY]))?.status === 503);
    const body = '{"model":"support-chat","messages":[{"role":"user","content":"Hi"}]}';
    const served = await sendRaw(gateway.url, [
      `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${KEY}\r\n`,
      `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    ]);
    expect(served?.status).toBe(200);
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
  });

  test("past the drain limit what is left is cut, recorded as such, and the exit code says so", async () => {
    const gateway = await start({ policy: PATIENT, scenario: ENDLESS, args: ["--drain", "300ms"] });
    const responses = await openStreams(gateway, 5);
    const reading = responses.map(readStream);
    gateway.signal("SIGTERM");
    expect((await gateway.exited()).code).toBe(1);
    for (const stream of await Promise.all(reading)) expect(stream.done).toBe(false);
    expect(gateway.errors()).toContain("drain_limit_reached");
    const next = await start({ policy: null, directory: gateway.directory });
    const decisions = await allDecisions(next);
    for (const response of responses) {
      expect(decisions.get(idOf(response))).toMatchObject({ ...DRAINED, stream: true });
    }
  });

  test("whole answers past the drain limit are on record with the calls that were made", async () => {
    const gateway = await start({ policy: PATIENT, scenario: ENDLESS, args: ["--drain", "300ms"] });
    const asked = Array.from({ length: 4 }, () => chat(gateway, {}).catch(() => null));
    await eventually(async () => (await metric(gateway, "pointsman_in_flight_requests")) === 4);
    gateway.signal("SIGTERM");
    expect((await gateway.exited()).code).toBe(1);
    await Promise.all(asked);
    const next = await start({ policy: null, directory: gateway.directory });
    const decisions = [...(await allDecisions(next)).values()];
    expect(decisions).toHaveLength(4);
    for (const decision of decisions) expect(decision).toMatchObject({ ...DRAINED, stream: false });
  });
});

describe("kill -9", () => {
  test("under load: the database opens and every record that was ever shown is there", async () => {
    const gateway = await start({ policy: PATIENT, scenario: "version: 1\n" });
    const shown = new Set<string>();
    let running = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (running)
        await chat(gateway, {}).then(
          (response) => response.text(),
          () => null,
        );
    });
    const readers = Array.from({ length: 2 }, async () => {
      while (running) {
        const page = await listDecisions(gateway, "limit=200").catch(() => null);
        for (const { id } of page?.decisions ?? []) shown.add(id);
      }
    });
    await eventually(async () => shown.size > 500, 15_000);
    gateway.crash();
    await gateway.exited();
    running = false;
    await Promise.all([...callers, ...readers]);
    const next = await start({ policy: null, scenario: "version: 1\n", directory: gateway.directory });
    const decisions = await allDecisions(next);
    expect([...shown].filter((id) => !decisions.has(id))).toEqual([]);
    expect((await chat(next, {})).status).toBe(200);
  });

  test("the launcher ends with the gateway", async () => {
    const gateway = await start({ policy: PATIENT, scenario: "version: 1\n" });
    gateway.crash();
    expect(await gateway.exited()).toEqual({ code: null, signal: "SIGKILL" });
  });
});

async function metric(gateway: RunningGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}
