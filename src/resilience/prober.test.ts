import { describe, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import { type FaultKind, fault } from "../core/faults.ts";
import type { ProbeSettings } from "../core/settings.ts";
import { byId, circuitSettings, deployment } from "./fake-plan.ts";
import { createHealth } from "./health.ts";
import { probeRequest } from "./probe-request.ts";
import { type ProbeCall, type ProbeResult, startProber } from "./prober.ts";

const a = deployment("a");
const always: ProbeSettings = { everyMs: 30_000, timeoutMs: 5000, when: "always", prompt: "ping" };
const whileOpen: ProbeSettings = { ...always, when: "open" };
const ANSWERED: ProbeResult = { fault: null, usage: null, cost: 3 };
const failed = (kind: FaultKind, retryAfterMs?: number): ProbeResult => ({
  fault: fault(kind, `${kind}_code`, "No.", retryAfterMs === undefined ? {} : { retryAfterMs }),
  usage: null,
  cost: null,
});

function setUp(settings: ProbeSettings, answer: (call: ProbeCall) => ProbeResult = () => ANSWERED) {
  const clock = new FakeClock();
  const health = createHealth(clock);
  const calls: { readonly at: number; readonly call: ProbeCall }[] = [];
  const told: (readonly [string, boolean, number | null])[] = [];
  const thrown: (readonly [string, unknown])[] = [];
  let probes = new Map([["a", settings]]);
  health.reconfigure(byId([a]), circuitSettings);
  const prober = startProber({
    clock,
    random: () => 0.5,
    health,
    snapshot: () => ({ deployments: new Map([["a", a]]), probes }),
    send(call) {
      calls.push({ at: clock.now(), call });
      return new Promise((resolve, reject) => {
        const timer = clock.after(200, () => {
          try {
            resolve(answer(call));
          } catch (error) {
            reject(error);
          }
        });
        call.signal.addEventListener("abort", () => {
          timer.cancel();
          reject(new Error("ended"));
        });
      });
    },
    onProbe: ({ id }, ok, { cost }) => told.push([id, ok, cost]),
    reportThrown: ({ id }, error) => {
      thrown.push([id, error]);
    },
  });
  const breakCircuit = () => {
    for (let count = 0; count < circuitSettings.consecutiveFailures; count++) {
      const permit = health.admit("a", clock.now());
      if (typeof permit !== "string") permit.settle("bad", clock.now());
    }
  };
  const change = (next: Map<string, ProbeSettings>) => {
    probes = next;
  };
  const row = () => health.report(clock.now())[0];
  return { clock, health, calls, told, thrown, prober, breakCircuit, change, row };
}

describe("a circuit that has opened", () => {
  test("is probed as soon as it may be, and closed again without a request", async () => {
    const { clock, calls, breakCircuit, row } = setUp(whileOpen);
    breakCircuit();
    await clock.advance(circuitSettings.openMs - 1);
    expect(calls).toHaveLength(0);
    await clock.advance(2000);
    expect(calls).toHaveLength(1);
    expect(row()).toMatchObject({
      state: "closed",
      inFlight: 0,
      firstTokenMs: 200,
      lastProbe: { ok: true, code: null, durationMs: 200 },
    });
  });

  test("is opened again by a probe that fails, and probed after the longer pause", async () => {
    const { clock, calls, breakCircuit, row } = setUp(whileOpen, () => failed("outage"));
    breakCircuit();
    await clock.advance(circuitSettings.openMs + 2000);
    expect(row()).toMatchObject({ state: "open", lastProbe: { ok: false, code: "outage_code" } });
    await clock.advance(2 * circuitSettings.openMs - 3000);
    expect(calls).toHaveLength(1);
    await clock.advance(5000);
    expect(calls).toHaveLength(2);
  });

  test("by an operator is left alone", async () => {
    const { clock, calls, health } = setUp(always);
    health.forceOpen("a", "ops");
    await clock.advance(300_000);
    expect(calls).toHaveLength(0);
  });
});

describe("a closed circuit", () => {
  test("is not probed under `open`", async () => {
    const { clock, calls } = setUp(whileOpen);
    await clock.advance(300_000);
    expect(calls).toHaveLength(0);
  });

  test("is probed under `always`, at the interval, while no request comes", async () => {
    const { clock, calls, health } = setUp(always);
    for (let second = 0; second < 120; second++) {
      const permit = health.admit("a", clock.now());
      if (typeof permit !== "string") permit.settle("good", clock.now(), 100);
      await clock.advance(1000);
    }
    expect(calls).toHaveLength(0);
    await clock.advance(100_000);
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(calls.length).toBeLessThanOrEqual(4);
  });

  test("opens when probes fail often enough", async () => {
    const { clock, row } = setUp({ ...always, everyMs: 2000 }, () => failed("timeout"));
    await clock.advance(15_000);
    expect(row()).toMatchObject({ state: "open", reason: "failures" });
  });

  test("a probe is no traffic: it does not put off the next one", async () => {
    const { clock, health } = setUp({ ...always, everyMs: 2000 });
    await clock.advance(20_000);
    expect(health.lastTrafficAt("a")).toBe(0);
  });
});

describe("what a probe brings", () => {
  test("throttling cools the quota and says nothing of the circuit", async () => {
    const { clock, row, calls } = setUp({ ...always, everyMs: 2000 }, () => failed("throttled", 60_000));
    await clock.advance(30_000);
    expect(calls).toHaveLength(1);
    expect(row()).toMatchObject({ state: "closed", calls: 0, inFlight: 0 });
    expect(row()?.cooldownUntil).not.toBeNull();
  });

  test("an answer without a word is an answer", async () => {
    const { clock, told, row } = setUp({ ...always, everyMs: 2000 }, () => failed("malformed"));
    await clock.advance(4000);
    expect(told[0]).toEqual(["a", true, null]);
    expect(row()).toMatchObject({ lastProbe: { ok: true, code: "malformed_code" } });
  });

  test("a refused credential is no failure of the deployment, and told", async () => {
    const { clock, told, row } = setUp({ ...always, everyMs: 2000 }, () => failed("provider_auth"));
    await clock.advance(30_000);
    expect(told[0]).toEqual(["a", false, null]);
    expect(row()).toMatchObject({ state: "closed", lastProbe: { ok: false, code: "provider_auth_code" } });
  });

  test("its cost is told with it", async () => {
    const { clock, told } = setUp({ ...always, everyMs: 2000 });
    await clock.advance(4000);
    expect(told[0]).toEqual(["a", true, 3]);
  });
});

test("a deployment that a new policy no longer probes is left alone", async () => {
  const { clock, calls, change } = setUp({ ...always, everyMs: 2000 });
  await clock.advance(4000);
  const before = calls.length;
  change(new Map());
  await clock.advance(60_000);
  expect(before).toBeGreaterThan(0);
  expect(calls).toHaveLength(before);
});

test("a probe that the gateway fails to make is reported, and nothing is learnt from it", async () => {
  const defect = new TypeError("no function");
  const { clock, told, thrown, row } = setUp({ ...always, everyMs: 4000 }, () => {
    throw defect;
  });
  await clock.advance(6000);
  expect(thrown).toEqual([["a", defect]]);
  expect(told).toEqual([]);
  expect(row()).toMatchObject({ state: "closed", calls: 0, inFlight: 0, lastProbe: null });
});

test("stop ends what is under way; nothing is left behind", async () => {
  const { clock, calls, thrown, prober, breakCircuit, row } = setUp(whileOpen);
  breakCircuit();
  while (calls.length === 0) await clock.advance(100);
  expect(row()?.inFlight).toBe(1);
  await prober.stop();
  expect(row()?.inFlight).toBe(0);
  expect(thrown).toEqual([]);
  expect(clock.pending).toBe(0);
});

describe("the request of a probe", () => {
  test("asks for one token, or the fewest that the API takes", () => {
    expect(probeRequest(a, "ping")).toMatchObject({
      operation: "chat",
      messages: [{ role: "user", content: [{ type: "text", text: "ping" }] }],
      sampling: { maxTokens: 1 },
      stream: false,
    });
    const responses = deployment("r", { wire: "openai-responses" });
    expect(probeRequest(responses, "ping").sampling.maxTokens).toBe(16);
  });

  test("asks an embedding model for a vector", () => {
    const model = { ...a.model, capabilities: new Set(["embeddings"] as const) };
    const embeds = deployment("e", { model, embeddingWire: "openai-embeddings" });
    expect(probeRequest({ ...embeds, model }, "ping")).toMatchObject({
      operation: "embed",
      embedding: { inputs: ["ping"] },
      messages: [],
    });
  });
});
