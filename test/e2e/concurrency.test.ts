/** Many at once, slow ones, and callers who leave: places are given back and providers are let go. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Decision } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, eventually, KEY, listDecisions, type RunningGateway, startGateway } from "./harness.ts";
import { KEYS, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { parsePrometheus, sumOf } from "./prometheus-text.ts";
import { sendRaw } from "./raw-http.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

/** More than twice what the runtime allows by default. */
const MANY = 600;
const AT_ONCE = 500;

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  const patient = testPolicy({ firstToken: "30s", idle: "30s", total: "60s", deadline: "60s" });
  gateway = await startGateway({
    policy: withUpstream(patient, upstream.baseUrl),
    env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
  });
});
afterAll(() => upstream.stop());
afterEach(() => upstream.behave({}));

function bodyOf(stream: boolean): string {
  return JSON.stringify({ model: "recorded-chat", stream, messages: [{ role: "user", content: "Hi" }] });
}

/** By hand: the test's own `fetch` has the limit that the gateway must not have. */
function askRaw(stream: boolean) {
  const body = bodyOf(stream);
  const head = ["POST /v1/chat/completions HTTP/1.1", "host: localhost", `authorization: Bearer ${KEY}`];
  return sendRaw(gateway.url, [`${[...head, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`]);
}

async function inFlight(): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return sumOf(parsePrometheus(text), "pointsman_in_flight_requests");
}

function recordOf(requestId: string): Promise<Decision> {
  return eventually(async () => {
    const page = await listDecisions(gateway, "limit=20");
    return page.decisions.find((decision) => decision.requestId === requestId);
  });
}

test.each([false, true])(`${MANY} slow calls are under way at once (stream: %p)`, async (stream) => {
  upstream.behave({ delayMs: 1_500 });
  const responses = await Promise.all(Array.from({ length: MANY }, () => askRaw(stream)));
  for (const response of responses) {
    expect(response?.status).toBe(200);
    expect(response?.body).toContain("Recorded.");
    if (stream) expect(response?.body).toEndWith("data: [DONE]\n\n");
  }
  expect(upstream.mostOpen).toBeGreaterThanOrEqual(AT_ONCE);
  await eventually(async () => (await inFlight()) === 0);
});

describe("a caller who leaves", () => {
  /** The time the upstream call went on after the caller had left. */
  async function letGoAfter(call: number, leftAt: number): Promise<number> {
    await eventually(async () => upstream.calls[call]?.closedAt !== null);
    return (upstream.calls[call]?.closedAt ?? Number.POSITIVE_INFINITY) - leftAt;
  }

  test.each([
    ["before a whole answer", false],
    ["before the first token", true],
  ])("%s: the provider is let go within a second, and the record says cancelled", async (name, stream) => {
    upstream.behave({ delayMs: 20_000 });
    const requestId = `left-${name.replaceAll(" ", "-")}`;
    const leaving = new AbortController();
    const call = upstream.calls.length;
    const asked = chat(
      gateway,
      { model: "recorded-chat", stream },
      { signal: leaving.signal, headers: { "x-request-id": requestId } },
    );
    await eventually(async () => upstream.calls.length > call);
    const leftAt = performance.now();
    leaving.abort();
    expect(
      await asked.then(
        () => "answered",
        () => "aborted",
      ),
    ).toBe("aborted");
    expect(await letGoAfter(call, leftAt)).toBeLessThan(1_000);
    const decision = await recordOf(requestId);
    expect(decision).toMatchObject({
      outcome: "cancelled",
      fault: { kind: "cancelled", code: "caller_left" },
    });
    expect(decision.attempts).toMatchObject([
      { deployment: "recorded-here", result: "fault", fault: { kind: "cancelled" } },
    ]);
    // Nobody's fault: the circuit has learnt nothing.
    expect(await admin(gateway, "/admin/health")).toMatchObject({
      deployments: expect.arrayContaining([
        expect.objectContaining({ deployment: "recorded-here", state: "closed", failures: 0, inFlight: 0 }),
      ]),
    });
  });

  test("midway: the provider is let go within a second, and what was used is on record", async () => {
    upstream.behave({ forever: true });
    const leaving = new AbortController();
    const call = upstream.calls.length;
    const response = await chat(
      gateway,
      { model: "recorded-chat", stream: true },
      { signal: leaving.signal, headers: { "x-request-id": "left-midway" } },
    );
    const reader = response.body?.getReader();
    for (let i = 0; i < 3; i++) await reader?.read();
    const leftAt = performance.now();
    leaving.abort();
    expect(await letGoAfter(call, leftAt)).toBeLessThan(1_000);
    const decision = await recordOf("left-midway");
    expect(decision).toMatchObject({
      outcome: "cancelled",
      rung: "primary",
      finish: null,
      fault: { code: "caller_left" },
    });
    expect(decision.usage.inputTokens).toBeGreaterThan(0);
    expect(decision.usage.outputTokens).toBeGreaterThan(0);
    expect(gateway.errors()).not.toContain("internal_error");
  });

  test("gives back its place: one request at a time means one at a time", async () => {
    upstream.behave({ delayMs: 20_000 });
    const headers = { authorization: `Bearer ${KEYS.narrow}` };
    const leaving = new AbortController();
    const call = upstream.calls.length;
    const first = chat(gateway, { model: "recorded-chat" }, { headers, signal: leaving.signal }).catch(
      () => null,
    );
    await eventually(async () => upstream.calls.length > call);
    const second = await chat(gateway, { model: "recorded-chat" }, { headers });
    expect(second.status).toBe(429);
    expect(second.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    leaving.abort();
    await first;
    upstream.behave({});
    await eventually(
      async () => (await chat(gateway, { model: "recorded-chat" }, { headers })).status === 200,
      2_000,
    );
  });

  test("a hundred of them leave nothing behind", async () => {
    upstream.behave({ forever: true });
    const leaving = new AbortController();
    const responses = await Promise.all(
      Array.from({ length: 100 }, () =>
        chat(gateway, { model: "recorded-chat", stream: true }, { signal: leaving.signal }),
      ),
    );
    expect(responses.every((response) => response.status === 200)).toBe(true);
    expect(await inFlight()).toBe(100);
    leaving.abort();
    await eventually(async () => (await inFlight()) === 0, 3_000);
    await eventually(async () => upstream.open === 0, 3_000);
  });

  test("a thousand over real sockets, in four waves: each is on record, and nothing is held for them", async () => {
    const metrics = async () => parsePrometheus(await (await fetch(`${gateway.url}/metrics`)).text());
    const cancelled = async () =>
      sumOf(await metrics(), "pointsman_requests_total", { use_case: "recorded-chat", outcome: "cancelled" });
    const before = await cancelled();
    for (const [stream, midway] of [
      [false, false],
      [true, false],
      [true, true],
      [true, true],
    ] as const) {
      upstream.behave(midway ? { forever: true } : { delayMs: 20_000 });
      const leaving = new AbortController();
      const asked = Array.from({ length: 250 }, () =>
        chat(gateway, { model: "recorded-chat", stream }, { signal: leaving.signal }).catch(() => null),
      );
      if (midway) for (const response of await Promise.all(asked)) await response?.body?.getReader().read();
      else await eventually(async () => upstream.open === asked.length);
      leaving.abort();
      await Promise.all(asked);
      await eventually(async () => upstream.open === 0, 5_000);
    }
    await eventually(async () => (await cancelled()) - before === 1000, 5_000);
    const after = await metrics();
    expect(sumOf(after, "pointsman_in_flight_requests")).toBe(0);
    expect(sumOf(after, "pointsman_deployment_in_flight")).toBe(0);
  });
});
